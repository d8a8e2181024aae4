"""Starts a program detached from the command, as a user that the program accepts.

Run as a program of its own (``python -I -S launch.py SPEC``), on the standard library alone, so
that forking and changing the user happen in a process with one thread. SPEC is a JSON list:

    identity   "same"; "namespace": an ordinary user inside a user namespace, for root;
               or a number: that user, with the right to pass through folders of others
    folder     the working folder
    log        a file that takes both outputs of a detached program; "" runs it in the
               foreground, with input and outputs as they are
    argv       the program, by its path, and its arguments

Prints the pid of a detached program once it runs. Ends with 1 and a reason on stderr when it
cannot be run. The environment is handed on as it is.
"""

from __future__ import annotations

import json
import os
import sys

_CLONE_NEWUSER = 0x10000000
_INSIDE = 1000
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


def main(text: str) -> int:
    identity, folder, log, argv = json.loads(text)
    if log:
        return _detach(identity, folder, log, argv)
    try:
        _run(identity, folder, argv)
    except OSError as error:
        _say(sys.stderr.fileno(), str(error))
    return 1


def _detach(identity: str | int, folder: str, log: str, argv: list[str]) -> int:
    # The pipe closes when the program runs (exec), or after the reason why it does not.
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            os.setsid()
            _outputs_to(log)
            _run(identity, folder, argv)
        except OSError as error:
            _say(writer, str(error))
        os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        reason = pipe.read()
    if reason:
        os.waitpid(pid, 0)
        os.write(sys.stderr.fileno(), reason)
        return 1
    _say(sys.stdout.fileno(), str(pid))
    return 0


def _say(descriptor: int, text: str) -> None:
    os.write(descriptor, f"{text}\n".encode())


def _outputs_to(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _run(identity: str | int, folder: str, argv: list[str]) -> None:
    os.umask(0o077)
    if identity == "namespace":
        _enter_namespace()
    elif identity != "same":
        _become(int(identity))
    os.chdir(folder)
    os.execve(argv[0], argv, os.environ)


def _enter_namespace() -> None:
    """Map the present user to an ordinary number: user_namespaces(7)."""
    outside_user, outside_group = os.geteuid(), os.getegid()
    _libc("unshare", _CLONE_NEWUSER)
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{_INSIDE} {outside_user} 1"),
        ("gid_map", f"{_INSIDE} {outside_group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  no pathlib: start fast
            file.write(line)


def _become(user: int) -> None:
    """Give up root for ``user`` but keep, where there is one, the right to pass through folders.

    The data lies below a folder that only root may enter: capabilities(7), ambient set.
    """
    if sys.platform == "linux":
        _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    if sys.platform == "linux":
        _keep_only(1 << _CAP_DAC_OVERRIDE)
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE)


def _keep_only(capabilities: int) -> None:
    import ctypes

    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # Twice effective, permitted, inheritable: the low words and the high ones.
    sets = (ctypes.c_uint32 * 6)(capabilities, capabilities, capabilities, 0, 0, 0)
    _libc("capset", ctypes.byref(header), ctypes.byref(sets))


def _prctl(option: int, first: int, second: int = 0) -> None:
    _libc("prctl", option, *(_long(number) for number in (first, second, 0, 0)))


def _long(number: int) -> object:
    import ctypes

    return ctypes.c_ulong(number)


def _libc(function: str, *arguments: object) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Where the command line starts: help and version; everything else is lazy.

``encore-infra --help`` is imported and run in the time of a bare Python, so this module imports
``sys`` and the table of commands alone. The module of a command is loaded by ``session``.
"""

from __future__ import annotations

import sys

from encore_provisioner.cli.surface import COMMANDS, INTERRUPTED, OK, WRONG_USAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_INTRODUCTION = """\
usage: {prog} COMMAND [APP_DIR] [OPTIONS]

Reads the source of an Encore app, creates the infrastructure that it declares, and writes
the runtime config that binds it. APP_DIR is the app's folder; without it, the nearest folder
upwards that holds encore.app.

commands:
{commands}

options:
  -h, --help  show this help; `{prog} COMMAND --help` shows a command's options
  --version   show the version

exit codes: 0 done, 1 failed, refused or declined, 2 changes (plan --detailed-exitcode),
64 wrong usage, 130 interrupted
"""


def main(argv: list[str] | None = None, prog: str = "encore-infra") -> int:
    """Run one command; its exit code."""
    words = sys.argv[1:] if argv is None else argv
    try:
        return _dispatch(words, prog)
    except KeyboardInterrupt:  # while modules were loaded; a command sees to its own
        return _show(sys.stderr, "interrupted: nothing was changed\n", INTERRUPTED)


def _dispatch(words: list[str], prog: str) -> int:
    if words and words[0] in COMMANDS:
        from encore_provisioner.cli.session import run_command

        return run_command(words[0], words[1:], prog)
    if words and words[0] in ("-h", "--help", "help"):
        return _show(sys.stdout, help_text(prog), OK)
    if words and words[0] == "--version":
        return _version()
    return _unknown(words, prog)


def help_text(prog: str) -> str:
    listed = "\n".join(f"  {name:<10}{summary}" for name, summary in COMMANDS.items())
    return _INTRODUCTION.format(prog=prog, commands=listed)


def _version() -> int:
    from importlib.metadata import version

    return _show(sys.stdout, f"encore-infra {version('encore-infra')}\n", OK)


def _unknown(words: list[str], prog: str) -> int:
    if not words:
        return _show(sys.stderr, help_text(prog), WRONG_USAGE)
    from encore_provisioner.cli.session import refuse_command

    return refuse_command(words, tuple(COMMANDS), prog)


def _show(stream: TextIO, text: str, code: int) -> int:
    """Write and flush here: a reader that has gone would else end in a traceback at exit."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())

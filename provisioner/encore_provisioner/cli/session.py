"""One run of one command: its arguments, its streams, and what becomes of a failure.

In: the words of the command line. Out: an exit code. Each ``InfraError`` is shown with its place
and remedy; anything else is a bug of ours, its traceback goes to a file. Nothing here knows what
a command does.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import shlex
import shutil
import signal
import tempfile
import traceback
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import FrameType, ModuleType
from typing import Final, NoReturn

import msgspec

from encore_config import codec
from encore_config.diagnostics import Diagnostics, Problem
from encore_config.errors import DocumentError
from encore_provisioner.cli.options import WrongUsageError, parser
from encore_provisioner.cli.render.diagnostics import Sources, failure_lines
from encore_provisioner.cli.render.style import line
from encore_provisioner.cli.surface import COMMANDS, FAILED, INTERRUPTED, OK, WRONG_USAGE
from encore_provisioner.cli.terminal import Terminal, standard_terminal
from encore_provisioner.errors import InfraError
from encore_provisioner.garbage import no_collection, none_at_exit
from encore_provisioner.suggest import did_you_mean
from encore_provisioner.user_cache import default_folder

_PACKAGE: Final = "encore_provisioner.cli.commands"
_MODULES: Final = {**{name: name for name in COMMANDS}, "env": "environments", "secret": "secrets"}
_DISK: Final = {
    errno.ENOSPC: ("disk-full", "free some space on that disk and run the command again"),
    errno.EDQUOT: ("disk-full", "free some of your quota and run the command again"),
    errno.EROFS: ("read-only", "the file system is read-only: mount it writable"),
    errno.EACCES: ("no-access", "give yourself access to that path, or run as its owner"),
    errno.EPERM: ("no-access", "give yourself access to that path, or run as its owner"),
}
_ROOM: Final = 1 << 20
"""Bytes; what is written at once is less."""


class InterruptedRunError(InfraError):
    """Ctrl-C, or a signal that asks to end; the message says what state things are in."""

    exit_code = INTERRUPTED


@dataclass(slots=True)
class Session:
    """What a command is given besides its arguments; ``root`` is known once the app is found."""

    terminal: Terminal
    prog: str
    as_json: bool = False
    root: Path | None = None

    @property
    def sources(self) -> Sources:
        return Sources(self.root)

    def print_document(self, document: msgspec.Struct) -> None:
        self.terminal.document(codec.encode(document).decode())

    def command(self, words: str, *, app: str | None = None, env: str | None = None) -> str:
        """A command to copy: ``words`` with the app and the environment of this run."""
        named = [] if env in (None, "local") else ["--env", env or ""]
        folder = [] if app is None else ["--app" if _takes_option(words) else "", app]
        rest = [shlex.quote(word) for word in (*folder, *named) if word]
        return " ".join([self.prog, words, *rest])


def run_command(name: str, words: list[str], prog: str) -> int:
    """Run the command ``name`` with the arguments ``words``."""
    none_at_exit()
    with no_collection():  # a command is over before it would pay
        return _guarded(name, words, prog)


def _guarded(name: str, words: list[str], prog: str) -> int:
    session = Session(terminal=standard_terminal(), prog=prog, as_json=_wants_json(words))
    try:
        _heed_signals()
        module = importlib.import_module(f"{_PACKAGE}.{_MODULES[name]}")
        code = _run(module, name, words, session)
        session.terminal.flush()
        _heed_no_more()
        return code
    except SystemExit as ended:  # argparse, after --help
        return ended.code if isinstance(ended.code, int) else OK
    except WrongUsageError as error:
        return _wrong_usage(error, f"{prog} {name}", session)
    except InfraError as error:
        return _failed(error, session)
    except KeyboardInterrupt:
        return _failed(interrupted("nothing was left half done"), session)
    except BrokenPipeError:
        return FAILED
    except Exception as error:  # noqa: BLE001 (the last place that can explain it)
        return _failed(_translated(error, session), session)


def refuse_command(words: list[str], known: tuple[str, ...], prog: str) -> int:
    """The command does not exist."""
    session = Session(terminal=standard_terminal(), prog=prog, as_json=_wants_json(words))
    option = words[0].startswith("-")
    what = "options stand behind the command" if option else f"there is no command `{words[0]}`"
    hint = did_you_mean(words[0], known, otherwise=f"`{prog} --help` lists them")
    error = WrongUsageError(f"{what}; {hint}", f"usage: {prog} COMMAND [APP_DIR] [OPTIONS]\n")
    return _wrong_usage(error, prog, session)


def interrupted(state: str) -> InterruptedRunError:
    return InterruptedRunError(f"interrupted: {state}", code="interrupted")


def _run(module: ModuleType, name: str, words: list[str], session: Session) -> int:
    arguments = parser(
        f"{session.prog} {name}", f"{COMMANDS[name][:1].upper()}{COMMANDS[name][1:]}."
    )
    module.configure(arguments)
    parsed: argparse.Namespace = arguments.parse_args(words)
    code: int = module.run(parsed, session)
    return code


def _wants_json(words: list[str]) -> bool:
    """Whether the arguments ask for JSON, even where the rest of them makes no sense."""
    return "--format=json" in words or ("--format", "json") in pairwise(words)


def _takes_option(words: str) -> bool:
    return words.partition(" ")[0] in ("secret", "env")


def _failed(error: InfraError, session: Session) -> int:
    if session.as_json:
        session.print_document(Diagnostics(error=error.problem(), diagnostics=error.diagnostics))
    if not (session.as_json and session.terminal.product_is_seen):
        session.terminal.note(failure_lines(error, session.sources))
    return error.exit_code


def _wrong_usage(error: WrongUsageError, prog: str, session: Session) -> int:
    if session.as_json:
        problem = Problem(code="usage", message=error.message, hint=error.usage.strip())
        session.print_document(Diagnostics(error=problem))
    if not (session.as_json and session.terminal.product_is_seen):
        rows = [line(row) for row in error.usage.rstrip().split("\n")]
        session.terminal.note([*rows, line((f"{prog}: ", "error"), error.message)])
    return WRONG_USAGE


def _translated(error: Exception, session: Session) -> InfraError:
    """What a person can act on, or the report of a bug."""
    if isinstance(error, ModuleNotFoundError):
        from encore_provisioner.providers import is_own_module, missing_library

        if not is_own_module(error.name):
            return missing_library(error)
    if isinstance(error, OSError) and error.errno in _DISK:
        code, hint = _DISK[error.errno]
        where = error.filename or f"a file could not be written{_full(session, error)}"
        return InfraError(f"{where}: {error.strerror}", code=code, hint=hint)
    if isinstance(error, DocumentError):
        return InfraError(str(error), code="bad-document", hint=error.hint)
    return _bug(error, session)


def _full(session: Session, error: OSError) -> str:
    """Which of the places that are written to have no room; a file that is open tells no name."""
    if error.errno != errno.ENOSPC:
        return ""
    places = [session.root, default_folder(os.environ), Path(tempfile.gettempdir())]
    full = [str(place) for place in places if place is not None and _has_no_room(place)]
    return f", and there is no room on the disk of {' and of '.join(full)}" if full else ""


def _has_no_room(place: Path) -> bool:
    try:
        return shutil.disk_usage(place).free < _ROOM
    except OSError:
        return False


def _bug(error: Exception, session: Session) -> InfraError:
    """Unforeseen: the traceback goes to a file of its owner's, its text is not for a terminal."""
    text = f"{session.prog}, app {session.root}\n{''.join(traceback.format_exception(error))}"
    where = _keep_report(text)
    details = f"the details are in {where}" if where else f"the details:\n{text.rstrip()}\n"
    return InfraError(
        f"encore-infra failed in a way that nobody foresaw: this is a bug ({type(error).__name__})",
        code="bug",
        hint=f"{details}: please report them, after a look for what is private. "
        "Running the command again does no harm",
    )


def _keep_report(text: str) -> str | None:
    """The path of a new file with ``text``; None where none can be written."""
    try:
        descriptor, path = tempfile.mkstemp(prefix="encore-infra-bug-", suffix=".txt", text=True)
        with os.fdopen(descriptor, "w", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return None
    return path


def _heed_signals() -> None:
    """To be asked to end is to be interrupted: everything that cleans up gets its turn."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _heed_no_more() -> None:
    """All is done and told: a Ctrl-C while the interpreter ends may not say otherwise."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt

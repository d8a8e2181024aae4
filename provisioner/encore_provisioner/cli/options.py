"""Arguments that several commands share, each with one name and one meaning.

In: a parser. Out: the same parser with an option more. It imports ``argparse`` alone.
"""

from __future__ import annotations

import argparse
from typing import Final, NoReturn

LONGEST_WAIT: Final = 24 * 60 * 60


class WrongUsageError(Exception):
    """The words after the command make no sense; ``usage`` is how they would."""

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.message = message
        self.usage = usage


class Parser(argparse.ArgumentParser):
    """As argparse's, but it raises where that one exits with 2, the code for changes."""

    def error(self, message: str) -> NoReturn:
        raise WrongUsageError(message, self.format_usage())


def parser(prog: str, description: str) -> Parser:
    return Parser(prog=prog, description=description, allow_abbrev=False)


def add_app_dir(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "app",
        nargs="?",
        metavar="APP_DIR",
        help="the app's folder (default: the nearest one upwards with encore.app)",
    )


def add_app_option(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--app",
        metavar="DIR",
        help="the app's folder (default: the nearest one upwards with encore.app)",
    )


def add_env(to: argparse.ArgumentParser) -> None:
    to.add_argument("--env", metavar="NAME", help="the environment (default: local)")


def add_format(to: argparse.ArgumentParser, *names: str) -> None:
    to.add_argument(
        "--format", choices=names, default=names[0], help=f"how to print it (default: {names[0]})"
    )


def add_yes(to: argparse.ArgumentParser) -> None:
    to.add_argument("--yes", action="store_true", help="do not ask")


def add_lock_timeout(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--lock-timeout",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="how long to wait for an environment that another command holds (default: 0)",
    )


def add_allow_data_loss(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--allow-data-loss",
        action="append",
        default=[],
        type=_kind_and_name,
        metavar="KIND/NAME",
        help="allow the loss of this one's data, such as database/orders; may be repeated",
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to a day")
    return value


def _kind_and_name(text: str) -> str:
    kind, slash, name = text.partition("/")
    if not (kind and slash and name):
        raise argparse.ArgumentTypeError(f"{text!r} is not KIND/NAME, such as database/orders")
    return text

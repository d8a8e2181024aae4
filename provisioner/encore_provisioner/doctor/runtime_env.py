"""Reads ``runtime.env``: the variables of the app's process, quoted for a POSIX shell.

In: the text. Out: names and values, exactly as ``sh`` would assign them. Only assignments are
understood (with or without ``export``), no expansion of any kind: a file that a shell would
have to evaluate is refused.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>\#[^\n]*)
  | (?P<word>(?: '[^']*' | "(?:[^"\\]|\\.)*" | \\. | [^\s'"\\;&|<>()] )+)
    """,
    re.VERBOSE | re.DOTALL,
)
_PART = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)""", re.DOTALL)
_IN_DOUBLE_QUOTES = re.compile(r'\\([$`"\\])|\\\n')
_EXPANDED = re.compile(r"(?<!\\)[$`]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class EnvFileError(ValueError):
    """A line that is no plain assignment. The message names the line, never its content."""


def parse(text: str) -> dict[str, str]:
    """The variables; of two with one name the last, as in a shell."""
    variables: dict[str, str] = {}
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise _error(text, position, "an open quote or a shell operator")
        if token["word"] and token["word"] != "export":
            name, equals, value = token["word"].partition("=")
            if not equals or not _NAME.fullmatch(name):
                raise _error(text, position, "no assignment NAME=value")
            variables[name] = _unquoted(text, position, value)
        position = token.end()
    return variables


def _unquoted(text: str, position: int, value: str) -> str:
    parts: list[str] = []
    for single, double, escaped, plain in _PART.findall(value):
        if _EXPANDED.search(double) or "$" in plain or "`" in plain:
            raise _error(text, position, "an expansion, which only a shell can evaluate")
        parts.append(single or _IN_DOUBLE_QUOTES.sub(r"\1", double) or plain)
        if escaped and escaped != "\n":
            parts.append(escaped)
    return "".join(parts)


def _error(text: str, position: int, what: str) -> EnvFileError:
    line = text.count("\n", 0, position) + 1
    return EnvFileError(f"line {line}: {what}")

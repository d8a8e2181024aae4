"""The variables of the app's process, and the file that sets them.

In: names and values. Out: ``runtime.env``, lines of ``NAME='value'`` that a POSIX shell reads
(``set -a; . runtime.env``). May not: read the variables of this process.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from encore_provisioner.errors import RefusedError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def render_env(variables: Mapping[str, str]) -> str:
    """One line of assignment for each variable, sorted; newlines and quotes in values are safe.

    Raises :class:`RefusedError`, code ``not-an-environment-value``, for what no environment can
    hold; the message never shows the value.
    """
    return "".join(f"{_name(name)}={_value(name, variables[name])}\n" for name in sorted(variables))


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RefusedError(
            f"{name!r} cannot be the name of an environment variable",
            code="not-an-environment-value",
            hint="use letters, digits and _, and no digit first",
        )
    return name


def _value(name: str, value: str) -> str:
    if "\0" in value or not _encodes(value):
        raise RefusedError(
            f"the value of {name} holds a character that no environment variable can carry",
            code="not-an-environment-value",
            hint="encode the value, for example as base64, and decode it in the app",
        )
    return shlex.quote(value)


def _encodes(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

"""The grammar of endpoint paths, and when two of them meet (contract A5.1). Pure functions."""

from __future__ import annotations

import re
from typing import Final

from encore_config.graph import EndpointKind

_LAST: Final = {"*": "wildcard", "!": "fallback"}
_MARKS: Final = (":", "*", "!")
_PARAMETER: Final = re.compile(r"([:*])[^/]*")
_UNNAMED: Final = {False: _MARKS, True: (":", "*")}
"""Which segments need a name: in raw and static endpoints a fallback may do without."""
Problem = tuple[str, str]
"""What is wrong and what to do."""


def problem(path: str, kind: EndpointKind = "typed") -> Problem | None:
    if not path:
        return "it is empty", 'write "/" for the root'
    if "://" in path or path.startswith("//"):
        return "it holds a scheme or a host", "write only the path, from `/` on"
    if not path.startswith("/"):
        return "it does not start with `/`", f'write "/{path}"'
    for mark, what in (("?", "a query"), ("#", "a fragment")):
        if mark in path:
            return f"it holds {what}", f"remove what begins with `{mark}`"
    segments = path[1:].split("/")
    return _segments(segments if path != "/" else [], kind)


def _segments(segments: list[str], kind: EndpointKind) -> Problem | None:
    for place, segment in enumerate(segments):
        last = place == len(segments) - 1
        if not segment:
            return "it has an empty segment", "remove the doubled or trailing `/`"
        if segment in _UNNAMED[kind in ("raw", "static")]:
            return f"`{segment}` has no name", f"write `{segment}name`"
        if sum(mark in ":*" for mark in segment) > 1:
            return f"`{segment}` holds more than one parameter", "put a `/` between them"
        if "*" in segment[1:]:
            return f"`{segment}` has a `*` behind its start", "begin the segment with `*`"
        if segment[0] in _LAST and not last:
            return f"the {_LAST[segment[0]]} `{segment}` is not at its end", "move it to the end"
        if kind == "static" and segment[0] == ":" and not last:
            return f"`{segment}` of a static path is not at its end", "move it to the end"
    return None


def shape(path: str) -> str:
    """Equal for two valid paths that match the same requests; parameters lose their names.

    A literal beside a parameter is no conflict: ``/a/b`` and ``/a/:x`` live together. For Encore's
    router a fallback is a literal, and a parameter may begin inside a segment.
    """
    return _PARAMETER.sub(r"\1", path)


def forks(path: str) -> tuple[tuple[str, str], ...]:
    """Where the path goes on with a parameter or wildcard: what stands before it, and its mark.

    Encore's router cannot hold both marks behind the same beginning.
    """
    plain = shape(path)
    return tuple((plain[:place], mark) for place, mark in enumerate(plain) if mark in ":*")


def parameters(path: str) -> tuple[str, ...]:
    return tuple(s[1:] for s in path.split("/") if s[:1] in _MARKS)

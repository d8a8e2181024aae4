"""Where something stands in the source of an app."""

from __future__ import annotations

from typing import Annotated

import msgspec

from encore_config.document import Value

Ordinal = Annotated[int, msgspec.Meta(ge=1)]
"""A line or column: 1-based; columns count Unicode code points."""


class At(Value, frozen=True, kw_only=True, order=True):
    """A position. ``file`` is relative to the app's root, with ``/`` between its parts."""

    file: str
    line: Ordinal
    column: Ordinal

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class End(Value, frozen=True, kw_only=True, order=True):
    """The position just behind a range that began at an :class:`At` of the same file."""

    line: Ordinal
    column: Ordinal

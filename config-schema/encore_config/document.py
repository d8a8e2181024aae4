"""What every document shares: how a type is declared and how a version is marked.

A document is a frozen msgspec struct with ``schema: int = 1``. Lists are tuples, sorted by
the stage that produces them, so that the same input gives the same bytes.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

SCHEMA_VERSION = 1

SchemaVersion = Annotated[int, msgspec.Meta(ge=SCHEMA_VERSION, le=SCHEMA_VERSION)]
"""The ``schema`` field of every document; a reader of version 1 refuses any other."""


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a document: immutable, compared by value, no unknown fields."""

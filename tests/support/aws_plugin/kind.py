"""What one type of resource can do: made, looked at, changed, removed.

In: a table of functions for each type, over plain properties in Pulumi's names. Nothing here knows
of gRPC, of faults or of previews.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.aws_plugin.aws import Aws, listed
from tests.support.aws_plugin.wire import Props

Make = Callable[[Aws, Props], str]
"""Inputs in, the id out."""
Look = Callable[[Aws, str, Props], Props | None]
"""Id and last known state (empty for an import) in, state out; None where nothing is there."""
Change = Callable[[Aws, str, Props, Props, frozenset[str]], None]
"""Id, state, new inputs, and which of them differ."""
Drop = Callable[[Aws, str, Props], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``what`` as the genuine plugin says it in errors, with the property ``name`` behind it.

    ``settles`` are inputs that the call of creation does not take: they are set after it, by
    ``change``, and where that fails the resource is there, but not whole. ``computed`` are outputs
    that are no inputs.
    """

    what: str
    make: Make
    look: Look
    drop: Drop
    change: Change | None = None
    name: str = ""
    autonamed: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    settles: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()

    def called(self, props: Props) -> str:
        """``RDS DB Instance (shop-db)``."""
        name = props.get(self.name) if self.name else None
        return f"{self.what} ({name})" if name else self.what


def names(*found: str) -> frozenset[str]:
    """Of outputs: every resource has the tags that it got in the end."""
    return frozenset(found) | {"tagsAll"}


def nothing(aws: Aws, id_: str, state: Props) -> None:
    """What goes with another resource, or cannot go at all."""
    del aws, id_, state


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """How a service changes tags: ``target`` names the resource in both calls."""

    service: str
    add: str
    remove: str
    target: str
    tags: str = "Tags"
    keys: str = "TagKeys"
    as_map: bool = False
    as_list: bool = False

    def change(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        before, after = old.get("tags") or {}, new.get("tags") or {}
        there: Any = [id_] if self.as_list else id_
        gone = sorted(set(before) - set(after))
        if gone:
            aws.call(self.service, self.remove, **{self.target: there, self.keys: gone})
        if after and after != before:
            tags = after if self.as_map else listed(after)
            aws.call(self.service, self.add, **{self.target: there, self.tags: tags})

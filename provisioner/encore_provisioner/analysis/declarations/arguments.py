"""What the constructors of all kinds have in common: a name first, an options object behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import TITLES
from encore_provisioner.analysis.declarations.model import Site
from encore_provisioner.analysis.literals import Reader

KEBAB: Final = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
SNAKE: Final = re.compile(r"[a-z](?:[_a-z0-9]*[a-z0-9])?")
_LONGEST: Final = 63


def arguments(site: Site, reader: Reader) -> tuple[Node, ...]:
    """The arguments; ``new X`` without parentheses is E0205."""
    found = nodes.arguments(site.node)
    if found is None:
        message = f"`new {site.symbol.name}` has no arguments"
        reader.refuse("E0205", site.node, message, f'write `new {site.symbol.name}("name", …)`')
        return ()
    return found


def name_at(site: Site, reader: Reader, found: tuple[Node, ...], index: int = 0) -> str | None:
    title = TITLES[site.symbol.kind]
    if index < len(found):
        return reader.string(found[index], f"the name of a {title}")
    if nodes.arguments(site.node) is not None:
        reader.refuse("E0206", site.node, f"this {title} has no name", 'give it as "…" literal')
    return None


def options_at(
    site: Site,
    reader: Reader,
    found: tuple[Node, ...],
    index: int,
    known: Iterable[str],
    required: Iterable[str] = (),
    *,
    optional: bool = False,
) -> Mapping[str, Node]:
    """The options object; a missing one that Encore demands is E0312."""
    title = TITLES[site.symbol.kind]
    if index < len(found):
        what = f"the options of a {title}"
        return reader.options(found[index], what, known, required) or {}
    if not optional and nodes.arguments(site.node) is not None:
        fields = ", ".join(f"{name}: …" for name in required)
        hint = f"add `{{ {fields} }}`" if fields else "add `{}`"
        reader.refuse("E0312", site.node, f"this {title} has no options object", hint)
    return {}


def check_name(
    reader: Reader, node: Node, name: str, pattern: re.Pattern[str], rule: str, code: str, what: str
) -> None:
    if pattern.fullmatch(name) is None or len(name) > _LONGEST:
        message = (
            f'{what} name "{name}" is not valid: it must be {rule}, 1 to {_LONGEST} characters'
        )
        reader.refuse(code, node, message, "rename it")

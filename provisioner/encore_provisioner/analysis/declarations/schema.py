"""The types of what is sent and kept: Encore must be able to read and to describe them."""

from __future__ import annotations

from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis.literals import Reader
from encore_provisioner.analysis.schemas import Walk

_HINT: Final = "use strings, numbers, booleans, `Date`, and lists and objects of these"


def check_schema(reader: Reader, given: Node, where: str, *, described: bool = True) -> None:
    """What Encore refuses in the type at ``given`` is E0629; ``where`` is what has the type.

    Without ``described`` it reads the type only. What it cannot read is told where it stands, what
    it cannot describe where the type is named, as Encore does.
    """
    whole = reader.module.span(given)
    for part in Walk(reader.resolver).parts(reader.module, given):
        span = part.module.span(part.node)
        message = f"Encore cannot describe {part.what} in the type of {where}"
        if not part.read:
            reader.findings.add("E0629", span, message, hint=_HINT)
        elif described:
            places = [] if span.place == whole.place else [(part.what, span)]
            reader.findings.add("E0629", whole, message, hint=_HINT, related=places)

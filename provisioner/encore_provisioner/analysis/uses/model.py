"""One use of a resource: where it stands, in which form, and what it does. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from encore_config.graph import Operation, UseKind
from encore_provisioner.analysis.declarations.model import Declaration
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.resolver import Resolver
from encore_provisioner.analysis.source import Span

Shape = Literal[
    "argument",  # f(x)
    "callee",  # x()
    "constructor",  # new C(x)
    "field",  # x.f
    "index",  # x["f"]
    "method",  # x.f(…)
    "other",  # { x }, [x], y = x, return x, …
    "template",  # x.f`…`
]


@dataclass(frozen=True, slots=True, eq=False)
class Occurrence:
    """``node`` is the expression that is the resource, ``member`` the ``f`` of the shapes above.

    ``call`` is the call of a method or template. ``seen`` is the shape that Encore takes it for:
    it does not look through ``?.``, ``!`` and parentheses (contract A7).
    """

    module: Module
    node: Node
    shape: Shape
    seen: Shape
    member: str = ""
    call: Node | None = None

    @property
    def span(self) -> Span:
        return self.module.span(self.node)


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """``declaration`` is what is used; ``name`` is the graph's, ``service.endpoint`` for calls."""

    kind: UseKind
    name: str
    operations: frozenset[Operation]
    module: Module
    span: Span
    declaration: Declaration | None


@dataclass(frozen=True, slots=True)
class Context:
    resolver: Resolver
    findings: Findings

"""One place where a resource may be used, with the syntax around it."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from encore_provisioner.analysis.facts import Form, Shape
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.resolver import Resolver
from encore_provisioner.analysis.source import Span


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

    @property
    def form(self) -> Form:
        return Form(self.module.place(self.node), self.shape, self.seen, self.member)


@dataclass(frozen=True, slots=True)
class Context:
    resolver: Resolver
    findings: Findings

"""What reading one file yields, as plain data: all that the whole app's graph is made from.

A file's facts are a function of its own text and of what it consulted in other files. They hold
no syntax tree, so they can be cached and can come from another process.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from encore_config.diagnostics import Diagnostic
from encore_config.graph import Operation
from encore_provisioner.analysis.declarations.model import AnyDeclared, Target
from encore_provisioner.analysis.source import Place

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


class Form(msgspec.Struct, frozen=True, array_like=True):
    """The form of a use as plain data: see ``uses.model``."""

    place: Place
    shape: Shape
    seen: Shape
    member: str


class Link(msgspec.Struct, frozen=True, array_like=True):
    """``declaration`` points to ``target``: a subscription to its topic."""

    declaration: Target
    target: Target


class FoundUse(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A use of ``target``, if that exists; ``findings`` count only then.

    ``public`` is where something is called that only a public bucket has.
    """

    target: Target
    operations: tuple[Operation, ...]
    place: Place
    findings: tuple[Diagnostic, ...] = ()
    public: Place | None = None


class ClientUse(msgspec.Struct, frozen=True, array_like=True):
    """A use of the service that ``~encore/clients`` exports as ``local``."""

    local: str
    form: Form


class NamespaceUse(msgspec.Struct, frozen=True, array_like=True):
    """``name`` occurs; Encore takes it for ``taken``; the code means ``meant``, if a resource.

    ``told``: that Encore does not see the use of ``meant`` is a finding already.
    """

    name: str
    form: Form
    taken: Target
    meant: Target | None
    told: bool = False


class Specifier(msgspec.Struct, frozen=True, array_like=True):
    """The ``"./x"`` of an import; ``passed_on`` in ``export … from "./x"``."""

    text: str
    place: Place
    passed_on: bool = False


class Way(msgspec.Struct, frozen=True, array_like=True):
    """An import that was followed from a folder; ``answer`` is ``Resolved.way``."""

    folder: str
    specifier: str
    answer: str


class Facts(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """``digest`` is of the file's text; ``consulted`` are the digests of other files by path.

    ``syntax`` stands for the file's syntax; ``findings`` do not count where that is ``broken``.
    ``imported`` are the files from which values come; ``outside`` the imports of files that are
    no source of the app, or that Encore does not follow.
    """

    path: str
    digest: bytes
    broken: bool
    syntax: tuple[Diagnostic, ...]
    findings: tuple[Diagnostic, ...]
    declared: tuple[AnyDeclared, ...]
    links: tuple[Link, ...]
    uses: tuple[FoundUse, ...]
    clients: tuple[ClientUse, ...]
    namespaces: tuple[NamespaceUse, ...]
    imported: tuple[str, ...]
    outside: tuple[Specifier, ...]
    consulted: tuple[tuple[str, bytes], ...]
    ways: tuple[Way, ...]

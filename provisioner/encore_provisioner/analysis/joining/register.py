"""All declarations of the app, by place and by name.

In: the facts of all files. Out: the declaration that a target means, and what each declaration
points to. A reference by name to nothing is a finding here, since only here all names are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from encore_provisioner.analysis.catalogue import TITLES, Kind
from encore_provisioner.analysis.declarations.model import (
    Declaration,
    Reference,
    Target,
)
from encore_provisioner.analysis.facts import Facts
from encore_provisioner.analysis.findings import Findings, did_you_mean

Links = Mapping[Declaration, Declaration]
"""From a declaration that points to another one to that one."""


class Register:
    def __init__(self, facts: Sequence[Facts]) -> None:
        found = [item for file in facts for item in file.declared]
        self.declarations = tuple(d for d in found if isinstance(d, Declaration))
        self.references = tuple(r for r in found if isinstance(r, Reference))
        self._places = {(d.path, d.place.start, d.place.stop): d for d in self.declarations}
        self._names: dict[tuple[Kind, str], Declaration] = {}
        for declaration in self.declarations:
            if declaration.name is not None:
                self._names.setdefault((declaration.kind, declaration.name), declaration)

    def find(self, target: Target) -> Declaration | None:
        if target.name is not None:
            return self._names.get((target.kind, target.name))
        return self._places.get((target.file, target.start, target.stop))

    def links(self, facts: Iterable[Facts]) -> Links:
        pairs = (
            (self.find(link.declaration), self.find(link.target))
            for file in facts
            for link in file.links
        )
        return {one: other for one, other in pairs if one is not None and other is not None}

    def check_references(self, findings: Findings) -> None:
        """A reference by name to nothing is E0207."""
        for item in self.references:
            if (item.kind, item.name) not in self._names:
                title = TITLES[item.kind]
                message = f'there is no {title} named "{item.name}" in this app'
                names = [name for kind, name in self._names if kind == item.kind]
                hint = did_you_mean(item.name, sorted(names), "declare it with `new`")
                findings.add("E0207", item.place, message, hint=hint)

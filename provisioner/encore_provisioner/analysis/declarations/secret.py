"""``const key = secret("Name")`` (contract A6.5)."""

from __future__ import annotations

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.declarations.arguments import name_at
from encore_provisioner.analysis.declarations.model import Secret, Site
from encore_provisioner.analysis.literals import Reader


def declare(site: Site, reader: Reader) -> Secret:
    hint = 'write `const name = secret("Name")` at the top level of the file'
    if site.function is not None:
        message = "a secret must be declared outside functions, so that it is known before they run"
        reader.refuse("E0606", site.node, message, hint)
    elif not _is_held(site):
        reader.refuse("E0607", site.node, "a secret must be held by a variable", hint)
    found = nodes.arguments(site.node) or ()
    name = name_at(site, reader, found)
    return Secret(name=name, place=site.place, bind=site.bind)


def _is_held(site: Site) -> bool:
    """Whether a variable stands around it, be it ``_``; the default export is none."""
    around = site.module.scopes.around(site.node)
    return any(node.type == "variable_declarator" for node in around)

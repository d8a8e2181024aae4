"""``export default new Service("name", {…})`` in ``encore.service.ts`` (contract A4)."""

from __future__ import annotations

import re
from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis.declarations.arguments import arguments, name_at, options_at
from encore_provisioner.analysis.declarations.model import Service, Site
from encore_provisioner.analysis.files import SERVICE_FILE
from encore_provisioner.analysis.literals import Reader

_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][\w$]*")


def declare(site: Site, reader: Reader) -> Service | None:
    if site.module.path.rpartition("/")[2] != SERVICE_FILE:
        message = f"a service may be declared only in a file named {SERVICE_FILE}"
        reader.refuse("E0401", site.node, message, f"move it to {SERVICE_FILE} in this folder")
        return None
    found = arguments(site, reader)
    name = name_at(site, reader, found)
    _check_export(site, name, reader)
    if name is not None:
        _check_client(name, found[0], reader)
    options_at(site, reader, found, 1, ("middlewares",), optional=True)
    return Service(name=name, place=site.place, bind=site.bind)


def _check_client(name: str, node: Node, reader: Reader) -> None:
    """Encore takes any name, and writes it as it is into the source of ``~encore/clients``."""
    if not _IDENTIFIER.fullmatch(name.replace("-", "_")):
        message = f'no service can call this one: "{name}" gives no name for its client'
        reader.refuse("W0401", node, message, "use letters, digits, `-` and `_`, a letter first")


def _check_export(site: Site, name: str | None, reader: Reader) -> None:
    hint = f'write `export default new Service("{name or "name"}")`'
    parent = site.node.parent
    wrapped = parent is None or parent.type != "export_statement"
    if site.bind.name is None or (site.bind.name == "default" and wrapped):
        message = "a service must be the default export of its file"
        reader.refuse("E0403", site.node, message, hint)
    elif site.bind.name != "default":
        message = "a service must not be held by a variable: Encore reads the default export"
        reader.refuse("E0404", site.node, message, hint)

"""``new SQLDatabase("name", {migrations: …})`` (contract A6.1)."""

from __future__ import annotations

from typing import cast

from tree_sitter import Node

from encore_config.graph import MigrationSource
from encore_provisioner.analysis.declarations.arguments import arguments, name_at, options_at
from encore_provisioner.analysis.declarations.model import Database, MigrationFolder, Site
from encore_provisioner.analysis.literals import Reader

_SOURCES = ("prisma", "drizzle", "drizzle/v1")


def declare(site: Site, reader: Reader) -> Database:
    found = arguments(site, reader)
    name = name_at(site, reader, found)
    options = options_at(site, reader, found, 1, ("migrations",), optional=True)
    given = options.get("migrations")
    return Database(
        name=name,
        place=site.place,
        bind=site.bind,
        migrations=None if given is None else _migrations(given, reader),
    )


def _migrations(node: Node, reader: Reader) -> MigrationFolder | None:
    place, source = node, "default"
    if node.type == "object":
        fields = reader.options(node, "`migrations`", ("path", "source"), ("path",)) or {}
        if "path" not in fields:
            return None
        place = fields["path"]
        if "source" in fields:
            chosen = reader.choice(fields["source"], "`source` of migrations", _SOURCES, "E0602")
            source = chosen or source
    path = reader.local_path(place, "the migrations' folder")
    if path is None:
        return None
    return MigrationFolder(path, cast("MigrationSource", source), reader.module.place(place))

"""``new Bucket("name", {public, versioned})`` (contract A6.3)."""

from __future__ import annotations

from encore_provisioner.analysis.declarations.arguments import (
    KEBAB,
    arguments,
    check_name,
    name_at,
    options_at,
)
from encore_provisioner.analysis.declarations.model import Bucket, Site
from encore_provisioner.analysis.literals import Reader


def declare(site: Site, reader: Reader) -> Bucket:
    found = arguments(site, reader)
    name = name_at(site, reader, found)
    if name is not None:
        rule = "lower-case letters, digits and `-`, starting with a letter and not ending in `-`"
        check_name(reader, found[0], name, KEBAB, rule, "E0605", "bucket")
    options = options_at(site, reader, found, 1, ("public", "versioned"), optional=True)
    public, versioned = options.get("public"), options.get("versioned")
    return Bucket(
        name=name,
        place=site.place,
        bind=site.bind,
        public=bool(public and reader.boolean(public, "`public`")),
        versioned=bool(versioned and reader.boolean(versioned, "`versioned`")),
    )

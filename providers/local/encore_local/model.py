"""What the stages of this provider hand to each other: wanted resources and actual ones.

``desired`` makes the wanted ones from the graph, ``observe`` the actual ones from what runs and
from the state; ``plan`` compares them, ``apply`` carries the difference out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from encore_config.plan import DeclarationRef
from encore_provisioner.postgres.judging import Applied
from encore_provisioner.provider import Target

DATABASE = "local:database:Database"
MIGRATION = "local:database:Migration"
TOPIC = "local:topic:Topic"
SUBSCRIPTION = "local:subscription:Queue"
BUCKET = "local:bucket:Bucket"
SECRET = "local:secret:Secret"
POSTGRES = "local:server:Postgres"
AWS = "local:server:Aws"
VALKEY = "local:server:Valkey"

SERVERS = (POSTGRES, AWS, VALKEY)
SERVER_OF = {DATABASE: POSTGRES, MIGRATION: POSTGRES, TOPIC: AWS, SUBSCRIPTION: AWS, BUCKET: AWS}

Data = Literal["some", "none", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A resource as the app wants it. ``forces``: properties that cannot change in place."""

    type: str
    name: str
    urn: str
    declaration: DeclarationRef | None
    properties: dict[str, Any]
    forces: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """A resource as it is.

    ``known`` is False where its server does not run, so that ``properties`` are those of the
    last apply; ``data`` says whether something would be lost with it; ``note`` is for people.
    """

    type: str
    name: str
    urn: str
    declaration: DeclarationRef | None
    properties: dict[str, Any]
    known: bool = True
    data: Data = "unknown"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Who owns the resources: the app and the environment."""

    app: str
    environment: str

    def urn(self, type_: str, name: str) -> str:
        return f"urn:encore:{self.app}:{self.environment}::{type_}::{name}"


def names_of(target: Target) -> Names:
    return Names(app=target.app_id, environment=target.environment.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything that is there, by urn. ``applied``: what each database says of its migrations."""

    actual: dict[str, Actual] = field(default_factory=dict)
    applied: dict[str, Applied] = field(default_factory=dict)

"""The environment file ``encore.infra.yaml``: the environments of one app, as people write them.

The file stands beside ``encore.app``; every key is optional. A name that ends in ``*`` is a
pattern for environments that come and go (``pr-*``). ``extends`` names another entry whose
keys are taken over where this one has none; maps are merged, lists and values replaced.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value

EnvironmentName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,38}(?!\n)$")]
EnvironmentType = Literal["development", "production", "ephemeral", "test"]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Ports(Value, frozen=True, kw_only=True):
    """Fixed ports of the servers on this machine; those left out are chosen once and kept."""

    app: Port | None = None
    postgres: Port | None = None
    aws: Port | None = None
    caches: dict[str, Port] = {}


class Postgres(Value, frozen=True, kw_only=True):
    """``bin``: the folder of another installation's programs (``initdb``, ``postgres``)."""

    bin: str | None = None


class EnvironmentEntry(Value, frozen=True, kw_only=True):
    """One entry of the file. Which keys have a meaning is for the provider to say."""

    provider: str | None = None
    extends: str | None = None
    type: EnvironmentType | None = None
    id: str | None = None
    region: str | None = None
    state: str | None = None
    ports: Ports | None = None
    postgres: Postgres | None = None
    databases: dict[str, dict[str, Any]] | None = None
    adopt: dict[str, dict[str, str]] | None = None


class EnvironmentFile(Value, frozen=True, kw_only=True):
    schema: SchemaVersion = SCHEMA_VERSION
    environments: dict[str, EnvironmentEntry] = {}


class Environment(Value, frozen=True, kw_only=True):
    """One environment with ``extends`` and patterns resolved; what every later stage reads."""

    name: EnvironmentName
    provider: str = "local"
    type: EnvironmentType = "development"
    settings: EnvironmentEntry = EnvironmentEntry()

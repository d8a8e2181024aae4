"""Kinds of resources of the provider ``aws``, run as a program of their own and recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from encore_aws.naming import Names
from encore_aws.settings import Settings, settings
from encore_aws.stage import Note, Stage
from encore_config.environment import Environment, EnvironmentEntry, EnvironmentType
from encore_provisioner.engine.recording import Recorded, Recording, record

NAMES: Final = Names(app="shop", environment="production", id="k3f9")
ACCOUNT: Final = "111122223333"
REGION: Final = "eu-north-1"


def settings_of(kind: EnvironmentType = "production", **keys: Any) -> Settings:
    """What an environment file says of ``production``; ``keys`` are those of its entry."""
    given = {"region": REGION, "account": ACCOUNT, "id": NAMES.id, **keys}
    entry = EnvironmentEntry(**given)
    return settings(Environment(name=NAMES.environment, provider="aws", type=kind, settings=entry))


def run(
    create: Callable[[Stage], Mapping[str, Any]], *, made: bool = False
) -> tuple[Recording, Mapping[str, Note]]:
    """What a program asks for: as before an apply, or with ``made`` as if all were there."""
    stage = Stage(NAMES)
    found = record(
        lambda: create(stage),
        project="shop",
        stack="production",
        made=fake_outputs if made else None,
    )
    return found, stage.notes


def by_name(found: Recording) -> dict[str, Recorded]:
    return {resource.name: resource for resource in found.resources}


def fake_outputs(kind: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ids, ARNs and addresses as AWS would give them, from the names alone."""
    module, _, resource = kind.removeprefix("aws:").partition("/")
    physical = inputs.get("name") or inputs.get("bucket") or name
    place = ":" if module == "s3" else f"{REGION}:{ACCOUNT}"
    arn = f"arn:aws:{module}:{place}:{physical}"
    url = f"https://{module}.{REGION}.amazonaws.com/{ACCOUNT}/{physical}"
    return {"id": url if resource.startswith("queue:") else physical, "arn": arn, "url": url}

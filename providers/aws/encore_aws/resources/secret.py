"""Secrets Manager: one secret for each that the app declares, and for each password of ours.

Only the place is made here, never a value: those of declared secrets are set by a person, those of
passwords are made inside AWS. So no state and no plan can hold one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from encore_aws.cloud import secretsmanager
from encore_aws.naming import Names
from encore_aws.stage import Note, Stage
from encore_config.graph import Graph
from encore_config.plan import DeclarationRef
from encore_provisioner.binding import SecretBinding, env_name

Purpose = Literal["declared", "database", "cache"]
Outputs = Mapping[str, Any]

_FORGOTTEN_AT_ONCE: Final = 0
"""Days until a deleted secret is gone. Until then its name is taken, and it can be restored."""
_REASONS: Final[dict[Purpose, str]] = {
    "declared": "the app reads it; `secret set` gives it a value",
    "database": "the password of the database's role, made inside AWS",
    "cache": "the password of the cache's user",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSecret:
    """``variable`` is the environment variable in which a container gets the value."""

    purpose: Purpose
    reference: DeclarationRef
    name: str
    variable: str
    recovery_days: int
    key: str | None

    @property
    def resource(self) -> str:
        """What the program calls it; the password of a database stands beside the database."""
        own = str(self.reference)
        return own if self.purpose == "declared" else f"{own}#password"


def normalise(
    graph: Graph, names: Names, *, recovery_days: int = _FORGOTTEN_AT_ONCE, key: str | None = None
) -> tuple[WantedSecret, ...]:
    """``recovery_days``: 0, or 7 to 30. ``key``: the ARN of a key of the person's own."""
    if recovery_days and not 7 <= recovery_days <= 30:
        raise ValueError(f"a secret can be restored for 0 or 7 to 30 days, not {recovery_days}")
    return tuple(
        WantedSecret(
            purpose=purpose,
            reference=reference,
            name=names.name("secret", reference.kind, reference.name),
            variable=variable,
            recovery_days=recovery_days,
            key=key,
        )
        for purpose, reference, variable in _all(graph)
    )


def variable_of(purpose: Purpose, name: str) -> str:
    """The same names for every provider: ``INFRA_SECRET_StripeKey`` and the like."""
    match purpose:
        case "declared":
            return env_name("INFRA_SECRET", name)
        case "database":
            return env_name("INFRA_SQL", name, "PASSWORD")
        case "cache":
            return env_name("INFRA_REDIS", name, "PASSWORD")


def _all(graph: Graph) -> Iterator[tuple[Purpose, DeclarationRef, str]]:
    for secret in graph.secrets:
        reference = DeclarationRef(kind="secret", name=secret.name, at=secret.at[0])
        yield "declared", reference, variable_of("declared", secret.name)
    for database in graph.databases:
        reference = DeclarationRef(kind="database", name=database.name, at=database.at)
        yield "database", reference, variable_of("database", database.name)
    for cache in graph.caches:
        reference = DeclarationRef(kind="cache", name=cache.name, at=cache.at)
        yield "cache", reference, variable_of("cache", cache.name)


def create(wanted: tuple[WantedSecret, ...], stage: Stage) -> dict[str, Any]:
    """``variables``: the secret's ARN by the variable that holds it in a container."""
    return {"variables": {secret.variable: _create(secret, stage).arn for secret in wanted}}


def _create(wanted: WantedSecret, stage: Stage) -> secretsmanager.Secret:
    note = Note(reason=_REASONS[wanted.purpose], declaration=wanted.reference)
    return secretsmanager.Secret(
        wanted.resource,
        name=wanted.name,
        description=f"{stage.names.app} {stage.names.environment}: {wanted.reference}",
        recovery_window_in_days=wanted.recovery_days,
        kms_key_id=wanted.key,
        tags=stage.tags(wanted.reference),
        opts=stage.options(wanted.resource, note),
    )


def expose(graph: Graph) -> Iterator[SecretBinding]:
    """Every declared secret; passwords are part of the bindings of their databases and caches."""
    for secret in graph.secrets:
        yield SecretBinding(name=secret.name, env=variable_of("declared", secret.name))

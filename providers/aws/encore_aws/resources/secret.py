"""Secrets Manager: one secret for each that the app declares, and for each password of ours.

Only the place is made here, never a value: those of declared secrets are set by a person, those of
passwords are made inside AWS. So no state and no plan can hold one. What is adopted has a place
already: it is no resource, and stands among the variables all the same.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from encore_aws.cloud import secretsmanager
from encore_aws.containers import Container
from encore_aws.naming import Names, described
from encore_aws.permissions import Grants
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage
from encore_config.diagnostics import Diagnostic
from encore_config.environment import Adopt
from encore_config.graph import Graph
from encore_config.infra import EnvRef, KeyAuth
from encore_config.plan import DeclarationRef
from encore_provisioner.binding import (
    SecretBinding,
    cache_variable,
    database_variable,
    secret_variable,
)

Purpose = Literal["declared", "database", "cache", "service-key"]
Outputs = Mapping[str, Any]

SERVICE_KEY: Final = "INFRA_SERVICE_KEY"
"""The variable with the key that signs calls between the app's own containers (contract §4.4)."""
BAD_SECRET: Final = "E9233"

_KEY_ID: Final = 1
"""The core signs and verifies with the first key of the config alone, so there is only one."""
_LENGTH: Final = 64
_EXCLUDED: Final = string.punctuation
"""64 letters and digits are 380 bits. RDS refuses ``/@"`` and blanks, ElastiCache ``,/@"`` and more
than 128 characters; without any sign nothing has to be quoted in an address or a shell either, and
no value can begin with ``envref:``, which the core expands."""
_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+-[A-Za-z0-9]{6}"
)
_REASONS: Final[dict[Purpose, str]] = {
    "declared": "the app reads it; `secret set` gives it a value",
    "database": "the password of the database's role, made inside AWS",
    "cache": "the password of the cache's user, made inside AWS",
    "service-key": "signs the calls between the app's containers; made inside AWS",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSecret:
    """``variable`` is the environment variable in which a container gets the value.

    ``subject`` is the declared name of what the secret is for; ``reference`` is missing where all
    services caused it.
    """

    purpose: Purpose
    subject: str
    name: str
    variable: str
    recovery_days: int
    protect: bool
    key: str | None
    reference: DeclarationRef | None = None

    @property
    def resource(self) -> str:
        """What the program calls it; the password of a database stands beside the database."""
        match self.purpose:
            case "declared":
                return str(self.reference)
            case "service-key":
                return self.subject
            case _:
                return f"{self.reference}#password"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``adopted``: variables and the ARNs of secrets that somebody else owns."""

    made: tuple[WantedSecret, ...] = ()
    adopted: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a value is kept: with an ARN where it is kept already."""

    purpose: Purpose
    reference: DeclarationRef
    arn: str | None = None

    @property
    def variable(self) -> str:
        return variable_of(self.purpose, self.reference.name)


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    """Every secret that is made, and the ARN of every one that is not."""
    places = tuple(_places(graph, settings.adopt))
    made = [
        _wanted(place.purpose, place.reference, settings, names)
        for place in places
        if place.arn is None
    ]
    if has_service_key(graph, settings):
        made.append(_wanted("service-key", None, settings, names))
    return Wanted(
        made=tuple(made),
        adopted=tuple((place.variable, place.arn) for place in places if place.arn is not None),
    )


def _wanted(
    purpose: Purpose, reference: DeclarationRef | None, settings: Settings, names: Names
) -> WantedSecret:
    parts = (reference.kind, reference.name) if reference else (purpose,)
    subject = reference.name if reference else purpose
    return WantedSecret(
        purpose=purpose,
        subject=subject,
        name=names.name("secret", *parts),
        variable=variable_of(purpose, subject),
        recovery_days=settings.recovery_days,
        protect=_is_protected(purpose, subject, settings),
        key=settings.key,
        reference=reference,
    )


def _is_protected(purpose: Purpose, name: str, settings: Settings) -> bool:
    """A password is kept as well as what it opens."""
    match purpose:
        case "database":
            return settings.database(name).protect
        case "cache":
            return settings.cache(name).protect
        case _:
            return settings.protect


def variable_of(purpose: Purpose, name: str) -> str:
    """The same names for every provider: ``INFRA_SECRET_StripeKey`` and the like."""
    match purpose:
        case "declared":
            return secret_variable(name)
        case "database":
            return database_variable(name)
        case "cache":
            return cache_variable(name)
        case "service-key":
            return SERVICE_KEY


def has_service_key(graph: Graph, settings: Settings) -> bool:
    """As soon as the gateway and the services stand in containers of their own."""
    return settings.containers.layout == "per-service" and bool(graph.services)


def variables_of(
    graph: Graph, grants: Grants, container: Container, settings: Settings
) -> tuple[str, ...]:
    """The variables with secrets that a container needs, sorted: those that its runtime config
    refers to. The container with everything gets all that is declared.

    An adopted cache may have no password, and then has no variable.
    """
    adopt = settings.adopt
    if container.service is None:
        return tuple(sorted({place.variable for place in _places(graph, adopt)}))
    found = {SERVICE_KEY} if has_service_key(graph, settings) else set()
    for read in grants.secrets(container):
        kind, _, name = read.name.partition("/")
        if read.kind == "secret":
            found.add(variable_of("declared", read.name))
        elif kind == "database":
            found.add(variable_of("database", name))
        elif name not in adopt.caches or adopt.caches[name].password is not None:
            found.add(variable_of("cache", name))
    return tuple(sorted(found))


def _places(graph: Graph, adopt: Adopt) -> Iterator[_Place]:
    for secret in graph.secrets:
        reference = DeclarationRef(kind="secret", name=secret.name, at=secret.at[0])
        arn = adopt.secrets.get(secret.name)
        yield _Place(purpose="declared", reference=reference, arn=arn)
    for database in graph.databases:
        reference = DeclarationRef(kind="database", name=database.name, at=database.at)
        known = adopt.databases.get(database.name)
        yield _Place(purpose="database", reference=reference, arn=known.password if known else None)
    for cache in graph.caches:
        reference = DeclarationRef(kind="cache", name=cache.name, at=cache.at)
        there = adopt.caches.get(cache.name)
        if there is None:
            yield _Place(purpose="cache", reference=reference)
        elif there.password is not None:
            yield _Place(purpose="cache", reference=reference, arn=there.password)


def findings(graph: Graph, settings: Settings, names: Names) -> Iterator[Diagnostic]:
    """What is adopted as a secret and cannot be one."""
    del graph, names
    where = f"environments.{settings.environment}.adopt"
    adopt = settings.adopt
    given: dict[str, str | None] = {
        **{f"secrets.{name}": arn for name, arn in adopt.secrets.items()},
        **{f"databases.{name}.password": item.password for name, item in adopt.databases.items()},
        **{f"caches.{name}.password": item.password for name, item in adopt.caches.items()},
    }
    for key, arn in sorted(given.items()):
        if arn is not None and not _ARN.fullmatch(arn):
            yield Diagnostic(
                code=BAD_SECRET,
                severity="error",
                message=f"{where}.{key}: `{arn}` is not the whole ARN of a secret",
                hint="arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX, with the six "
                "characters that Secrets Manager adds to the name",
            )


def create(wanted: Wanted, stage: Stage) -> dict[str, Any]:
    """``variables``: the secret's ARN by the variable that holds it in a container.

    ``generated``: by the same variable what is to be filled with a random value, once, by
    GetRandomPassword of Secrets Manager: the ARN in ``secret``, what it is ``for``, the declared
    ``name`` of that, and the ``length`` and the characters to ``exclude`` (all signs, so the call
    must not ask for one of each kind).
    """
    made = {secret.variable: _create(secret, stage).arn for secret in wanted.made}
    return {
        "variables": dict(sorted({**made, **dict(wanted.adopted)}.items())),
        "generated": {
            secret.variable: {
                "secret": made[secret.variable],
                "for": secret.purpose,
                "name": secret.subject,
                "length": _LENGTH,
                "exclude": _EXCLUDED,
            }
            for secret in sorted(wanted.made, key=lambda secret: secret.variable)
            if secret.purpose != "declared"
        },
    }


def _create(wanted: WantedSecret, stage: Stage) -> secretsmanager.Secret:
    note = Note(reason=_REASONS[wanted.purpose], declaration=wanted.reference)
    what = wanted.reference or wanted.subject
    return secretsmanager.Secret(
        wanted.resource,
        name=wanted.name,
        description=described(f"{stage.names.app} {stage.names.environment}: {what}"),
        recovery_window_in_days=wanted.recovery_days,
        kms_key_id=wanted.key,
        tags=stage.tags(wanted.reference),
        opts=stage.options(wanted.resource, note, protect=wanted.protect),
    )


def expose(graph: Graph) -> Iterator[SecretBinding]:
    """Every declared secret; passwords are part of the bindings of their databases and caches."""
    for secret in graph.secrets:
        yield SecretBinding(name=secret.name, env=variable_of("declared", secret.name))


def expose_service_key(graph: Graph, settings: Settings) -> KeyAuth | None:
    """How containers sign the calls between them; None where there is only one container."""
    if not has_service_key(graph, settings):
        return None
    return KeyAuth(id=_KEY_ID, key=EnvRef(env=SERVICE_KEY))

"""What is really there. Starts nothing and changes nothing.

In: a site and what the app wants. Out: an :class:`Observation`. Servers that run are asked; for
those that do not, the state answers, and what it says is marked as not known. The state is only
a hint elsewhere: what exists without being in it is found by name and by our marks, and what
stands in it but is gone is gone. What is neither wanted, nor in the state, nor marked is not
ours and never appears.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from encore_config.plan import DeclarationRef
from encore_local.desired import server_declaration, server_type
from encore_local.model import (
    BUCKET,
    DATABASE,
    MIGRATION,
    SECRET,
    SERVERS,
    SUBSCRIPTION,
    TOPIC,
    Actual,
    Data,
    Names,
    Observation,
    Wanted,
    names_of,
)
from encore_local.secrets import S3_KEY, cache_key, database_key
from encore_provisioner.clients.aws import AwsUnreachableError
from encore_provisioner.errors import InfraError
from encore_provisioner.postgres.judging import NONE_APPLIED, Applied, Recorded

if TYPE_CHECKING:
    from encore_local.aws import Doors
    from encore_local.servers.postgres import PostgresServer
    from encore_local.servers.server import Server
    from encore_local.site import Site
    from encore_local.state import Record, State

NOT_RUNNING = "not running"
NO_ANSWER = "does not answer"
LOST_PASSWORD = "its password is not in secrets.json any more"

_SQL_TYPES = (DATABASE,)
_AWS_TYPES = (TOPIC, SUBSCRIPTION, BUCKET)


def observe(site: Site, wanted: Iterable[Wanted], *, offline: bool = False) -> Observation:
    """``offline``: ask no server, not even whether it runs; the state says all."""
    by_type: dict[str, list[Wanted]] = {}
    for resource in wanted:
        by_type.setdefault(resource.type, []).append(resource)
    if offline:
        everything = {**remembered(site.state), **_secrets(site)}
        return Observation(actual=everything, applied=remembered_applied(site.state))
    kept = {resource.name for type_ in SERVERS for resource in by_type.get(type_, ())}
    servers = {
        server.name: _server(site, server, goes=server.name not in kept)
        for server in site.fleet.all
    }
    with ThreadPoolExecutor(max_workers=2) as pool:
        sql = pool.submit(_sql, site, by_type, servers.get("postgres"))
        aws = pool.submit(_aws, site, by_type, servers.get("aws"))
    (sql_server, databases, applied), (aws_server, rest) = sql.result(), aws.result()
    seen = [*servers.values(), sql_server, aws_server]
    return Observation(
        actual={
            **{server.urn: server for server in seen if server is not None},
            **databases,
            **rest,
            **_secrets(site),
        },
        applied=applied,
    )


def _server(site: Site, server: Server, *, goes: bool) -> Actual | None:
    status = server.status()
    if status == "missing":
        return None
    names = names_of(site.target)
    type_ = server_type(server.name)
    running = status == "running" and server.knows_password()
    return Actual(
        type=type_,
        name=server.name,
        urn=names.urn(type_, server.name),
        declaration=server_declaration(site.target.graph, server.name),
        properties=server.actual() or {},
        known=running,
        data=_cache_data(site, server.name) if running and goes else "unknown",
        note="" if running else NOT_RUNNING if status == "stopped" else LOST_PASSWORD,
    )


def _cache_data(site: Site, name: str) -> Data:
    """Asked only of a cache that is to go: for the others it does not matter."""
    cluster = name.removeprefix("cache/")
    server = site.fleet.caches.get(cluster)
    if server is None:
        return "unknown"
    from encore_local.resources.cache import data_in

    return data_in(server, site.secrets.generated(cache_key(cluster)))


def _secrets(site: Site) -> dict[str, Actual]:
    """The user secrets that have a value and that the app declares."""
    from encore_local.resources.secret import properties

    names = names_of(site.target)
    return {
        names.urn(SECRET, info.name): Actual(
            type=SECRET,
            name=info.name,
            urn=names.urn(SECRET, info.name),
            declaration=DeclarationRef(kind="secret", name=info.name),
            properties=properties(),
        )
        for info in site.secrets.list()
        if info.set_at is not None
    }


# --- what the state remembers --------------------------------------------------------------


def remembered(state: State, types: Iterable[str] | None = None) -> dict[str, Actual]:
    """The resources of the last apply, of these types or of all, as not known."""
    wanted = None if types is None else frozenset(types)
    return {
        urn: _remembered(urn, record)
        for urn, record in sorted(state.resources.items())
        if record.type != MIGRATION and (wanted is None or record.type in wanted)
    }


def _remembered(urn: str, record: Record) -> Actual:
    return Actual(
        type=record.type,
        name=record.name,
        urn=urn,
        declaration=record.declaration,
        properties=record.properties,
        known=False,
        note=NOT_RUNNING,
    )


def remembered_applied(state: State) -> dict[str, Applied]:
    """What the last apply saw of each database's migrations."""
    found: dict[str, Applied] = {
        record.name: NONE_APPLIED for record in state.resources.values() if record.type == DATABASE
    }
    for record in state.resources.values():
        if record.type != MIGRATION or record.declaration is None:
            continue
        values = record.properties
        version = int(values["version"])
        row = Recorded(
            filename=str(values["filename"]),
            sha256=str(values["sha256"]),
            applied_at=str(values["applied_at"]),
        )
        before = found.get(record.declaration.name, NONE_APPLIED)
        found[record.declaration.name] = Applied(
            versions={**before.versions, version: False},
            recorded={**before.recorded, version: row},
        )
    return found


# --- PostgreSQL ----------------------------------------------------------------------------


def _sql(
    site: Site, wanted: Mapping[str, list[Wanted]], server: Actual | None
) -> tuple[Actual | None, dict[str, Actual], dict[str, Applied]]:
    if server is None:
        return None, {}, {}
    postgres = site.fleet.postgres
    if not server.known or postgres is None:
        return server, remembered(site.state, _SQL_TYPES), remembered_applied(site.state)
    try:
        databases, applied = _ask_postgres(site, postgres, wanted.get(DATABASE, []))
    except InfraError as error:
        if error.code != "postgres-refused":
            raise
        silent = _silent(server)
        return silent, remembered(site.state, _SQL_TYPES), remembered_applied(site.state)
    return server, databases, applied


def _silent(server: Actual) -> Actual:
    return Actual(
        type=server.type,
        name=server.name,
        urn=server.urn,
        declaration=server.declaration,
        properties=server.properties,
        known=False,
        note=NO_ANSWER,
    )


def _ask_postgres(
    site: Site, server: PostgresServer, wanted: list[Wanted]
) -> tuple[dict[str, Actual], dict[str, Applied]]:
    from encore_local.resources import database as databases
    from encore_local.resources.migration import read_applied
    from encore_local.sql import connect

    with connect(server.connection()) as connection:
        found = {item.database: item for item in databases.observe(connection)}
    declared = {name: item.declared for name, item in found.items()}
    names = {
        physical: name
        for physical, name in _owners(site, DATABASE, "database", wanted, declared).items()
        if physical in found
    }
    actual = {
        physical: databases.actual(found[physical], site.secrets.generated(database_key(name)))
        for physical, name in names.items()
    }
    resources = _match(
        site, DATABASE, "database", wanted, actual, marks=declared, data=lambda _: "some"
    )

    def applied(resource: Actual) -> Applied:
        with connect(server.connection(resource.properties["database"])) as connection:
            return read_applied(connection)

    mine = [resource for resource in resources.values() if _is_wanted(resource, wanted)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        results = list(pool.map(applied, mine))
    return resources, dict(zip((resource.name for resource in mine), results, strict=True))


def _is_wanted(resource: Actual, wanted: list[Wanted]) -> bool:
    return any(w.urn == resource.urn for w in wanted)


# --- S3, SNS, SQS --------------------------------------------------------------------------


def _aws(
    site: Site, wanted: Mapping[str, list[Wanted]], server: Actual | None
) -> tuple[Actual | None, dict[str, Actual]]:
    if server is None:
        return None, {}
    aws = site.fleet.aws
    if not server.known or aws is None:
        return server, remembered(site.state, _AWS_TYPES)
    from encore_local.aws import open_doors

    doors = open_doors(aws.endpoint, site.secrets.generated(S3_KEY) or "")
    try:
        return server, _ask_aws(site, doors, wanted)
    except AwsUnreachableError:
        return _silent(server), remembered(site.state, _AWS_TYPES)
    finally:
        doors.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How resources of one type are found; ``key`` is the property with the physical name.

    ``part`` is a property that names another thing of the same kind, which belongs to it.
    """

    type: str
    key: str
    observe: Callable[[Doors], dict[str, dict[str, Any]]]
    tags: Callable[[Doors, str], dict[str, str]]
    data: Callable[[Doors, str], Data]
    part: str | None = None


def _kinds() -> tuple[_Kind, ...]:
    from encore_local.aws import topic_arn
    from encore_local.resources import bucket, subscription, topic

    return (
        _Kind(
            type=TOPIC,
            key="topic",
            observe=topic.observe,
            tags=lambda doors, name: doors.sns.tags(topic_arn(name)),
            data=lambda doors, name: "some" if _has_subscriptions(doors, name) else "none",
        ),
        _Kind(
            type=SUBSCRIPTION,
            key="queue",
            observe=subscription.observe,
            tags=lambda doors, name: doors.sqs.tags(doors.queue_url(name)),
            data=lambda _doors, _name: "some",
            part="dead_letter_queue",
        ),
        _Kind(
            type=BUCKET,
            key="bucket",
            observe=bucket.observe,
            tags=lambda doors, name: doors.s3.tags(name),
            data=lambda doors, name: "none" if bucket.is_empty(doors, name) else "some",
        ),
    )


def _has_subscriptions(doors: Doors, topic: str) -> bool:
    from encore_local.aws import topic_arn

    return next(iter(doors.sns.list_subscriptions(topic_arn(topic))), None) is not None


def _ask_aws(site: Site, doors: Doors, wanted: Mapping[str, list[Wanted]]) -> dict[str, Actual]:
    kinds = _kinds()
    with ThreadPoolExecutor(max_workers=len(kinds)) as pool:
        parts = list(
            pool.map(lambda kind: _ask_kind(site, doors, kind, wanted.get(kind.type, [])), kinds)
        )
    return {urn: actual for part in parts for urn, actual in part.items()}


def _ask_kind(site: Site, doors: Doors, kind: _Kind, wanted: list[Wanted]) -> dict[str, Actual]:
    from encore_local.aws import KIND_TAG, NAME_TAG

    parts = {resource.properties[kind.part] for resource in wanted if kind.part}
    # A dead-letter queue alone is what an interrupted apply left: it is used by the next one.
    found = {name: held for name, held in kind.observe(doors).items() if name not in parts}
    known = _owners(site, kind.type, kind.key, wanted, {})
    marks: dict[str, str | None] = {}
    for physical in sorted(found.keys() - known.keys()):
        tags = kind.tags(doors, physical)
        marks[physical] = tags.get(NAME_TAG, physical) if KIND_TAG in tags else None
    return _match(
        site,
        kind.type,
        kind.key,
        wanted,
        found,
        marks=marks,
        data=lambda physical: kind.data(doors, physical),
    )


# --- which physical name belongs to which declaration --------------------------------------


def _owners(
    site: Site,
    type_: str,
    key: str,
    wanted: Iterable[Wanted],
    marks: Mapping[str, str | None],
) -> dict[str, str]:
    """Physical name → declared name: by mark, by the state, and first of all by what is wanted."""
    marked = {physical: name for physical, name in marks.items() if name is not None}
    stated = {
        str(record.properties[key]): record.name
        for record in site.state.resources.values()
        if record.type == type_ and record.properties.get(key)
    }
    wished = {str(resource.properties[key]): resource.name for resource in wanted}
    return {**marked, **stated, **wished}


def _match(
    site: Site,
    type_: str,
    key: str,
    wanted: list[Wanted],
    found: Mapping[str, dict[str, Any]],
    *,
    marks: Mapping[str, str | None],
    data: Callable[[str], Data],
) -> dict[str, Actual]:
    """Each found resource of ours under its urn. One urn may have had two physical names: the
    wanted one wins, the other is found again once that one is in order."""
    names = names_of(site.target)
    declarations = {resource.name: resource.declaration for resource in wanted}
    keep = {str(resource.properties[key]) for resource in wanted}
    owners = _owners(site, type_, key, wanted, marks)
    actual: dict[str, Actual] = {}
    for physical in sorted(found, key=lambda physical: (physical in keep, physical)):
        name = owners.get(physical)
        if name is not None:
            resource = _actual(names, type_, name, found[physical], declarations.get(name))
            loss: Data = "unknown" if physical in keep else data(physical)
            actual[resource.urn] = _with_data(resource, loss)
    return actual


def _actual(
    names: Names,
    type_: str,
    name: str,
    properties: dict[str, Any],
    declaration: DeclarationRef | None,
) -> Actual:
    kind = type_.split(":")[1]
    return Actual(
        type=type_,
        name=name,
        urn=names.urn(type_, name),
        declaration=declaration or DeclarationRef(kind=kind, name=name),
        properties=properties,
    )


def _with_data(actual: Actual, data: Data) -> Actual:
    return replace(actual, data=data)

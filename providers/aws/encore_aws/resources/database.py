"""RDS for PostgreSQL: servers, and on them a database and a role for each declaration (§4.5).

Which databases share a server is the choice of ``layout``; one of which the file says more has a
server of its own. Databases and roles are made inside AWS once the server is there, so that no
state holds their passwords: here each is a component, which gives it a step in the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from encore_aws import servers
from encore_aws.cloud import cloudwatch, rds
from encore_aws.naming import Names, kept_name
from encore_aws.resources import network, secret
from encore_aws.settings import Database as Options
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage
from encore_config import infra
from encore_config.diagnostics import Diagnostic
from encore_config.environment import AdoptedDatabase
from encore_config.graph import Database, Graph, Migrations
from encore_config.plan import DeclarationRef
from encore_provisioner.binding import SqlBinding

Outputs = Mapping[str, Any]

ADMIN: Final = "encore_admin"
"""The server's first user. RDS makes its password, keeps it in Secrets Manager and changes it."""
_PORT: Final = network.PORTS["sql"]
_ADOPTED_POOL: Final = 10
"""Connections of a pool on a server that is not ours: others use it too, and we see neither."""
_INSIGHT_DAYS: Final = 7
"""The days that performance insights are kept for nothing."""
_LOGS: Final = "postgresql"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedServer:
    """``key`` as in :mod:`encore_aws.servers`. ``max_storage`` in GiB; 0: the disk does not grow.

    ``kms_key``: the ARN of a key of the person's own. ``log_days``: how long its log is kept.
    """

    key: str
    reason: str
    identifier: str
    snapshot: str
    options: Options
    max_storage: int
    log_days: int
    kms_key: str | None = None
    declaration: DeclarationRef | None = None
    service: str | None = None

    @property
    def resource(self) -> str:
        """What the program calls it."""
        if self.service is not None:
            return f"{self.key}#database-server"
        return f"{self.declaration or 'database'}#server"

    @property
    def log(self) -> str:
        """Where RDS writes the server's log."""
        return f"/aws/rds/instance/{self.identifier}/{_LOGS}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDatabase:
    """``server`` is the key of one of ours; an adopted database has none.

    ``password`` is the variable in which a container gets it. ``max_connections`` of one pool is
    missing where neither the file nor the server's class says it.
    """

    declared: Database
    server: str | None
    database: str
    role: str
    password: str
    max_connections: int | None
    protect: bool = False
    adopted: AdoptedDatabase | None = None

    @property
    def reference(self) -> DeclarationRef:
        return _reference(self.declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``parameters``: the name of the parameter group by PostgreSQL's version."""

    subnets: str
    parameters: Mapping[int, str]
    servers: tuple[WantedServer, ...] = ()
    databases: tuple[WantedDatabase, ...] = ()


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    """Every property, decided."""
    placed = servers.Servers(graph, settings)
    declared = {f"database/{database.name}": database for database in graph.databases}
    found = tuple(
        _server(key, declared.get(key), placed.options(key), settings, names) for key in placed.keys
    )
    pools: dict[str, int | None] = {}
    for key in placed.keys:
        pools |= placed.pools(key).sizes
    versions = sorted({server.options.version for server in found})
    return Wanted(
        subnets=names.name("db-subnet-group"),
        parameters={v: names.name("db-parameter-group", f"postgres{v}") for v in versions},
        servers=found,
        databases=tuple(
            _adopted(database, settings)
            if database.name in settings.adopt.databases
            else _database(database, settings, placed.places[database.name], pools[database.name])
            for database in graph.databases
        ),
    )


def _reference(declared: Database) -> DeclarationRef:
    return DeclarationRef(kind="database", name=declared.name, at=declared.at)


def _server(
    key: str, own: Database | None, options: Options, settings: Settings, names: Names
) -> WantedServer:
    """``own``: the one database that the server is for, if it is for one."""
    kind, _, name = key.partition("/")
    parts = {"database": (name,), "service": ("service", name)}.get(kind, ())
    return WantedServer(
        key=key,
        reason=_reason(kind, name, options),
        identifier=names.name("db-instance", *parts),
        snapshot=names.name("db-final-snapshot", *parts),
        options=options,
        # The same number twice is how the file says that the disk shall not grow.
        max_storage=options.max_storage if options.max_storage > options.storage else 0,
        log_days=settings.containers.log_days,
        kms_key=settings.key,
        declaration=_reference(own) if own else None,
        service=name if kind == "service" else None,
    )


def _reason(kind: str, name: str, options: Options) -> str:
    match kind:
        case "service":
            return f"layout per-service: the server of what belongs to {name}"
        case "database" if options.is_own:
            return f"databases.{name} says something of its server: it has one of its own"
        case "database":
            return "layout separate: each database has a server of its own"
        case _:
            return "the server of all databases that have none of their own"


def _adopted(declared: Database, settings: Settings) -> WantedDatabase:
    found = settings.adopt.databases[declared.name]
    return WantedDatabase(
        declared=declared,
        server=None,
        database=found.database or declared.name,
        role=found.username,
        password=secret.variable_of("database", declared.name),
        max_connections=settings.database(declared.name).max_connections or _ADOPTED_POOL,
        adopted=found,
    )


def _database(
    declared: Database, settings: Settings, server: str, pool: int | None
) -> WantedDatabase:
    return WantedDatabase(
        declared=declared,
        server=server,
        database=kept_name("database", declared.name),
        role=kept_name("database-role", declared.name),
        password=secret.variable_of("database", declared.name),
        max_connections=pool,
        protect=settings.database(declared.name).protect,
    )


def create(wanted: Wanted, made: network.Made, stage: Stage) -> dict[str, Any]:
    """``servers`` by key: identifier, host, port, and the ARN of ADMIN's password.

    ``databases`` by declared name: host, port, the names inside, the certificate authority and its
    thumbprint, and the variable of the password, under which ``secret`` has its place.
    """
    running = _create_servers(wanted, made, stage)
    databases: dict[str, Any] = {}
    for database in wanted.databases:
        name, adopted = database.declared.name, database.adopted
        if adopted is not None:
            databases[name] = _ask(database, adopted, stage)
        elif database.server is not None:
            databases[name] = _create(database, running[database.server], stage)
    return {
        "servers": {key: _server_outputs(server.instance) for key, server in running.items()},
        "databases": databases,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A server that is there; ``trust`` is the same for each database on it."""

    instance: rds.Instance
    trust: Mapping[str, Any]


def _create_servers(wanted: Wanted, made: network.Made, stage: Stage) -> dict[str, _Running]:
    if not wanted.servers:
        return {}
    name = "database#subnets"
    subnets = rds.SubnetGroup(
        name,
        name=wanted.subnets,
        description="Where databases lie: no route leads out",
        subnet_ids=list(made.subnets["storage"]),
        tags=stage.tags(None),
        opts=stage.options(
            name, Note(reason="two zones at least, as RDS wants for one server too")
        ),
    )
    parameters = {
        version: _create_parameters(version, physical, stage)
        for version, physical in wanted.parameters.items()
    }
    return {
        server.key: _Running(
            instance=_create_server(
                server, subnets, parameters[server.options.version], made, stage
            ),
            trust=_trust(server.options.certificate_authority, stage),
        )
        for server in wanted.servers
    }


def _trust(authority: pulumi.Input[str], stage: Stage) -> dict[str, Any]:
    """Which root signs, and what AWS says of it; its text is fetched when an apply is done."""
    found = rds.get_certificate_output(id=authority, opts=stage.question)
    return {"ca_identifier": authority, "ca_thumbprint": found.thumbprint}


def _create_parameters(version: int, physical: str, stage: Stage) -> rds.ParameterGroup:
    """One parameter: what RDS sets by itself fits the server's size, and changes with it."""
    name = f"database#parameters-{version}"
    return rds.ParameterGroup(
        name,
        name=physical,
        family=f"postgres{version}",
        description="Nobody connects without TLS",
        parameters=[{"name": "rds.force_ssl", "value": "1"}],
        tags=stage.tags(None),
        opts=stage.options(name, Note(reason="the server takes no connection without TLS")),
    )


def _create_server(
    wanted: WantedServer,
    subnets: rds.SubnetGroup,
    parameters: rds.ParameterGroup,
    made: network.Made,
    stage: Stage,
) -> rds.Instance:
    options, log = wanted.options, _create_log(wanted, stage)
    group = made.storage["sql"]
    note = Note(reason=wanted.reason, declaration=wanted.declaration)
    return rds.Instance(
        wanted.resource,
        identifier=wanted.identifier,
        instance_class=options.size,
        **_engine(options),
        **_disk(wanted),
        **_backups(wanted, group.id),
        **_insights(wanted),
        db_subnet_group_name=subnets.name,
        parameter_group_name=parameters.name,
        vpc_security_group_ids=[group.id],
        publicly_accessible=False,
        port=_PORT,
        multi_az=options.multi_az,
        ca_cert_identifier=options.certificate_authority,
        enabled_cloudwatch_logs_exports=[_LOGS],
        username=ADMIN,
        manage_master_user_password=True,
        master_user_secret_kms_key_id=wanted.kms_key,
        iam_database_authentication_enabled=False,
        # The plan has shown what restarts the server, and connections are counted for its new size.
        apply_immediately=True,
        tags=stage.tags(wanted.declaration, wanted.service),
        opts=stage.options(wanted.resource, note, protect=options.protect, needs=[log]),
    )


def _engine(options: Options) -> dict[str, Any]:
    """The major version is the file's to change; AWS keeps the minor one new."""
    return {
        "engine": "postgres",
        "engine_version": str(options.version),
        "auto_minor_version_upgrade": True,
        "allow_major_version_upgrade": True,
    }


def _disk(wanted: WantedServer) -> dict[str, Any]:
    return {
        "storage_type": "gp3",
        "allocated_storage": wanted.options.storage,
        "max_allocated_storage": wanted.max_storage,
        "storage_encrypted": True,
        "kms_key_id": wanted.kms_key,
    }


def _backups(wanted: WantedServer, group: pulumi.Output[str]) -> dict[str, Any]:
    """The last snapshot's name ends like the id of the security group, which AWS makes anew each
    time: an environment that was removed once can be made and removed again.
    """
    options = wanted.options
    ending = group.apply(lambda id_: id_.rpartition("-")[2][-8:])
    return {
        "backup_retention_period": options.backup_days,
        "copy_tags_to_snapshot": True,
        # Kept for `backup_days` more, so that a server can still be put back to any second.
        "delete_automated_backups": not options.final_snapshot,
        "deletion_protection": options.protect,
        "skip_final_snapshot": not options.final_snapshot,
        "final_snapshot_identifier": (
            pulumi.Output.concat(wanted.snapshot, "-", ending) if options.final_snapshot else None
        ),
    }


def _insights(wanted: WantedServer) -> dict[str, Any]:
    if not wanted.options.performance_insights:
        return {"performance_insights_enabled": False}
    return {
        "performance_insights_enabled": True,
        "performance_insights_retention_period": _INSIGHT_DAYS,
        "performance_insights_kms_key_id": wanted.kms_key,
    }


def _create_log(wanted: WantedServer, stage: Stage) -> cloudwatch.LogGroup:
    """Made before the server, or RDS makes it, keeps everything for ever and leaves it behind."""
    name = f"{wanted.resource}-log"
    note = Note(reason="the server's log, for so many days", declaration=wanted.declaration)
    return cloudwatch.LogGroup(
        name,
        name=wanted.log,
        retention_in_days=wanted.log_days,
        kms_key_id=wanted.kms_key,
        tags=stage.tags(wanted.declaration, wanted.service),
        opts=stage.options(name, note, protect=wanted.options.protect),
    )


class LogicalDatabase(pulumi.ComponentResource):
    """A database and its role inside a server. Pulumi keeps these properties and makes nothing."""

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("encore:sql:LogicalDatabase", name, props, opts)
        self.register_outputs({})


def _create(wanted: WantedDatabase, server: _Running, stage: Stage) -> dict[str, Any]:
    name, instance, migrations = str(wanted.reference), server.instance, wanted.declared.migrations
    note = Note(reason="declared by the app", declaration=wanted.reference)
    properties = {
        "name": wanted.database,
        "role": wanted.role,
        "password": wanted.password,
        "server": instance.identifier,
        "migrations": _migrations(migrations) if migrations else None,
    }
    options = stage.options(name, note, protect=wanted.protect, needs=[instance])
    LogicalDatabase(name, properties, options)
    found = {"server": wanted.server, "host": instance.address, "port": instance.port}
    return {**_inside(wanted), **found, **server.trust}


def _migrations(found: Migrations) -> dict[str, Any]:
    return {
        "dir": found.dir,
        "source": found.source,
        "files": [file.filename for file in found.files],
    }


def _ask(wanted: WantedDatabase, adopted: AdoptedDatabase, stage: Stage) -> dict[str, Any]:
    """Of what exists already only the address is asked; nothing of it is ours to change."""
    server = rds.get_instance_output(db_instance_identifier=adopted.instance, opts=stage.question)
    return {
        **_inside(wanted),
        "server": f"adopted/{adopted.instance}",
        "host": server.address,
        "port": server.port,
        **_trust(server.ca_cert_identifier, stage),
    }


def _inside(wanted: WantedDatabase) -> dict[str, Any]:
    return {
        "database": wanted.database,
        "username": wanted.role,
        "password": wanted.password,
        "max_connections": wanted.max_connections,
    }


def _server_outputs(server: rds.Instance) -> dict[str, Any]:
    return {
        "identifier": server.identifier,
        "host": server.address,
        "port": server.port,
        "admin": ADMIN,
        "admin_secret": server.master_user_secrets.apply(lambda found: found[0].secret_arn),
    }


def expose(
    graph: Graph, _settings: Settings, outputs: Outputs, roots: Mapping[str, str]
) -> Iterator[SqlBinding]:
    """Every database of the graph. ``roots``: the one PEM by certificate authority.

    Raises ``KeyError`` where apply made a database not, or fetched its root not.
    """
    for declared in graph.databases:
        found = outputs["databases"][declared.name]
        yield SqlBinding(
            name=declared.name,
            server=f"{found['host']}:{int(found['port'])}",
            tls=infra.TLSConfig(ca=roots[found["ca_identifier"]]),
            database=infra.SQLDatabase(
                name=found["database"],
                username=found["username"],
                password=infra.EnvRef(env=found["password"]),
                min_connections=0,
                max_connections=int(found["max_connections"]),
            ),
        )


def findings(graph: Graph, settings: Settings, _names: Names) -> Iterator[Diagnostic]:
    """What cannot work, and in production what a careful person would not want."""
    yield from servers.findings(graph, settings)

"""Caches: what they are decided to be, what Pulumi is asked for, what the app gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, fake_outputs
from tests.support.graphs import cache, graph

from encore_aws.cache_access import access_string
from encore_aws.cloud import ec2
from encore_aws.resources import cache as kind
from encore_aws.resources.network import Made
from encore_aws.settings import Settings
from encore_aws.settings import settings as settled
from encore_aws.stage import Note, Stage
from encore_config import infra
from encore_config.environment import (
    Adopt,
    AdoptedCache,
    CacheSettings,
    Containers,
    Environment,
    EnvironmentEntry,
)
from encore_config.graph import Graph, Service
from encore_config.plan import UNKNOWN
from encore_provisioner.engine.recording import Recorded, Recording, record

APP = graph(caches=(cache("sessions"),))
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
ADOPTED = Adopt(caches={"sessions": AdoptedCache(group="old-one")})
PARTS = ("parameters-valkey8", "user", "user-group")


def settings(type_: Any = "development", **keys: Any) -> Settings:
    entry = EnvironmentEntry(region=REGION, **keys)
    return settled(Environment(name="production", type=type_, settings=entry))


def of(**keys: Any) -> dict[str, CacheSettings]:
    return {"sessions": CacheSettings(**keys)}


def made_by(type_: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """As AWS names things that it has made."""
    if type_.startswith("aws:elasticache/replicationGroup:"):
        host = f"master.{inputs['replicationGroupId']}.abc.eun1.cache.amazonaws.com"
        return {"id": inputs["replicationGroupId"], "primaryEndpointAddress": host}
    return fake_outputs(type_, name, inputs)


def recorded(app: Graph, chosen: Settings, *, made: bool = True) -> tuple[Recording, Any]:
    """The caches, in a network of which only two groups are there."""
    stage = Stage(NAMES)

    def program() -> Mapping[str, Any]:
        groups = [ec2.SecurityGroup(name, name=name) for name in ("compute", "guard")]
        around = Made(
            subnets={"public": ["s-1"], "compute": ["s-2"], "storage": ["s-3", "s-4"]},
            compute=groups[0],
            storage={"cache": groups[1]},
        )
        return kind.create(kind.normalise(app, chosen, NAMES), around, stage)

    found = record(program, project="shop", stack="production", made=made_by if made else None)
    return found, stage.notes


def resources(app: Graph, chosen: Settings) -> dict[str, Recorded]:
    found, notes = recorded(app, chosen)
    caches = {name: item for name, item in by_name(found).items() if name.startswith("cache")}
    assert set(caches) == set(notes)
    return caches


def group(chosen: Settings, app: Graph = APP) -> dict[str, Any]:
    return resources(app, chosen)["cache/sessions"].inputs


def test_a_cache_is_one_primary_with_its_own_user_and_parameters() -> None:
    found = resources(APP, settings())
    assert set(found) == {
        "cache#subnets",
        "cache/sessions",
        *(f"cache/sessions#{part}" for part in PARTS),
    }
    main, inputs = found["cache/sessions"], found["cache/sessions"].inputs
    assert inputs["subnetGroupName"] == found["cache#subnets"].inputs["name"]
    assert inputs["parameterGroupName"] == found["cache/sessions#parameters-valkey8"].inputs["name"]
    assert inputs["userGroupIds"] == [found["cache/sessions#user-group"].inputs["userGroupId"]]
    assert found["cache#subnets"].inputs["subnetIds"] == ["s-3", "s-4"]
    assert found["cache/sessions#user-group"].urn in main.depends_on
    assert inputs["port"] == 6379
    assert inputs["clusterMode"] == "disabled"
    assert inputs["applyImmediately"] is True
    assert "numNodeGroups" not in inputs


def test_only_the_group_that_compute_may_reach_is_its_own() -> None:
    assert group(settings())["securityGroupIds"] == ["guard"]


def test_it_is_encrypted_on_the_wire_and_on_the_disk() -> None:
    plain, own = group(settings()), group(settings(key=KEY))
    for inputs in (plain, own):
        assert inputs["transitEncryptionEnabled"] is True
        assert inputs["transitEncryptionMode"] == "required"
        assert inputs["atRestEncryptionEnabled"] is True
    assert "kmsKeyId" not in plain
    assert own["kmsKeyId"] == KEY


@pytest.mark.parametrize(
    ("type_", "nodes", "failover", "multi_az", "days", "protect"),
    [
        ("production", 2, True, True, 1, True),
        ("development", 1, False, False, 0, False),
        ("ephemeral", 1, False, False, 0, False),
    ],
)
def test_the_type_chooses_how_well_it_is_kept(
    type_: str, nodes: int, failover: bool, multi_az: bool, days: int, protect: bool
) -> None:
    found = resources(APP, settings(type_))["cache/sessions"]
    assert found.inputs["numCacheClusters"] == nodes
    assert found.inputs["automaticFailoverEnabled"] is failover
    assert found.inputs["multiAzEnabled"] is multi_az
    assert found.inputs["snapshotRetentionLimit"] == days
    assert found.protect is protect
    assert ("finalSnapshotIdentifier" in found.inputs) is (days > 0)


def test_the_last_snapshot_is_not_called_like_that_of_an_environment_before() -> None:
    """By the end of the security group's id, which is another one each time."""
    name = group(settings("production"))["finalSnapshotIdentifier"]
    assert name == NAMES.name("cache-final-snapshot", "sessions") + "-guard"


def test_the_file_has_the_last_word() -> None:
    chosen = settings(
        "production",
        caches=of(
            size="cache.r6gd.xlarge", replicas=2, multi_az=False, backup_days=0, protect=False
        ),
    )
    found = resources(APP, chosen)["cache/sessions"]
    assert found.inputs["nodeType"] == "cache.r6gd.xlarge"
    assert found.inputs["dataTieringEnabled"] is True
    assert found.inputs["numCacheClusters"] == 3
    assert found.inputs["automaticFailoverEnabled"] is True
    assert found.inputs["multiAzEnabled"] is False
    assert found.inputs["snapshotRetentionLimit"] == 0
    assert not found.protect
    assert "dataTieringEnabled" not in group(settings())


POLICIES = ("noeviction", "allkeys-lru", "volatile-ttl")


@pytest.mark.parametrize("policy", POLICIES)
def test_the_declared_policy_says_what_is_given_up(policy: str) -> None:
    app = graph(caches=(cache("sessions", policy),))
    parameters = resources(app, settings())["cache/sessions#parameters-valkey8"].inputs
    assert parameters["parameters"] == [{"name": "maxmemory-policy", "value": policy}]


@pytest.mark.parametrize(
    ("engine", "version", "asked", "family"),
    [
        ("valkey", None, "8.2", "valkey8"),
        ("valkey", "7.2", "7.2", "valkey7"),
        ("valkey", "9.0", "9.0", "valkey9"),
        ("redis", None, "7.1", "redis7"),
        ("redis", "7.0", "7.0", "redis7"),
        ("redis", "6.2", "6.2", "redis6.x"),
    ],
)
def test_the_parameters_are_of_the_engines_family(
    engine: Any, version: str | None, asked: str, family: str
) -> None:
    found = resources(APP, settings(caches=of(engine=engine, version=version)))
    assert found["cache/sessions"].inputs["engine"] == engine
    assert found["cache/sessions"].inputs["engineVersion"] == asked
    assert found[f"cache/sessions#parameters-{family}"].inputs["family"] == family


def test_another_family_is_another_group_beside_the_old_one() -> None:
    """Another resource too: the old one goes when the cache has let go of it, and not before."""
    groups = {
        (name, found.inputs["name"])
        for version in ("8.1", "8.2", "9.0")
        for name, found in resources(APP, settings(caches=of(version=version))).items()
        if "#parameters" in name
    }
    assert {name for name, _ in groups} == {
        "cache/sessions#parameters-valkey8",
        "cache/sessions#parameters-valkey9",
    }
    assert len(groups) == 2


def test_a_version_of_the_file_is_followed_and_none_is_left_to_aws() -> None:
    """AWS raises minor versions by itself; to go back would be a new server, and an empty one."""
    named = resources(APP, settings(caches=of(version="8.0")))["cache/sessions"]
    assert named.inputs["autoMinorVersionUpgrade"] is False
    assert named.ignored == ()
    free = resources(APP, settings())["cache/sessions"]
    assert free.inputs["autoMinorVersionUpgrade"] is True
    assert free.ignored == ("engineVersion",)


def test_the_user_is_shut_until_it_has_its_password_and_none_is_in_the_program() -> None:
    for engine, version in (("valkey", None), ("redis", "7.0")):
        found = resources(APP, settings(caches=of(engine=engine, version=version)))
        user = found["cache/sessions#user"]
        assert user.inputs["authenticationMode"] == {"type": "iam"}
        assert user.ignored == ("authenticationMode",)
        assert user.inputs["userId"] == user.inputs["userName"]  # or IAM authentication is refused
        assert user.inputs["accessString"] == access_string(names_clients=engine == "valkey")
        assert user.inputs["engine"] == engine
        for resource in found.values():
            assert not {key for key in resource.inputs if "password" in key.lower()}


def test_an_engine_without_iam_has_its_user_switched_off_at_first() -> None:
    found, _ = recorded(APP, settings(caches=of(engine="redis", version="6.2")))
    user = by_name(found)["cache/sessions#user"]
    assert user.inputs["accessString"] == "off -@all"
    assert user.inputs["authenticationMode"] == {"type": "no-password-required"}
    assert user.ignored == ("accessString", "authenticationMode")
    assert found.outputs["caches"]["sessions"]["access"] == access_string(names_clients=False)
    main = by_name(found)["cache/sessions"].inputs
    assert not {"transitEncryptionMode", "clusterMode"} & set(main)
    assert main["transitEncryptionEnabled"] is True


def test_redis_gets_a_default_user_that_can_do_nothing_and_valkey_none() -> None:
    found = resources(APP, settings(caches=of(engine="redis")))
    nobody = found["cache/sessions#default-user"].inputs
    assert nobody["userName"] == "default"
    assert nobody["accessString"] == "off -@all"
    members = found["cache/sessions#user-group"].inputs
    assert members["userIds"] == [found["cache/sessions#user"].inputs["userId"], nobody["userId"]]
    assert members["engine"] == "redis"
    valkey = resources(APP, settings())
    assert valkey["cache/sessions#user-group"].inputs["userIds"] == [
        valkey["cache/sessions#user"].inputs["userId"]
    ]
    assert valkey["cache/sessions#user-group"].inputs["engine"] == "valkey"


def test_what_is_adopted_is_looked_up_and_nothing_is_made() -> None:
    found, _ = recorded(APP, settings(adopt=ADOPTED), made=False)
    assert not [name for name in by_name(found) if name.startswith("cache")]
    assert found.outputs["caches"] == {"sessions": {"host": UNKNOWN, "port": UNKNOWN}}


def test_an_app_without_caches_makes_nothing() -> None:
    found, _ = recorded(graph(), settings())
    assert not [name for name in by_name(found) if name.startswith("cache")]
    assert found.outputs["caches"] == {}


def bound(chosen: Settings, outputs: Mapping[str, Any]) -> infra.Redis:
    (found,) = kind.expose(APP, chosen, outputs)
    assert found.name == "sessions"
    return found.redis


def test_the_app_logs_in_to_the_primary_over_tls() -> None:
    found, _ = recorded(APP, settings())
    main = by_name(found)["cache/sessions"].inputs["replicationGroupId"]
    user = by_name(found)["cache/sessions#user"].inputs["userName"]
    assert bound(settings(), found.outputs) == infra.Redis(
        host=f"master.{main}.abc.eun1.cache.amazonaws.com:6379",
        database_index=0,
        auth=infra.RedisAuth(
            type="acl",
            username=user,
            password=infra.EnvRef(env="INFRA_REDIS_sessions_PASSWORD"),
        ),
        tls_config=infra.TLSConfig(),
        max_connections=kind.POOL,
        in_memory=False,
    )


def test_an_adopted_cache_is_entered_as_the_file_says() -> None:
    outputs = {"caches": {"sessions": {"host": "old.example", "port": 6380.0}}}
    password = infra.EnvRef(env="INFRA_REDIS_sessions_PASSWORD")
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:old-a1B2c3"

    def auth(**keys: Any) -> infra.RedisAuth | None:
        adopt = Adopt(caches={"sessions": AdoptedCache(group="old-one", **keys)})
        found = bound(settings(adopt=adopt), outputs)
        assert found.host == "old.example:6380"
        return found.auth

    assert auth() is None
    assert auth(password=secret) == infra.RedisAuth(type="auth_string", auth_string=password)
    assert auth(username="app", password=secret) == infra.RedisAuth(
        type="acl", username="app", password=password
    )


def test_the_file_may_say_how_many_connections() -> None:
    outputs = {"caches": {"sessions": {"host": "h", "port": 6379, "username": "app"}}}
    assert bound(settings(caches=of(max_connections=7)), outputs).max_connections == 7


def test_a_cache_that_no_apply_made_is_not_bound() -> None:
    with pytest.raises(KeyError, match="sessions"):
        bound(settings(), {"caches": {}})


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("E9230", {"engine": "redis", "version": "6.0"}, "LMOVE"),
    ("E9230", {"engine": "redis", "version": "6.x"}, "two numbers"),
    ("E9230", {"engine": "redis", "version": "7.1.0"}, "two numbers"),
    ("E9230", {"engine": "redis", "version": "8.0"}, "Valkey"),
    ("E9230", {"version": "7.0"}, "7.2"),
    ("E9230", {"version": "newest"}, "two numbers"),
    ("E9231", {"multi_az": True, "replicas": 0}, "another zone"),
    ("E9232", {"max_connections": 65_001}, "65,001"),
    ("E9235", {"size": "db.t4g.micro"}, "db.t4g.micro"),
    ("E9235", {"size": "t4g.micro"}, "`t4g.micro`"),
    ("E9235", {"size": "cache.t2.micro"}, "old generation"),
]


@pytest.mark.parametrize(("code", "keys", "word"), WRONG)
def test_what_elasticache_would_refuse_is_said_before(
    code: str, keys: dict[str, Any], word: str
) -> None:
    (found,) = kind.findings(APP, settings(caches=of(**keys)), NAMES)
    assert found.code == code
    assert found.severity == "error"
    assert found.message.startswith("environments.production.caches.sessions")
    assert word in found.message
    assert found.hint


@pytest.mark.parametrize(
    ("policy", "refused"),
    [("volatile-ttl", True), ("allkeys-random", True), ("volatile-lfu", False)],
)
def test_nodes_with_a_disk_do_not_know_every_policy(policy: str, refused: bool) -> None:
    app = graph(caches=(cache("sessions", policy),))
    found = tuple(kind.findings(app, settings(caches=of(size="cache.r6gd.xlarge")), NAMES))
    assert [item.code for item in found] == (["E9235"] if refused else [])
    assert not tuple(kind.findings(app, settings(caches=of(size="cache.r7g.xlarge")), NAMES))


@pytest.mark.parametrize("type_", ["production", "development", "ephemeral", "test"])
@pytest.mark.parametrize(
    "keys", [{}, {"version": "9.0"}, {"engine": "redis", "version": "6.2"}, {"engine": "redis"}]
)
def test_what_elasticache_takes_is_no_finding(type_: str, keys: dict[str, Any]) -> None:
    assert list(kind.findings(APP, settings(type_, caches=of(**keys)), NAMES)) == []


def test_connections_are_counted_over_all_processes() -> None:
    """Each container has its own pool, and each of Node's threads in it."""
    app = graph(caches=(cache("sessions"),))
    shared = Containers(replicas=2, worker_threads=2)
    fits = settings(containers=shared, caches=of(max_connections=65_000 // 4))
    assert list(kind.findings(app, fits, NAMES)) == []
    over = settings(containers=shared, caches=of(max_connections=65_000 // 4 + 1))
    (found,) = kind.findings(app, over, NAMES)
    assert "4 processes" in found.message
    assert "16250 at most" in (found.hint or "")


def test_only_containers_that_use_a_cache_are_counted() -> None:
    split = Containers(layout="per-service", replicas=1)
    chosen = settings(containers=split, caches=of(max_connections=65_000))
    services = tuple(Service(name=n, root=n, at=APP.caches[0].at) for n in ("a", "b"))
    unused = Graph(app=APP.app, gateway=APP.gateway, services=services, caches=APP.caches)
    assert list(kind.findings(unused, chosen, NAMES)) == []


def test_an_adopted_user_needs_a_password_and_its_shape_is_not_ours() -> None:
    adopt = Adopt(caches={"sessions": AdoptedCache(group="old-one", username="app")})
    chosen = settings(adopt=adopt, caches=of(version="5.0", multi_az=True))
    (found,) = kind.findings(APP, chosen, NAMES)
    assert found.code == "E9234"
    assert found.message.startswith("environments.production.adopt.caches.sessions ")
    assert list(kind.findings(APP, settings(adopt=ADOPTED), NAMES)) == []


def test_every_resource_says_what_caused_it_and_whose_it_is() -> None:
    found, notes = recorded(APP, settings(caches=of(engine="redis")))
    for resource in found.resources:
        if not resource.name.startswith("cache"):
            continue
        note: Note = notes[resource.name]
        assert note.reason
        assert resource.inputs["tags"]["encore:environment"] == "production"
        if resource.name != "cache#subnets":
            assert str(note.declaration) == "cache/sessions"
            assert resource.inputs["tags"]["encore:declaration"] == "cache/sessions"

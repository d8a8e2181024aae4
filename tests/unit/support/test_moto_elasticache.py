"""A cache that one can log in to, and what ElastiCache refuses."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests.support.aws_inside import Inside
from tests.support.moto_server import MotoServer

Client = Any
ACCESS = "on ~* -@all +get +set +ping"
ALLKEYS, NOEVICTION = ({b"maxmemory-policy": each} for each in (b"allkeys-lfu", b"noeviction"))
PASSWORD = "a-password-of-the-user-1"


def user(client: Client, name: str = "app", **more: Any) -> None:
    given = {
        "UserName": name,
        "Engine": "valkey",
        "AccessString": ACCESS,
        "AuthenticationMode": {"Type": "iam"},
    }
    client("elasticache").create_user(UserId=name, **{**given, **more})


def parameters(client: Client, family: str = "valkey8") -> None:
    client("elasticache").create_cache_parameter_group(
        CacheParameterGroupName="params", CacheParameterGroupFamily=family, Description="d"
    )
    client("elasticache").modify_cache_parameter_group(
        CacheParameterGroupName="params",
        ParameterNameValues=[
            {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lfu"}
        ],
    )


def groups(client: Client, network: dict[str, Any]) -> None:
    """All that a cache lies in, and ``app`` who may log in."""
    user(client)
    client("elasticache").create_user_group(UserGroupId="users", Engine="valkey", UserIds=["app"])
    client("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName="places",
        CacheSubnetGroupDescription="d",
        SubnetIds=network["subnets"],
    )
    parameters(client)


def create(client: Client, network: dict[str, Any], **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "ReplicationGroupId": "sessions",
        "ReplicationGroupDescription": "d",
        "Engine": "valkey",
        "EngineVersion": "8.0",
        "CacheNodeType": "cache.t4g.micro",
        "NumCacheClusters": 1,
        "CacheParameterGroupName": "params",
        "CacheSubnetGroupName": "places",
        "SecurityGroupIds": [network["storage"]],
        "UserGroupIds": ["users"],
        "TransitEncryptionEnabled": True,
        "Port": 6379,
        "Tags": [{"Key": "app", "Value": "shop"}],
    }
    client("elasticache").create_replication_group(**{**given, **more})
    return look(client)


def look(client: Client) -> dict[str, Any]:
    found = client("elasticache").describe_replication_groups(ReplicationGroupId="sessions")
    return dict(found["ReplicationGroups"][0])


def log_in(
    found: dict[str, Any], inside: Inside, name: str | None = "app", password: str | None = PASSWORD
) -> redis.Redis:
    at = found["NodeGroups"][0]["PrimaryEndpoint"]
    return redis.Redis(
        host=at["Address"],
        port=at["Port"],
        username=name,
        password=password,
        ssl=True,
        ssl_ca_certs=str(inside.system_roots),
        ssl_check_hostname=True,
        retry=Retry(NoBackoff(), 0),
    )


def open_up(client: Client, name: str = "app", password: str = PASSWORD) -> None:
    """As an apply does: give a password, and wait."""
    elasticache = client("elasticache")
    elasticache.modify_user(
        UserId=name,
        AccessString=ACCESS,
        AuthenticationMode={"Type": "password", "Passwords": [password]},
    )
    seen: list[str] = []
    while not seen or seen[-1] != "active":
        seen.append(elasticache.describe_users(UserId=name)["Users"][0]["Status"])
    assert seen == ["modifying", "active"]


def test_a_user_without_a_password_is_shut_out_until_he_has_one(
    client: Client, network: dict[str, Any], inside: Inside
) -> None:
    groups(client, network)
    found = create(client, network)
    with log_in(found, inside) as cache, pytest.raises(redis.AuthenticationError):
        cache.ping()
    open_up(client)
    with log_in(found, inside) as cache:
        cache.set("key", "value")
        assert cache.get("key") == b"value"
        with pytest.raises(redis.ResponseError, match="no permissions"):
            cache.delete("key")
    with log_in(found, inside, None, None) as cache, pytest.raises(redis.AuthenticationError):
        cache.ping()
    open_up(client, password="another-password-of-it-2")
    with log_in(found, inside) as cache, pytest.raises(redis.AuthenticationError):
        cache.ping()


def test_the_server_has_the_policy_of_its_parameters(
    aws: MotoServer, client: Client, network: dict[str, Any]
) -> None:
    groups(client, network)
    create(client, network)
    machine = aws.caches.caches.machines["sessions"]
    assert machine.ask("CONFIG", "GET", "maxmemory-policy") == ALLKEYS
    client("elasticache").modify_cache_parameter_group(
        CacheParameterGroupName="params",
        ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"}],
    )
    assert machine.ask("CONFIG", "GET", "maxmemory-policy") == NOEVICTION
    found = client("elasticache").describe_cache_parameters(
        CacheParameterGroupName="params", Source="user"
    )
    assert [each["ParameterValue"] for each in found["Parameters"]] == ["noeviction"]


def test_who_leaves_the_group_is_shut_out(
    client: Client, network: dict[str, Any], inside: Inside
) -> None:
    groups(client, network)
    found = create(client, network)
    user(client, "other", AuthenticationMode={"Type": "password", "Passwords": [PASSWORD]})
    elasticache = client("elasticache")
    elasticache.modify_user_group(UserGroupId="users", UserIdsToAdd=["other"])
    with log_in(found, inside, "other") as cache:
        assert cache.ping() is True
    elasticache.modify_user_group(UserGroupId="users", UserIdsToRemove=["other"])
    with log_in(found, inside, "other") as cache, pytest.raises(redis.AuthenticationError):
        cache.ping()


def test_a_cache_as_it_is_described(client: Client, network: dict[str, Any]) -> None:
    groups(client, network)
    found = create(client, network)
    assert (found["Status"], found["UserGroupIds"], found["MemberClusters"]) == (
        "available",
        ["users"],
        ["sessions-001"],
    )
    elasticache = client("elasticache")
    (cluster,) = elasticache.describe_cache_clusters(CacheClusterId="sessions-001")["CacheClusters"]
    assert (cluster["CacheSubnetGroupName"], cluster["EngineVersion"]) == ("places", "8.0.0")
    tags = elasticache.list_tags_for_resource(ResourceName=found["ARN"])["TagList"]
    assert tags == [{"Key": "app", "Value": "shop"}]
    elasticache.add_tags_to_resource(ResourceName=found["ARN"], Tags=[{"Key": "a", "Value": "b"}])
    elasticache.remove_tags_from_resource(ResourceName=found["ARN"], TagKeys=["app"])
    tags = elasticache.list_tags_for_resource(ResourceName=found["ARN"])["TagList"]
    assert tags == [{"Key": "a", "Value": "b"}]


def test_a_cache_changes_and_keeps_what_it_holds(
    client: Client, network: dict[str, Any], inside: Inside
) -> None:
    groups(client, network)
    create(client, network)
    open_up(client)
    with log_in(look(client), inside) as cache:
        cache.set("key", "value")
    elasticache = client("elasticache")
    elasticache.increase_replica_count(
        ReplicationGroupId="sessions", NewReplicaCount=1, ApplyImmediately=True
    )
    elasticache.modify_replication_group(
        ReplicationGroupId="sessions",
        CacheNodeType="cache.t4g.small",
        AutomaticFailoverEnabled=True,
        ApplyImmediately=True,
    )
    found = look(client)
    assert (found["CacheNodeType"], found["AutomaticFailover"], len(found["MemberClusters"])) == (
        "cache.t4g.small",
        "enabled",
        2,
    )
    with log_in(found, inside) as cache:
        assert cache.get("key") == b"value"


def test_it_goes_with_all_that_it_lay_in(
    aws: MotoServer, client: Client, network: dict[str, Any]
) -> None:
    groups(client, network)
    create(client, network)
    elasticache = client("elasticache")
    for delete, name in (
        ("delete_cache_parameter_group", {"CacheParameterGroupName": "params"}),
        ("delete_cache_subnet_group", {"CacheSubnetGroupName": "places"}),
        ("delete_user_group", {"UserGroupId": "users"}),
    ):
        with pytest.raises(ClientError):
            getattr(elasticache, delete)(**name)
    elasticache.delete_replication_group(
        ReplicationGroupId="sessions", FinalSnapshotIdentifier="last"
    )
    assert aws.caches.caches.machines == {}
    assert [s["SnapshotName"] for s in elasticache.describe_snapshots()["Snapshots"]] == ["last"]
    with pytest.raises(ClientError, match="ReplicationGroupNotFoundFault"):
        look(client)
    elasticache.delete_cache_parameter_group(CacheParameterGroupName="params")
    elasticache.delete_cache_subnet_group(CacheSubnetGroupName="places")
    elasticache.delete_user_group(UserGroupId="users")
    elasticache.delete_user(UserId="app")
    assert elasticache.describe_users(UserId="app")["Users"][0]["Status"] == "deleting"
    with pytest.raises(ClientError, match="UserNotFound"):
        elasticache.describe_users(UserId="app")


def test_users_that_elasticache_refuses(client: Client) -> None:
    for given, code in (
        ({"AuthenticationMode": {"Type": "password", "Passwords": ["short"]}}, "ParameterValue"),
        ({"AuthenticationMode": {"Type": "password"}}, "ParameterValue"),
        ({"UserName": "another"}, "should match when using IAM"),
    ):
        with pytest.raises(ClientError, match=code):
            user(client, **given)
    user(client)
    with pytest.raises(ClientError, match="UserAlreadyExists"):
        user(client)


OPEN: dict[str, Any] = {"AuthenticationMode": {"Type": "no-password-required"}}


@pytest.mark.parametrize(
    ("engine", "members", "code"),
    [
        ("valkey", {"app": OPEN}, "InvalidParameterValue"),
        ("redis", {"app": {"Engine": "redis"}}, "DefaultUserRequired"),
        ("redis", {"app": {}, "off": {"UserName": "default", **OPEN}}, "InvalidParameterValue"),
        (
            "valkey",
            {
                "app": {
                    "UserName": "twin",
                    "AuthenticationMode": {"Type": "password", "Passwords": [PASSWORD]},
                },
                "app2": {
                    "UserName": "twin",
                    "AuthenticationMode": {"Type": "password", "Passwords": [PASSWORD]},
                },
            },
            "DuplicateUserName",
        ),
    ],
)
def test_groups_that_elasticache_refuses(
    client: Client, engine: str, members: dict[str, Any], code: str
) -> None:
    for name, given in members.items():
        user(client, name, **given)
    with pytest.raises(ClientError, match=code):
        client("elasticache").create_user_group(
            UserGroupId="users", Engine=engine, UserIds=list(members)
        )


def test_a_group_of_redis_with_its_default_switched_off(
    client: Client, network: dict[str, Any], inside: Inside
) -> None:
    user(client, "off", UserName="default", Engine="redis", AccessString="off -@all", **OPEN)
    user(client, "app", Engine="redis")
    groups = client("elasticache")
    groups.create_user_group(UserGroupId="users", Engine="redis", UserIds=["off", "app"])
    groups.create_cache_subnet_group(
        CacheSubnetGroupName="places", CacheSubnetGroupDescription="d", SubnetIds=network["subnets"]
    )
    parameters(client, "redis7")
    found = create(client, network, Engine="redis", EngineVersion="7.1")
    open_up(client)
    with log_in(found, inside) as cache:
        assert cache.ping() is True
    with log_in(found, inside, None, None) as cache, pytest.raises(redis.AuthenticationError):
        cache.ping()
    with pytest.raises(ClientError, match="DefaultUserAssociated"):
        groups.delete_user(UserId="off")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"EngineVersion": "7.2"}, "InvalidParameterCombination"),
        ({"CacheParameterGroupName": "other"}, "CacheParameterGroupNotFound"),
        ({"CacheSubnetGroupName": "other"}, "CacheSubnetGroupNotFoundFault"),
        ({"UserGroupIds": ["other"]}, "UserGroupNotFound"),
        ({"TransitEncryptionEnabled": False}, "InvalidParameterCombination"),
        ({"AutomaticFailoverEnabled": True}, "InvalidParameterCombination"),
        ({"MultiAZEnabled": True, "NumCacheClusters": 2}, "InvalidParameterCombination"),
    ],
)
def test_caches_that_elasticache_refuses(
    client: Client, network: dict[str, Any], given: dict[str, Any], code: str
) -> None:
    groups(client, network)
    with pytest.raises(ClientError, match=code):
        create(client, network, **given)
    with pytest.raises(ClientError, match="NotFound"):
        look(client)


def test_a_parameter_that_does_not_exist(client: Client) -> None:
    parameters(client)
    with pytest.raises(ClientError, match="does not exist"):
        client("elasticache").modify_cache_parameter_group(
            CacheParameterGroupName="params",
            ParameterNameValues=[{"ParameterName": "tls-port", "ParameterValue": "1"}],
        )

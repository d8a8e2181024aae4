"""What of ElastiCache holds keys: replication groups, and the groups that they lie in.

Documents are kept as AWS shows them. Where there is an :class:`Inside`, each replication group is
one real Valkey behind TLS with the users of its groups and the eviction policy of its parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from tests.support.aws_inside import CacheUser, Inside, ValkeyMachine
from tests.support.moto_network import Lying
from tests.support.moto_parts import ACCOUNT, REGION, backend
from tests.support.moto_wire import Refused

Given = dict[str, Any]
Document = dict[str, Any]
_ARN: Final = f"arn:aws:elasticache:{REGION}:{ACCOUNT}"
_POLICY: Final = "maxmemory-policy"
_USUAL: Final = {_POLICY: "volatile-lru", "timeout": "0", "notify-keyspace-events": ""}
"""Some of the parameters of every family."""


class Caches:
    """``groups`` are those of users; ``users`` tells who may log in by them."""

    def __init__(
        self,
        inside: Inside | None,
        tag: Callable[[str, list[Mapping[str, str]]], None],
        groups: dict[str, Document],
        users: Callable[[list[str]], Iterable[CacheUser]],
    ) -> None:
        self._inside, self._tag, self._groups, self._users = inside, tag, groups, users
        self.replication: dict[str, Document] = {}
        self.machines: dict[str, ValkeyMachine] = {}
        self.parameters: dict[str, Document] = {}
        self.values: dict[str, dict[str, str]] = {}
        self.subnets: dict[str, Document] = {}
        self.snapshots: dict[str, Document] = {}
        self.does: dict[str, Callable[[Given], Mapping[str, Any]]] = {
            "CreateCacheParameterGroup": self._create_parameters,
            "ModifyCacheParameterGroup": self._modify_parameters,
            "ResetCacheParameterGroup": self._reset_parameters,
            "DeleteCacheParameterGroup": self._delete_parameters,
            "DescribeCacheParameterGroups": self._describe_parameters,
            "DescribeCacheParameters": self._describe_values,
            "CreateCacheSubnetGroup": self._create_subnets,
            "ModifyCacheSubnetGroup": self._modify_subnets,
            "DeleteCacheSubnetGroup": self._delete_subnets,
            "DescribeCacheSubnetGroups": self._describe_subnets,
            "CreateReplicationGroup": self._create,
            "ModifyReplicationGroup": self._modify,
            "IncreaseReplicaCount": self._count,
            "DecreaseReplicaCount": self._count,
            "DeleteReplicationGroup": self._delete,
            "DescribeReplicationGroups": self._describe,
            "DescribeCacheClusters": self._describe_clusters,
            "DescribeSnapshots": self._describe_snapshots,
            "DeleteSnapshot": self._delete_snapshot,
        }

    def forget(self) -> None:
        for machine in self.machines.values():
            machine.stop()
        for kept in (
            *(self.replication, self.machines, self.parameters, self.values),
            *(self.subnets, self.snapshots),
        ):
            kept.clear()

    def users_of(self, group: str) -> list[str]:
        """The replication groups that a group of users may log in to."""
        return [name for name, each in self.replication.items() if group in each["UserGroupIds"]]

    def servers(self) -> Iterator[Lying]:
        for found in self.replication.values():
            group = self.subnets[found["_given"]["CacheSubnetGroupName"]]
            yield Lying(
                groups=tuple(found["_given"].get("SecurityGroupIds", ())),
                subnets=tuple(each["SubnetIdentifier"] for each in group["Subnets"]),
                at=found["_at"],
            )

    def let_in(self) -> None:
        """Tell every server who may log in now."""
        for name, machine in self.machines.items():
            machine.let_in(tuple(self._users(self.replication[name]["UserGroupIds"])))

    # Replication groups.

    def _create(self, given: Given) -> Mapping[str, Any]:
        name = given["ReplicationGroupId"]
        if name in self.replication:
            raise Refused("ReplicationGroupAlreadyExists", f"{name} already exists.")
        self._check(given)
        subnets = given.get("CacheSubnetGroupName", "default")
        if subnets not in self.subnets:
            raise Refused("CacheSubnetGroupNotFoundFault", f"Subnet group {subnets} not found.")
        host, port = self._start(name, given.get("Port", 6379))
        self.replication[name] = _new(given, host, port)
        self._settle(name)
        self._tag(self.replication[name]["ARN"], given.get("Tags", []))
        return {"ReplicationGroup": _shown(self.replication[name])}

    def _check(self, given: Given) -> None:
        engine = given["Engine"]
        parameters = given.get("CacheParameterGroupName")
        if parameters is not None:
            self._check_family(engine, given["EngineVersion"], parameters)
        for group in given.get("UserGroupIds", []):
            if group not in self._groups:
                raise Refused("UserGroupNotFound", f"UserGroup {group} not found.", 404)
            if not given.get("TransitEncryptionEnabled"):
                raise Refused(
                    "InvalidParameterCombination",
                    "User group based access control requires encryption-in-transit.",
                )
            if engine == "redis" and self._groups[group]["Engine"] != "redis":
                raise Refused("InvalidParameterValue", f"{group} is of another engine.")
        if given.get("MultiAZEnabled") and not given.get("AutomaticFailoverEnabled"):
            raise Refused("InvalidParameterCombination", "MultiAZ needs automatic failover.")
        if given.get("AutomaticFailoverEnabled") and given.get("NumCacheClusters", 1) < 2:
            raise Refused(
                "InvalidParameterCombination",
                "Automatic failover needs at least 2 cache clusters.",
            )

    def _check_family(self, engine: str, version: str, parameters: str) -> None:
        family = f"{engine}{version.partition('.')[0]}"
        found = self._parameters(parameters)["CacheParameterGroupFamily"]
        if found.removesuffix(".x") != family:
            raise Refused(
                "InvalidParameterCombination",
                f"Expected a parameter group of family {family} but found one of family {found}",
            )

    def _start(self, name: str, port: int) -> tuple[str, int]:
        if self._inside is None:
            return f"master.{name}.aaaaaa.{REGION}.cache.amazonaws.com", port
        machine = self._inside.valkey(name, port=port)
        self.machines[name] = machine
        return machine.host, machine.port

    def _settle(self, name: str) -> None:
        """Give the server what its group says."""
        machine, found = self.machines.get(name), self.replication[name]
        if machine is not None:
            machine.let_in(tuple(self._users(found["UserGroupIds"])))
            values = self.values.get(found["_given"]["CacheParameterGroupName"], {})
            machine.evict(values.get(_POLICY, _USUAL[_POLICY]))

    def _modify(self, given: Given) -> Mapping[str, Any]:
        found = self._found(given["ReplicationGroupId"])
        before: Document = found["_given"]
        gone = given.get("UserGroupIdsToRemove", [])
        users = [each for each in found["UserGroupIds"] if each not in gone]
        users += [each for each in given.get("UserGroupIdsToAdd", []) if each not in users]
        changed = {key: value for key, value in given.items() if key in _CHANGED}
        now = {**before, **changed, "UserGroupIds": users}
        self._check(now)
        name, (host, port) = given["ReplicationGroupId"], found["_at"]
        self.replication[name] = _new(now, host, port)
        self._settle(name)
        return {"ReplicationGroup": _shown(self.replication[name])}

    def _count(self, given: Given) -> Mapping[str, Any]:
        nodes = {"NumCacheClusters": given["NewReplicaCount"] + 1}
        found = self._found(given["ReplicationGroupId"])
        if nodes["NumCacheClusters"] == found["_given"].get("NumCacheClusters", 1):
            raise Refused("InvalidParameterValue", "The number of replicas is that already.")
        if nodes["NumCacheClusters"] < 2 and found["AutomaticFailover"] == "enabled":
            raise Refused(
                "InvalidReplicationGroupState", "Automatic failover needs one replica at least."
            )
        return self._modify({"ReplicationGroupId": given["ReplicationGroupId"], **nodes})

    def _delete(self, given: Given) -> Mapping[str, Any]:
        found = self._found(given["ReplicationGroupId"])
        snapshot = given.get("FinalSnapshotIdentifier")
        if snapshot in self.snapshots:
            raise Refused("SnapshotAlreadyExistsFault", f"Snapshot {snapshot} already exists.")
        if snapshot is not None:
            self.snapshots[snapshot] = {
                "SnapshotName": snapshot,
                "ReplicationGroupId": given["ReplicationGroupId"],
                "SnapshotStatus": "available",
                "SnapshotSource": "manual",
                "ARN": f"{_ARN}:snapshot:{snapshot}",
            }
        del self.replication[given["ReplicationGroupId"]]
        machine = self.machines.pop(given["ReplicationGroupId"], None)
        if machine is not None:
            machine.stop()
        return {"ReplicationGroup": {**_shown(found), "Status": "deleting"}}

    def _describe(self, given: Given) -> Mapping[str, Any]:
        wanted = given.get("ReplicationGroupId")
        found = [self._found(wanted)] if wanted else list(self.replication.values())
        return {"ReplicationGroups": [_shown(each) for each in found]}

    def _found(self, name: str) -> Document:
        if name not in self.replication:
            raise Refused(
                "ReplicationGroupNotFoundFault", f"ReplicationGroup {name} not found.", 404
            )
        return self.replication[name]

    def _describe_clusters(self, given: Given) -> Mapping[str, Any]:
        every = [
            cluster
            for each in self.replication.values()
            for cluster in _clusters(each)
            if given.get("CacheClusterId") in (None, cluster["CacheClusterId"])
        ]
        if not every and "CacheClusterId" in given:
            raise Refused("CacheClusterNotFound", f"{given['CacheClusterId']} not found.", 404)
        return {"CacheClusters": every}

    def _describe_snapshots(self, given: Given) -> Mapping[str, Any]:
        name, group = given.get("SnapshotName"), given.get("ReplicationGroupId")
        if name is not None and name not in self.snapshots:
            raise Refused("SnapshotNotFoundFault", f"Snapshot {name} not found.", 404)
        return {
            "Snapshots": [
                each
                for each in self.snapshots.values()
                if name in (None, each["SnapshotName"])
                and group in (None, each["ReplicationGroupId"])
            ]
        }

    def _delete_snapshot(self, given: Given) -> Mapping[str, Any]:
        (found,) = self._describe_snapshots({"SnapshotName": given["SnapshotName"]})["Snapshots"]
        del self.snapshots[given["SnapshotName"]]
        return {"Snapshot": {**found, "SnapshotStatus": "deleting"}}

    # Groups of parameters.

    def _create_parameters(self, given: Given) -> Mapping[str, Any]:
        name = given["CacheParameterGroupName"]
        if name in self.parameters:
            raise Refused("CacheParameterGroupAlreadyExists", f"{name} already exists.")
        arn = f"{_ARN}:parametergroup:{name}"
        self.parameters[name] = {
            "CacheParameterGroupName": name,
            "CacheParameterGroupFamily": given["CacheParameterGroupFamily"],
            "Description": given["Description"],
            "IsGlobal": False,
            "ARN": arn,
        }
        self.values[name] = {}
        self._tag(arn, given.get("Tags", []))
        return {"CacheParameterGroup": self.parameters[name]}

    def _modify_parameters(self, given: Given) -> Mapping[str, Any]:
        name = self._parameters(given["CacheParameterGroupName"])["CacheParameterGroupName"]
        for each in given["ParameterNameValues"]:
            if each["ParameterName"] not in _USUAL:
                raise Refused(
                    "InvalidParameterValue",
                    f"The parameter {each['ParameterName']} cannot be modified or does not exist.",
                )
            self.values[name][each["ParameterName"]] = each["ParameterValue"]
        self._settle_all()
        return {"CacheParameterGroupName": name}

    def _reset_parameters(self, given: Given) -> Mapping[str, Any]:
        name = self._parameters(given["CacheParameterGroupName"])["CacheParameterGroupName"]
        if given.get("ResetAllParameters"):
            self.values[name].clear()
        for each in given.get("ParameterNameValues", []):
            self.values[name].pop(each["ParameterName"], None)
        self._settle_all()
        return {"CacheParameterGroupName": name}

    def _settle_all(self) -> None:
        for name in self.replication:
            self._settle(name)

    def _delete_parameters(self, given: Given) -> Mapping[str, Any]:
        name = self._parameters(given["CacheParameterGroupName"])["CacheParameterGroupName"]
        for each in self.replication.values():
            if each["_given"]["CacheParameterGroupName"] == name:
                raise Refused("InvalidCacheParameterGroupState", f"{name} is still in use.")
        del self.parameters[name], self.values[name]
        return {}

    def _describe_parameters(self, given: Given) -> Mapping[str, Any]:
        wanted = given.get("CacheParameterGroupName")
        found = [self._parameters(wanted)] if wanted else list(self.parameters.values())
        return {"CacheParameterGroups": found}

    def _describe_values(self, given: Given) -> Mapping[str, Any]:
        name = self._parameters(given["CacheParameterGroupName"])["CacheParameterGroupName"]
        ours = self.values[name]
        return {
            "Parameters": [
                {
                    "ParameterName": key,
                    "ParameterValue": ours.get(key, value),
                    "Source": "user" if key in ours else "system",
                    "IsModifiable": True,
                }
                for key, value in _USUAL.items()
                if given.get("Source") in (None, "user" if key in ours else "system")
            ]
        }

    def _parameters(self, name: str) -> Document:
        if name not in self.parameters:
            raise Refused(
                "CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.", 404
            )
        return self.parameters[name]

    # Groups of subnets.

    def _create_subnets(self, given: Given) -> Mapping[str, Any]:
        name = given["CacheSubnetGroupName"]
        if name in self.subnets:
            raise Refused("CacheSubnetGroupAlreadyExists", f"{name} already exists.")
        self.subnets[name] = _subnet_group(given)
        self._tag(self.subnets[name]["ARN"], given.get("Tags", []))
        return {"CacheSubnetGroup": self.subnets[name]}

    def _modify_subnets(self, given: Given) -> Mapping[str, Any]:
        before = self._subnets(given["CacheSubnetGroupName"])
        known = {
            "CacheSubnetGroupDescription": before["CacheSubnetGroupDescription"],
            "SubnetIds": [each["SubnetIdentifier"] for each in before["Subnets"]],
        }
        self.subnets[given["CacheSubnetGroupName"]] = _subnet_group({**known, **given})
        return {"CacheSubnetGroup": self.subnets[given["CacheSubnetGroupName"]]}

    def _delete_subnets(self, given: Given) -> Mapping[str, Any]:
        name = self._subnets(given["CacheSubnetGroupName"])["CacheSubnetGroupName"]
        for each in self.replication.values():
            if each["_given"]["CacheSubnetGroupName"] == name:
                raise Refused("CacheSubnetGroupInUse", f"Cache subnet group {name} is in use.")
        del self.subnets[name]
        return {}

    def _describe_subnets(self, given: Given) -> Mapping[str, Any]:
        wanted = given.get("CacheSubnetGroupName")
        found = [self._subnets(wanted)] if wanted else list(self.subnets.values())
        return {"CacheSubnetGroups": found}

    def _subnets(self, name: str) -> Document:
        if name not in self.subnets:
            raise Refused("CacheSubnetGroupNotFoundFault", f"CacheSubnetGroup {name} not found.")
        return self.subnets[name]


_CHANGED: Final = frozenset(
    {
        *("ReplicationGroupDescription", "CacheNodeType", "Engine", "EngineVersion"),
        *("CacheParameterGroupName", "SecurityGroupIds", "SnapshotRetentionLimit"),
        *("AutomaticFailoverEnabled", "MultiAZEnabled", "AutoMinorVersionUpgrade"),
        *("NumCacheClusters", "SnapshotWindow", "PreferredMaintenanceWindow", "ClusterMode"),
        *("TransitEncryptionEnabled", "TransitEncryptionMode"),
    }
)


def _subnet_group(given: Given) -> Document:
    known = backend("ec2").subnets
    every = {id_: subnet for zone in known.values() for id_, subnet in zone.items()}
    missing = [each for each in given["SubnetIds"] if each not in every]
    if missing:
        raise Refused("InvalidSubnet", f"The requested subnet {missing[0]} does not exist.")
    subnets = [every[each] for each in given["SubnetIds"]]
    return {
        "CacheSubnetGroupName": given["CacheSubnetGroupName"],
        "CacheSubnetGroupDescription": given["CacheSubnetGroupDescription"],
        "VpcId": subnets[0].vpc_id,
        "Subnets": [
            {
                "SubnetIdentifier": each.id,
                "SubnetAvailabilityZone": {"Name": each.availability_zone},
            }
            for each in subnets
        ],
        "ARN": f"{_ARN}:subnetgroup:{given['CacheSubnetGroupName']}",
    }


def _new(given: Given, host: str, port: int) -> Document:
    """``_given`` and ``_at`` are ours, and are shown to nobody."""
    name, nodes = given["ReplicationGroupId"], given.get("NumCacheClusters", 1)
    members = [f"{name}-{number + 1:03}" for number in range(nodes)]
    at = {"Address": host, "Port": port}
    return {
        "_given": {"CacheParameterGroupName": None, "CacheSubnetGroupName": "default", **given},
        "_at": (host, port),
        "ReplicationGroupId": name,
        "Description": given["ReplicationGroupDescription"],
        "Status": "available",
        "PendingModifiedValues": {},
        "MemberClusters": members,
        "NodeGroups": [
            {
                "NodeGroupId": "0001",
                "Status": "available",
                "PrimaryEndpoint": at,
                "ReaderEndpoint": at,
                "NodeGroupMembers": [
                    {"CacheClusterId": member, "CacheNodeId": "0001", "ReadEndpoint": at}
                    for member in members
                ],
            }
        ],
        "SnapshotRetentionLimit": given.get("SnapshotRetentionLimit", 0),
        "SnapshotWindow": given.get("SnapshotWindow", "03:00-04:00"),
        "ClusterEnabled": False,
        "ClusterMode": given.get("ClusterMode", "disabled"),
        "CacheNodeType": given["CacheNodeType"],
        "AuthTokenEnabled": False,
        "TransitEncryptionEnabled": given.get("TransitEncryptionEnabled", False),
        "TransitEncryptionMode": given.get("TransitEncryptionMode"),
        "AtRestEncryptionEnabled": given.get("AtRestEncryptionEnabled", False),
        "KmsKeyId": given.get("KmsKeyId"),
        "ARN": f"{_ARN}:replicationgroup:{name}",
        "UserGroupIds": list(given.get("UserGroupIds", [])),
        "AutomaticFailover": _switch(given.get("AutomaticFailoverEnabled")),
        "MultiAZ": _switch(given.get("MultiAZEnabled")),
        "DataTiering": _switch(given.get("DataTieringEnabled")),
        "AutoMinorVersionUpgrade": given.get("AutoMinorVersionUpgrade", True),
        "NetworkType": "ipv4",
        "IpDiscovery": "ipv4",
        "Engine": given["Engine"],
    }


def _switch(value: object) -> str:
    return "enabled" if value else "disabled"


def _shown(found: Document) -> Document:
    return {key: value for key, value in found.items() if not key.startswith("_")}


def _clusters(found: Document) -> list[Document]:
    given = found["_given"]
    return [
        {
            "CacheClusterId": name,
            "ReplicationGroupId": found["ReplicationGroupId"],
            "CacheClusterStatus": "available",
            "CacheNodeType": given["CacheNodeType"],
            "Engine": given["Engine"],
            "EngineVersion": f"{given['EngineVersion']}.0",
            "NumCacheNodes": 1,
            "CacheParameterGroup": {
                "CacheParameterGroupName": given["CacheParameterGroupName"],
                "ParameterApplyStatus": "in-sync",
            },
            "CacheSubnetGroupName": given["CacheSubnetGroupName"],
            "SecurityGroups": [
                {"SecurityGroupId": each, "Status": "active"}
                for each in given.get("SecurityGroupIds", [])
            ],
            "AutoMinorVersionUpgrade": given.get("AutoMinorVersionUpgrade", True),
            "PreferredMaintenanceWindow": given.get(
                "PreferredMaintenanceWindow", "sun:05:00-sun:06:00"
            ),
            "SnapshotRetentionLimit": found["SnapshotRetentionLimit"],
            "TransitEncryptionEnabled": found["TransitEncryptionEnabled"],
            "AtRestEncryptionEnabled": found["AtRestEncryptionEnabled"],
            "ARN": f"{_ARN}:cluster:{name}",
        }
        for name in found["MemberClusters"]
    ]

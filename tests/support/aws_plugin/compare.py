"""Whether inputs differ from what is there, and whether that means another resource.

In: state, the inputs before, the inputs now. Out: for each property that differs, the kind of the
difference in the words of Pulumi's protocol. What cannot be changed in place is the table of the
provider itself (``encore_aws.replacement``): the genuine plugin's own one is what it was made from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tests.support.aws_plugin.wire import DEFAULTS, SIGNATURE, Props, is_known

from encore_aws.replacement import RULES
from encore_provisioner.engine.compare import Rule

_MORE: Final[Mapping[str, Rule]] = {
    "aws:iam/rolePolicy:RolePolicy": Rule(forces=frozenset({"name", "role"})),
    "aws:lambda/function:Function": Rule(
        forces=frozenset({"name", "packageType", "architectures"})
    ),
}
_FILLED: Final[Mapping[str, frozenset[str]]] = {
    "aws:ec2/vpc:Vpc": frozenset({"cidrBlock", "enableDnsHostnames"}),
    "aws:ec2/subnet:Subnet": frozenset({"availabilityZone"}),
    "aws:ec2/vpcEndpoint:VpcEndpoint": frozenset(
        {"privateDnsEnabled", "routeTableIds", "subnetIds", "securityGroupIds"}
    ),
    "aws:ec2/securityGroup:SecurityGroup": frozenset({"ingress", "egress", "vpcId"}),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": frozenset({"vpcId"}),
    "aws:ec2/eip:Eip": frozenset({"domain", "networkInterface", "instance"}),
    "aws:ec2/networkInterface:NetworkInterface": frozenset({"securityGroups", "interfaceType"}),
    "aws:ec2/instance:Instance": frozenset(
        {"ami", "instanceType", "keyName", "metadataOptions", "rootBlockDevice", "subnetId"}
    ),
    "aws:sns/topic:Topic": frozenset({"fifoThroughputScope"}),
    "aws:sqs/queue:Queue": frozenset(
        {"deduplicationScope", "fifoThroughputLimit", "maxMessageSize", "sqsManagedSseEnabled"}
    ),
    "aws:rds/instance:Instance": frozenset(
        {
            *("allocatedStorage", "availabilityZone", "backupRetentionPeriod", "caCertIdentifier"),
            *("dbName", "dbSubnetGroupName", "engineVersion", "kmsKeyId", "multiAz"),
            *("masterUserSecretKmsKeyId", "parameterGroupName", "performanceInsightsKmsKeyId"),
            *("performanceInsightsRetentionPeriod", "port", "storageType", "username"),
            "vpcSecurityGroupIds",
        }
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": frozenset(
        {
            *("atRestEncryptionEnabled", "autoMinorVersionUpgrade", "clusterMode", "engine"),
            *("dataTieringEnabled", "engineVersion", "nodeType", "numCacheClusters"),
            *("parameterGroupName", "securityGroupIds", "subnetGroupName"),
            *("transitEncryptionEnabled", "transitEncryptionMode"),
        }
    ),
    "aws:elasticache/user:User": frozenset({"authenticationMode"}),
    "aws:cloudwatch/logGroup:LogGroup": frozenset({"logGroupClass"}),
    "aws:lambda/function:Function": frozenset(
        {"architectures", "ephemeralStorage", "loggingConfig", "sourceCodeHash", "tracingConfig"}
    ),
}
"""What AWS chooses where nobody does, so that taking it away changes nothing ("Optional, Computed"
in the genuine plugin's schema).
"""
_EXACT: Final = frozenset({"tags", "variables"})
"""Maps in which a key too much is a difference; elsewhere AWS may know more than was asked for."""

Op = Literal["ADD", "DELETE", "UPDATE"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Of the property ``path``; ``replaces`` where it cannot be changed in place."""

    path: str
    op: Op
    replaces: bool

    @property
    def property(self) -> str:
        return self.path.partition(".")[0].partition("[")[0]


def differences(
    type_: str, state: Props, before: Props, now: Props, *, ignored: frozenset[str] = frozenset()
) -> list[Difference]:
    """Sorted by the property. ``ignored``: properties that are not looked at."""
    rule = RULES.get(type_) or _MORE.get(type_) or Rule()
    found: list[Difference] = []
    gone = set(before) - set(now) - _FILLED.get(type_, frozenset())
    names = ({*now, *gone} - {DEFAULTS}) - ignored
    for name in sorted(names):
        old, new = state.get(name), now.get(name)
        if name not in now:
            if not _empty(before.get(name)) and not _empty(old):
                found.append(Difference(name, "DELETE", _replaces(rule, name, old, None)))
        elif not same(new, old, exact=name in _EXACT):
            paths = _paths(name, old, new)
            replaces = _replaces(rule, name, old, new)
            found += [Difference(path, op, replaces) for path, op in paths]
    return found


def _paths(name: str, old: Any, new: Any) -> list[tuple[str, Op]]:
    """Maps are told key by key, as the genuine plugin does."""
    if not (isinstance(old, dict) and isinstance(new, dict)) or SIGNATURE in new:
        return [(name, "ADD" if _empty(old) else "UPDATE")]
    found: list[tuple[str, Op]] = []
    for key in sorted({*old, *new} - {DEFAULTS}):
        path = f'{name}["{key}"]' if not key.isidentifier() else f"{name}.{key}"
        if key not in new:
            if name in _EXACT:
                found.append((path, "DELETE"))
        elif key not in old:
            found.append((path, "ADD"))
        elif not same(new[key], old[key]):
            found.append((path, "UPDATE"))
    return found or [(name, "UPDATE")]


def _replaces(rule: Rule, name: str, old: Any, new: Any) -> bool:
    forced = {path.partition(".") for path in rule.forces}
    for top, _, below in forced:
        if top != name:
            continue
        if not below:
            return True
        parts = [value.get(below) if isinstance(value, dict) else None for value in (old, new)]
        if not same(parts[1], parts[0]):
            return True
    if name in rule.switches:
        return _empty(old) or _empty(new)
    return name in rule.rises and not _empty(old) and not _empty(new) and _falls(old, new)


def _falls(old: Any, new: Any) -> bool:
    if not is_known(new):
        return False
    return _rank(new) < _rank(old)


def _rank(value: Any) -> tuple[Any, ...]:
    if isinstance(value, int | float):
        return (0, value)
    parts = str(value).split(".")
    return (0, *map(int, parts)) if all(map(str.isdigit, parts)) else (1, str(value))


def _empty(value: Any) -> bool:
    return value is None or value in ("", 0, False, [], {})


def same(new: Any, old: Any, *, exact: bool = False) -> bool:
    """Whether what is asked for is there already. Unknown is never the same."""
    if not is_known(new):
        return False
    if _empty(new) or _empty(old):
        return _empty(_unmarked(new)) and _empty(old)
    if isinstance(new, dict) and isinstance(old, dict):
        return _same_map(new, old, exact=exact)
    if isinstance(new, list) and isinstance(old, list):
        return _same_list(new, old)
    if isinstance(new, str) and isinstance(old, str) and new.lstrip()[:1] == "{":
        return _same_document(new, old)
    return str(new) == str(old) or new == old


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if key != DEFAULTS}
    return value


def _same_map(new: Props, old: Props, *, exact: bool) -> bool:
    if SIGNATURE in new:
        return new.get("hash") == old.get("hash")
    keys = set(new) - {DEFAULTS}
    if exact and keys != set(old) - {DEFAULTS}:
        return False
    return all(same(new[key], old.get(key), exact=key in _EXACT) for key in keys)


def _same_list(new: list[Any], old: list[Any]) -> bool:
    """Nearly all lists of plain values are sets to AWS; so are rules of a group."""
    if len(new) != len(old):
        return False
    if all(isinstance(item, str) for item in (*new, *old)):
        return sorted(new) == sorted(old)
    return all(same(one, other) for one, other in zip(new, old, strict=True))


def _same_document(new: str, old: str) -> bool:
    """Policies are the same whatever their order and spacing."""
    try:
        return bool(_sorted(json.loads(new)) == _sorted(json.loads(old)))
    except ValueError:
        return new == old


def _sorted(value: Any) -> Any:
    """In a policy a list of one is that one, and order says nothing."""
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        items = sorted((_sorted(item) for item in value), key=json.dumps)
        return items[0] if len(items) == 1 else items
    return value

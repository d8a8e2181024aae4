"""Who may do what: roles, policies, secrets. And logs, which stand beside them in the program."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from typing import Any, Final

from tests.support.aws_plugin.aws import Aws, found, given, listed, tagged, told
from tests.support.aws_plugin.kind import Kind, Tagging, names
from tests.support.aws_plugin.wire import Props


def _tagging_of(noun: str, target: str) -> Tagging:
    return Tagging(service="iam", add=f"tag_{noun}", remove=f"untag_{noun}", target=target)


_OF_ROLES: Final = _tagging_of("role", "RoleName")
_OF_POLICIES: Final = _tagging_of("policy", "PolicyArn")
_OF_PROFILES: Final = _tagging_of("instance_profile", "InstanceProfileName")
_OF_SECRETS: Final = Tagging(
    service="secretsmanager", add="tag_resource", remove="untag_resource", target="SecretId"
)
_OF_LOGS: Final = Tagging(
    service="logs",
    add="tag_resource",
    remove="untag_resource",
    target="resourceArn",
    tags="tags",
    keys="tagKeys",
    as_map=True,
)


def _document(value: Any) -> str:
    """As text: boto3 takes a document apart in some answers and leaves it quoted in others."""
    if isinstance(value, str):
        return urllib.parse.unquote(value)
    return json.dumps(value)


def _make_role(aws: Aws, inputs: Props) -> str:
    asked = given(inputs, "path", "description", "maxSessionDuration")
    aws.call(
        "iam",
        "create_role",
        RoleName=inputs["name"],
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        Tags=listed(inputs.get("tags")),
        **asked,
    )
    return str(inputs["name"])


def _look_at_role(aws: Aws, id_: str, state: Props) -> Props | None:
    page = aws.ask("iam", "get_role", RoleName=id_)
    if page is None:
        return None
    role = page["Role"]
    return {
        **found(role, "path", "description", "maxSessionDuration", "arn", name="RoleName"),
        "assumeRolePolicy": _document(role["AssumeRolePolicyDocument"]),
        "forceDetachPolicies": bool(state.get("forceDetachPolicies", False)),
        "uniqueId": role.get("RoleId", ""),
        **told(role.get("Tags")),
    }


def _change_role(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _OF_ROLES.change(aws, id_, old, new)
    if "assumeRolePolicy" in keys:
        document = new["assumeRolePolicy"]
        aws.call("iam", "update_assume_role_policy", RoleName=id_, PolicyDocument=document)
    if keys & {"description", "maxSessionDuration"}:
        asked = given(new, "description", "maxSessionDuration")
        aws.call("iam", "update_role", RoleName=id_, **asked)


def _drop_role(aws: Aws, id_: str, state: Props) -> None:
    """As the genuine plugin does, only what hangs on it of the role's own goes with it."""
    del state
    for profile in aws.call("iam", "list_instance_profiles_for_role", RoleName=id_)[
        "InstanceProfiles"
    ]:
        name = profile["InstanceProfileName"]
        aws.call(
            "iam",
            "remove_role_from_instance_profile",
            InstanceProfileName=name,
            RoleName=id_,
        )
    aws.call("iam", "delete_role", RoleName=id_)


def _make_policy(aws: Aws, inputs: Props) -> str:
    page = aws.call(
        "iam",
        "create_policy",
        PolicyName=inputs["name"],
        PolicyDocument=inputs["policy"],
        Tags=listed(inputs.get("tags")),
        **given(inputs, "path", "description"),
    )
    return str(page["Policy"]["Arn"])


def _look_at_policy(aws: Aws, id_: str, state: Props) -> Props | None:
    page = aws.ask("iam", "get_policy", PolicyArn=id_)
    if page is None:
        return None
    policy = page["Policy"]
    version = aws.call(
        "iam", "get_policy_version", PolicyArn=id_, VersionId=policy["DefaultVersionId"]
    )["PolicyVersion"]
    kept = {name: state[name] for name in ("description",) if name in state}
    return {
        **kept,
        **found(policy, "path", "arn", "description", "policyId", name="PolicyName"),
        "policy": _document(version["Document"]),
        "attachmentCount": int(policy.get("AttachmentCount") or 0),
        **told(policy.get("Tags")),
    }


_MOST_VERSIONS: Final = 5


def _change_policy(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _OF_POLICIES.change(aws, id_, old, new)
    if "policy" not in keys:
        return
    versions = aws.call("iam", "list_policy_versions", PolicyArn=id_)["Versions"]
    if len(versions) >= _MOST_VERSIONS:
        oldest = min(
            (each for each in versions if not each["IsDefaultVersion"]),
            key=lambda each: int(each["VersionId"][1:]),
        )
        aws.call("iam", "delete_policy_version", PolicyArn=id_, VersionId=oldest["VersionId"])
    aws.call(
        "iam",
        "create_policy_version",
        PolicyArn=id_,
        PolicyDocument=new["policy"],
        SetAsDefault=True,
    )


def _drop_policy(aws: Aws, id_: str, state: Props) -> None:
    del state
    for version in aws.call("iam", "list_policy_versions", PolicyArn=id_)["Versions"]:
        if not version["IsDefaultVersion"]:
            number = version["VersionId"]
            aws.call("iam", "delete_policy_version", PolicyArn=id_, VersionId=number)
    aws.call("iam", "delete_policy", PolicyArn=id_)


def _attach(aws: Aws, inputs: Props) -> str:
    role, policy = inputs["role"], inputs["policyArn"]
    aws.call("iam", "attach_role_policy", RoleName=role, PolicyArn=policy)
    return f"{role}/{policy}"


def _look_at_attachment(aws: Aws, id_: str, state: Props) -> Props | None:
    role, _, policy = id_.partition("/")
    role, policy = state.get("role", role), state.get("policyArn", policy)
    page = aws.ask("iam", "list_attached_role_policies", RoleName=role)
    there = {each["PolicyArn"] for each in (page or {}).get("AttachedPolicies", [])}
    return {"role": role, "policyArn": policy} if policy in there else None


def _detach(aws: Aws, id_: str, state: Props) -> None:
    del id_
    aws.call("iam", "detach_role_policy", RoleName=state["role"], PolicyArn=state["policyArn"])


def _put_role_policy(aws: Aws, inputs: Props) -> str:
    role, name = inputs["role"], inputs["name"]
    document = inputs["policy"]
    aws.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=document)
    return f"{role}:{name}"


def _look_at_role_policy(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    role, _, name = id_.partition(":")
    page = aws.ask("iam", "get_role_policy", RoleName=role, PolicyName=name)
    if page is None:
        return None
    return {"role": role, "name": name, "policy": _document(page["PolicyDocument"])}


def _change_role_policy(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del id_, old, keys
    _put_role_policy(aws, new)


def _drop_role_policy(aws: Aws, id_: str, state: Props) -> None:
    del state
    role, _, name = id_.partition(":")
    aws.call("iam", "delete_role_policy", RoleName=role, PolicyName=name)


def _make_profile(aws: Aws, inputs: Props) -> str:
    aws.call(
        "iam",
        "create_instance_profile",
        InstanceProfileName=inputs["name"],
        Tags=listed(inputs.get("tags")),
        **given(inputs, "path"),
    )
    return str(inputs["name"])


def _look_at_profile(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("iam", "get_instance_profile", InstanceProfileName=id_)
    if page is None:
        return None
    profile = page["InstanceProfile"]
    roles = [role["RoleName"] for role in profile.get("Roles", [])]
    return {
        **found(profile, "path", "arn", name="InstanceProfileName"),
        **({"role": roles[0]} if roles else {}),
        "uniqueId": profile.get("InstanceProfileId", ""),
        **told(profile.get("Tags")),
    }


def _change_profile(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys and old:
        _OF_PROFILES.change(aws, id_, old, new)
    if "role" not in keys:
        return
    for verb, role in (("remove_role_from", old.get("role")), ("add_role_to", new.get("role"))):
        if role:
            aws.call("iam", f"{verb}_instance_profile", InstanceProfileName=id_, RoleName=role)


def _drop_profile(aws: Aws, id_: str, state: Props) -> None:
    _change_profile(aws, id_, state, {}, frozenset({"role"}))
    aws.call("iam", "delete_instance_profile", InstanceProfileName=id_)


def _make_secret(aws: Aws, inputs: Props) -> str:
    page = aws.call(
        "secretsmanager",
        "create_secret",
        **given(inputs, "name", "description", "kmsKeyId"),
        Tags=listed(inputs.get("tags")),
    )
    return str(page["ARN"])


def _look_at_secret(aws: Aws, id_: str, state: Props) -> Props | None:
    """One that waits for its end is gone."""
    page = aws.ask("secretsmanager", "describe_secret", SecretId=id_)
    if page is None or page.get("DeletedDate"):
        return None
    return {
        **found(page, "name", "description", "kmsKeyId", arn="ARN"),
        "forceOverwriteReplicaSecret": bool(state.get("forceOverwriteReplicaSecret", False)),
        "recoveryWindowInDays": state.get("recoveryWindowInDays", 30),
        **told(page.get("Tags")),
    }


def _change_secret(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _OF_SECRETS.change(aws, id_, old, new)
    if keys & {"description", "kmsKeyId"}:
        asked = given(new, "description", "kmsKeyId")
        aws.call("secretsmanager", "update_secret", SecretId=id_, **asked)


def _drop_secret(aws: Aws, id_: str, state: Props) -> None:
    days = int(state.get("recoveryWindowInDays", 30))
    how: Props = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
    aws.call("secretsmanager", "delete_secret", SecretId=id_, **how)


def _make_log(aws: Aws, inputs: Props) -> str:
    asked = given(inputs, logGroupClass="logGroupClass", kmsKeyId="kmsKeyId", tags="tags")
    aws.call("logs", "create_log_group", logGroupName=inputs["name"], **asked)
    return str(inputs["name"])


def _look_at_log(aws: Aws, id_: str, state: Props) -> Props | None:
    page = aws.call("logs", "describe_log_groups", logGroupNamePrefix=id_)
    groups = [group for group in page["logGroups"] if group["logGroupName"] == id_]
    if not groups:
        return None
    arn = str(groups[0]["arn"]).removesuffix(":*")
    tags = aws.call("logs", "list_tags_for_resource", resourceArn=arn).get("tags", {})
    return {
        "name": id_,
        "arn": arn,
        "retentionInDays": int(groups[0].get("retentionInDays") or 0),
        **found(groups[0], kmsKeyId="kmsKeyId", logGroupClass="logGroupClass"),
        "skipDestroy": bool(state.get("skipDestroy", False)),
        **tagged(tags),
    }


def _change_log(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _OF_LOGS.change(aws, old["arn"], old, new)
    if "retentionInDays" in keys:
        days = int(new.get("retentionInDays") or 0)
        if days:
            aws.call("logs", "put_retention_policy", logGroupName=id_, retentionInDays=days)
        elif old:
            aws.call("logs", "delete_retention_policy", logGroupName=id_)


def _drop_log(aws: Aws, id_: str, state: Props) -> None:
    if not state.get("skipDestroy"):
        aws.call("logs", "delete_log_group", logGroupName=id_)


KINDS: Final[Mapping[str, Kind]] = {
    "aws:iam/role:Role": Kind(
        what="IAM Role",
        name="name",
        autonamed=True,
        make=_make_role,
        look=_look_at_role,
        drop=_drop_role,
        change=_change_role,
        defaults={"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"},
        computed=names("arn", "uniqueId"),
    ),
    "aws:iam/policy:Policy": Kind(
        what="IAM Policy",
        name="name",
        autonamed=True,
        make=_make_policy,
        look=_look_at_policy,
        drop=_drop_policy,
        change=_change_policy,
        defaults={"path": "/"},
        computed=names("arn", "policyId", "attachmentCount"),
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Kind(
        what="IAM Role Policy Attachment",
        name="role",
        make=_attach,
        look=_look_at_attachment,
        drop=_detach,
    ),
    "aws:iam/rolePolicy:RolePolicy": Kind(
        what="IAM Role Policy",
        name="name",
        autonamed=True,
        make=_put_role_policy,
        look=_look_at_role_policy,
        drop=_drop_role_policy,
        change=_change_role_policy,
    ),
    "aws:iam/instanceProfile:InstanceProfile": Kind(
        what="IAM Instance Profile",
        name="name",
        autonamed=True,
        make=_make_profile,
        look=_look_at_profile,
        drop=_drop_profile,
        change=_change_profile,
        settles=frozenset({"role"}),
        defaults={"path": "/"},
        computed=names("arn", "uniqueId"),
    ),
    "aws:secretsmanager/secret:Secret": Kind(
        what="Secrets Manager Secret",
        name="name",
        autonamed=True,
        make=_make_secret,
        look=_look_at_secret,
        drop=_drop_secret,
        change=_change_secret,
        defaults={"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30},
        computed=names("arn"),
    ),
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        what="CloudWatch Logs Log Group",
        name="name",
        autonamed=True,
        make=_make_log,
        look=_look_at_log,
        drop=_drop_log,
        change=_change_log,
        settles=frozenset({"retentionInDays"}),
        defaults={"retentionInDays": 0, "skipDestroy": False},
        computed=names("arn"),
    ),
}

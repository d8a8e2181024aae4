"""What a role may do, by the policies that moto keeps of it: enough to tell a forgotten right.

Statements that allow are looked at, and those that deny; wildcards in actions and resources, and of
conditions those that compare texts. A condition that is not understood holds for no permission and
for every denial.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.support.moto_parts import backend

_COMPARES: Final = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool"})
_ALWAYS: Final = {"aws:securetransport": "true"}
"""What is asked for here goes on inside AWS, or over a line that stands for one with TLS."""
Context = Mapping[str, str]


def role_of(arn: str) -> Any:
    """A role as moto has it, or None."""
    return next((role for role in backend("iam").roles.values() if role.arn == arn), None)


def trusts(arn: str, service: str) -> bool:
    role = role_of(arn)
    if role is None:
        return False
    policy = json.loads(role.assume_role_policy_document)
    return any(
        statement["Effect"] == "Allow"
        and service in listed(statement.get("Principal", {}).get("Service", []))
        for statement in listed(policy["Statement"])
    )


def may(arn: str, action: str, resource: str, context: Context | None = None) -> bool:
    """Whether the role may do it, as far as its own policies say."""
    role = role_of(arn)
    found = list(_statements(role)) if role is not None else []
    return allows(found, action, resource, context or {})


def allows(found: list[Any], action: str, resource: str, context: Context) -> bool:
    fitting = [each for each in found if _is_about(each, action, resource)]
    denied = any(
        each["Effect"] == "Deny" and _holds(each, context, unknown=True) for each in fitting
    )
    return not denied and any(
        each["Effect"] == "Allow" and _holds(each, context, unknown=False) for each in fitting
    )


def _statements(role: Any) -> Iterator[Any]:
    named = [
        version.document
        for policy in role.managed_policies.values()
        for version in policy.versions
        if version.version_id == policy.default_version_id
    ]
    for text in (*role.policies.values(), *named):
        yield from listed(json.loads(text)["Statement"])


def _is_about(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    return any(
        fnmatch.fnmatchcase(action.lower(), wanted.lower())
        for wanted in listed(statement.get("Action", []))
    ) and any(
        fnmatch.fnmatchcase(resource, wanted.replace("[", "[[]"))
        for wanted in listed(statement.get("Resource", "*"))
    )


def _holds(statement: Mapping[str, Any], context: Context, *, unknown: bool) -> bool:
    known = {**_ALWAYS, **{key.lower(): value for key, value in context.items()}}
    for operator, wanted in statement.get("Condition", {}).items():
        if operator not in _COMPARES:
            return unknown
        for key, values in wanted.items():
            value = known.get(key.lower())
            if value is None or not any(
                fnmatch.fnmatchcase(value, each) for each in listed(values)
            ):
                return False
    return True


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]

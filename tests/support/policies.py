"""Decides as IAM would: policies of a recorded program, and requests against them.

The decisions are made by an evaluator that is no part of this project (``tests/policy``), in one
process of node for all of them. It is there after ``make test`` where npm is; with
``ENCORE_REQUIRE_POLICIES=1`` its absence is an error.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from encore_provisioner.engine.recording import Recording

FOLDER: Final = Path(__file__).parents[1] / "policy"
REQUIRED: Final = os.environ.get("ENCORE_REQUIRE_POLICIES") == "1"
ALLOWED: Final = "Allowed"
_DENIED: Final = ("ExplicitlyDenied", "ImplicitlyDenied")
_OF_RESOURCES: Final = {
    "aws:sns/topicPolicy:TopicPolicy": "topic",
    "aws:sqs/queuePolicy:QueuePolicy": "queue",
    "aws:s3/bucketPolicy:BucketPolicy": "bucket",
}


def is_there() -> bool:
    return shutil.which("node") is not None and (FOLDER / "node_modules" / ".installed").is_file()


@dataclass(frozen=True, kw_only=True)
class Request:
    """``principal``: an ARN, or the name of a service. ``policies``: those of its identity.

    What is in ``context`` and unknown to the evaluator is dropped without a word.
    """

    principal: str
    action: str
    resource: str
    account: str
    context: Mapping[str, str] = field(default_factory=dict)
    policies: tuple[Any, ...] = ()
    resource_policy: Any = None

    def encoded(self) -> str:
        found: dict[str, Any] = {
            "request": {
                "principal": self.principal,
                "action": self.action,
                "resource": {"resource": self.resource, "accountId": self.account},
                "contextVariables": dict(self.context),
            },
            "identityPolicies": [
                {"name": f"policy-{number}", "policy": policy}
                for number, policy in enumerate(self.policies)
            ],
            "serviceControlPolicies": [],
            "resourceControlPolicies": [],
        }
        if self.resource_policy is not None:
            found["resourcePolicy"] = self.resource_policy
        return json.dumps(found)


def decide(requests: Iterable[Request]) -> list[bool]:
    """Whether each is allowed, in their order.

    Raises ``ValueError`` for what the evaluator cannot decide.
    """
    asked = list(requests)
    done = subprocess.run(
        ["node", "decide.mjs"],
        cwd=FOLDER,
        input="\n".join(request.encoded() for request in asked),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for request, answer in zip(asked, answers, strict=True):
        if answer.get("decision") not in (ALLOWED, *_DENIED):
            raise ValueError(f"{request.action} on {request.resource}: {answer}")
    return [answer["decision"] == ALLOWED for answer in answers]


@dataclass(frozen=True, kw_only=True)
class World:
    """The policies of a recorded program whose resources are all there.

    ``roles``: the policies of each role by its ARN. ``trusts``: who may take it. ``guards``: the
    policy of a topic, queue or bucket by its ARN.
    """

    outputs: Mapping[str, Any]
    roles: Mapping[str, tuple[Any, ...]]
    trusts: Mapping[str, Any]
    guards: Mapping[str, Any]


def world(found: Recording) -> World:
    outputs = found.outputs
    by_name = {resource.name: resource for resource in found.resources}
    roles, trusts = {}, {}
    for label, handed in outputs["roles"].items():
        for purpose, part in (("task", ""), ("execution", "#execution")):
            if purpose not in handed:
                continue
            documents = handed["policies"][purpose]
            roles[handed[purpose]] = tuple(json.loads(document) for document in documents)
            trust = by_name[f"role/{label}{part}"].inputs["assumeRolePolicy"]
            trusts[handed[purpose]] = json.loads(trust)
    guards = {}
    for resource in found.resources:
        if resource.type in _OF_RESOURCES:
            guards[_guarded(resource.name, outputs)] = json.loads(resource.inputs["policy"])
    return World(outputs=outputs, roles=roles, trusts=trusts, guards=guards)


def _guarded(name: str, outputs: Mapping[str, Any]) -> str:
    """The ARN of what ``topic/orders#policy`` guards."""
    kind, _, rest = name.partition("/")
    label = rest.rsplit("#", 1)[0]
    found = outputs[f"{kind}s"][label]
    return str(found if kind == "topic" else found["arn"])

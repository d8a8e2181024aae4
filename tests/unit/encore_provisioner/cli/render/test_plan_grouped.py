"""Plans of many resources: the overview first, then each declaration, in each form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from tests.support.golden import CASES, assert_golden
from tests.unit.encore_provisioner.cli.render.test_plan import Elements

from encore_config.plan import (
    SECRET,
    UNKNOWN,
    Change,
    DeclarationRef,
    Permission,
    Plan,
    PropertyDiff,
    Step,
    summarise,
)
from encore_config.position import At
from encore_provisioner.cli.render.markdown import COMMENT
from encore_provisioner.cli.render.plan_html import plan_html
from encore_provisioner.cli.render.plan_markdown import plan_markdown
from encore_provisioner.cli.render.plan_text import plan_lines
from encore_provisioner.cli.render.plan_values import laid_out, pretty
from encore_provisioner.cli.render.style import plain
from encore_provisioner.engine.compare import Rule, compare
from encore_provisioner.engine.paths import flatten

FOLDER = CASES / "render"
NASTY = 'x|y`</details>```\x1b[31m\n"'
BUCKET, QUEUE, POLICY, NET, MACHINE = (
    "aws:s3/bucket:Bucket",
    "aws:sqs/queue:Queue",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:ec2/vpc:Vpc",
    "aws:ec2/instance:Instance",
)
RULES = {
    BUCKET: Rule(forces=frozenset({"bucket"}), holds="the bucket with its objects"),
    QUEUE: Rule(forces=frozenset({"fifoQueue"}), holds="the queue and its messages"),
    POLICY: Rule(forces=frozenset({"queueUrl"})),
    NET: Rule(forces=frozenset({"cidrBlock"})),
    MACHINE: Rule(),
}


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:production::shop::{kind}::{name}"


def step(kind: str, name: str, inputs: Mapping[str, Any], why: str, **needs: str) -> Step:
    declared, _, rest = name.partition("#")[0].partition("/")
    place = At(file=f"{declared}s/{declared}.ts", line=12, column=3)
    return Step(
        op="create",
        type=kind,
        name=name,
        urn=urn(kind, name),
        declaration=DeclarationRef(kind=declared, name=rest, at=place) if rest else None,
        diff=tuple(PropertyDiff(path=p, after=v) for p, v in flatten(inputs).items()),
        reason=why,
        needs={key: (source,) for key, source in needs.items()},
    )


def permission(service: str, name: str, *actions: str, change: Change = "gained") -> Permission:
    return Permission(
        service=service,
        kind="bucket",
        name=name,
        operation="read" if actions else "public_url",
        actions=actions,
        change=change,
        reason="no call is made",
    )


def plan(*steps: Step, permissions: tuple[Permission, ...] = ()) -> Plan:
    return Plan(
        app="shop",
        environment="production",
        provider="aws",
        mode="offline",
        against="nothing",
        summary=summarise(steps),
        steps=steps,
        permissions=permissions,
        missing_secrets=("PayKey",),
    )


def policy(*actions: str) -> str:
    statements = [
        {
            "Sid": action,
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": f"sqs:{action}",
            "Resource": "arn:aws:sqs:eu-north-1:111122223333:shop-production-orders",
        }
        for action in actions
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def queue(name: str, *, fifo: bool, actions: tuple[str, ...]) -> tuple[Step, Step]:
    inputs = {
        "name": f"shop-{name}",
        "fifoQueue": fifo,
        "redrivePolicy": '{"maxReceiveCount": 101}',
        "tags": {"encore:app": "shop", "team": "warehouse"},
    }
    made = step(QUEUE, f"topic/{name}#queue", inputs, "holds messages until they are handled")
    inputs = {"queueUrl": UNKNOWN, "policy": policy(*actions)}
    why = "its topic, and only it, may send"
    return made, step(POLICY, f"topic/{name}#policy", inputs, why, queueUrl=made.urn)


def machine(script: str) -> Step:
    inputs = {
        "userData": script,
        "password": SECRET,
        "zones": ["a", "b"],
        "rules": [{"ports": [1, 2], "from": UNKNOWN}],
        "metadataOptions": {"aVeryLongNameOfAProperty": {"thatGoesOnAndOn": "and its value too"}},
        NASTY: NASTY,
    }
    return step(MACHINE, "nat", inputs, "compute's way\nto the internet", rules=urn(NET, "network"))


def bucket(name: str, physical: str) -> Step:
    return step(BUCKET, f"bucket/{name}", {"bucket": physical}, "holds the app's objects")


FORMER = plan(
    step(NET, "network", {"cidrBlock": "10.0.0.0/16"}, "everything stands in it"),
    machine("#!/bin/sh\nset -e\nip a\n"),
    *queue("orders", fifo=False, actions=("SendMessage",)),
    *queue("same", fifo=False, actions=("SendMessage",)),
    bucket("old", "shop-old"),
    permissions=(
        permission("cart", "old", "s3:GetObject"),
        permission("cart", "kept", "s3:GetObject"),
    ),
)
NOW = plan(
    step(NET, "network", {"cidrBlock": "10.9.0.0/16"}, "everything stands in it"),
    machine("#!/bin/sh\nset -e\nip r\n"),
    *queue("orders", fifo=True, actions=("SendMessage", "Purge")),
    *queue("same", fifo=False, actions=("SendMessage",)),
    bucket(NASTY, "shop-new"),
    permissions=(
        permission("cart", "kept", "s3:GetObject", "s3:ListBucket"),
        permission("cart", "kept"),
        permission(NASTY, "new", "s3:GetObject"),
    ),
)
COMPARED = compare(FORMER, NOW, RULES)
UNCHANGED = compare(NOW, NOW, RULES)
PLANS = {"first": NOW, "compared": COMPARED, "equal": UNCHANGED}


def text(one: Plan, columns: int | None = None) -> str:
    return plain(plan_lines(one, columns=columns, set_secret=str, unchanged=True))


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("columns", [None, 80])
def test_text(name: str, columns: int | None) -> None:
    cut = f"-{columns}" if columns else ""
    assert_golden(FOLDER / f"grouped-{name}{cut}.txt", text(PLANS[name], columns))


def test_text_of_a_destruction() -> None:
    steps = tuple(
        msgspec.structs.replace(step, op="delete", diff=(), data_loss="Bucket" in step.type)
        for step in FORMER.steps
    )
    kept = ("the bucket of the state",)
    gone = msgspec.structs.replace(plan(*steps), mode="preview", missing_secrets=(), kept=kept)
    lines = plan_lines(gone, columns=80, set_secret=str, purpose="destroy")
    assert_golden(FOLDER / "grouped-destroy.txt", plain(lines))


@pytest.mark.parametrize("name", PLANS)
def test_markdown(name: str) -> None:
    assert_golden(FOLDER / f"grouped-{name}.md", plan_markdown(PLANS[name]))


@pytest.mark.parametrize("name", PLANS)
def test_html(name: str) -> None:
    page = plan_html(PLANS[name])
    assert_golden(FOLDER / f"grouped-{name}.html", page)
    elements = Elements()
    elements.feed(page)
    elements.close()
    assert elements.open == []
    assert not elements.seen & {"script", "link", "img", "iframe"}


@pytest.mark.parametrize("render", [text, plan_markdown, plan_html])
def test_what_is_lost_stands_before_what_is_made(render: Callable[[Plan], str]) -> None:
    told = render(COMPARED)
    assert told.index("DATA LOSS") < told.index("cidrBlock")
    assert told.index("topic/orders") < told.index("cidrBlock")
    assert "\x1b" not in told


@pytest.mark.parametrize("render", [text, plan_markdown, plan_html])
def test_every_property_of_a_first_plan_is_shown(render: Callable[[Plan], str]) -> None:
    told = render(NOW)
    for found in NOW.steps:
        for item in found.diff:
            name = item.path.split("[")[0]
            assert name in told or name == NASTY


def test_only_what_differs_in_a_policy_is_shown() -> None:
    told = text(COMPARED)
    assert "+ Statement[1]: {" in told
    assert '+   "Sid": "Purge",' in told
    assert '"Sid": "SendMessage"' not in told


POLICIES: list[tuple[Any, Any, list[str]]] = [
    ({"a": [1, 2]}, {"a": [2]}, ["- a[0]: 1"]),
    ({"a": [{"x": 1}]}, {"a": [{"x": 2, "y": 3}]}, ["- a[0].x: 1", "+ a[0].x: 2", "+ a[0].y: 3"]),
    ({"a": 1}, {"b:c": [1]}, ["- a: 1", '+ ["b:c"]: [1]']),
    ([], {}, ["- []", "+ {}"]),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, [" (only its form differs)"]),
]


@pytest.mark.parametrize(("before", "now", "rows"), POLICIES)
def test_json_in_a_string_is_compared_part_by_part(before: Any, now: Any, rows: list[str]) -> None:
    item = PropertyDiff(path="policy", before=json.dumps(before), after=json.dumps(now))
    laid = laid_out(item)
    assert laid is not None
    assert [f"{mark} {row}" for mark, row in laid.lines] == rows


def test_a_script_keeps_its_indentation() -> None:
    laid = laid_out(PropertyDiff(path="script", before="a\n  b\n", after="a\n    c\n"))
    assert laid is not None
    assert laid.lines == (("-", "  b"), ("+", "    c"))


FENCE = re.compile(r"^(`{3,})diff\n(.*?)\n\1$", re.DOTALL | re.MULTILINE)


def fenced(markdown: str) -> list[str]:
    """The contents of the diffs; each fence is closed by its like."""
    return [match[2] for match in FENCE.finditer(markdown)]


@pytest.mark.parametrize("name", ["first", "compared"])
def test_nothing_gets_out_of_its_fence(name: str) -> None:
    markdown = plan_markdown(PLANS[name])
    outside = FENCE.sub("", markdown)
    assert "```" not in outside
    assert len(fenced(markdown)) == outside.count("</summary>") - outside.count("<summary>Perm")
    for content in fenced(markdown):
        assert all(row[0] in "+-! " for row in content.split("\n"))


def large(declarations: int, permissions: int = 0) -> Plan:
    script = "line\n" * 40
    steps = tuple(
        step(MACHINE, f"topic/t{number:04}", {"userData": script}, "x")
        for number in range(declarations)
    )
    found = tuple(
        permission("cart", f"b{number:04}", "s3:GetObject") for number in range(permissions)
    )
    return plan(*steps, permissions=found)


def test_a_comment_is_never_too_long_and_says_what_is_left_out() -> None:
    small, big = plan_markdown(large(20, 20)), plan_markdown(large(900, 900))
    assert "Left out**" not in small
    assert len(big) < COMMENT
    (left,) = re.findall(r"the details of (\d+) of 900 declarations", big)
    assert int(left) == 900 - len(fenced(big)) > 0
    assert re.search(r"…and \d+ more, which", big)
    assert big.count("<details") == big.count("</details>")


def test_a_list_of_changes_is_never_too_long_either() -> None:
    steps = tuple(
        msgspec.structs.replace(
            bucket(f"b{number:04}", "x" * 300),
            urn=f"urn:encore:{number}",
            op="delete" if number % 2 else "create",
            data_loss=bool(number % 2),
        )
        for number in range(2_000)
    )
    told = plan_markdown(msgspec.structs.replace(plan(*steps), missing_secrets=("K" * 99,) * 999))
    assert len(told) < COMMENT
    assert told.count("more, which") == 3
    assert "Left out**: the details of" in told


def test_a_large_group_that_does_not_fit_leaves_room_for_others() -> None:
    huge = step(MACHINE, "topic/a", {"userData": "line\n" * 20_000}, "x")
    told = plan_markdown(plan(huge, bucket("b", "x")))
    assert "the details of 1 of 2 declarations" in told
    assert "<code>bucket/b</code>" in told


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ({}, ["{}"]),
        ({"a": [1, 2]}, ['{"a": [1, 2]}']),
        ({"a": ["x" * 20, "y" * 20]}, ["{", '  "a": [', f'    "{"x" * 20}",', f'    "{"y" * 20}"',
            "  ]", "}"]),
        (["long " * 9], ["[", f'  "{"long " * 9}"', "]"]),
    ],
)  # fmt: skip
def test_json_takes_as_few_lines_as_fit(value: Any, rows: list[str]) -> None:
    assert pretty(value, 30) == rows

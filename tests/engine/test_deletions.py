"""An apply that deletes, and AWS says no: what is told, and that the next one goes on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from tests.engine.test_failures import words_of
from tests.support.aws_world import World
from tests.support.broken_app import Told, broken_app, changes, made, told
from tests.support.golden import CASES

TOPIC = "aws:sns/topic:"
ENGINES_OWN = "Preview failed"
"""What the engine says of its own protection, which no plugin can say in its place."""
CASES_OF_DELETION: dict[str, dict[str, Any]] = {
    f"{case['code']}-{number}": case
    for number, case in enumerate(
        tomllib.loads((CASES / "aws" / "errors" / "messages.toml").read_text())["case"]
    )
    if case["code"] and "deleting" in case["said"][0] and ENGINES_OWN not in case["said"][0]
}
KEPT = "kept-topic"


def source(names: Iterable[str]) -> str:
    lines = ['import { Topic } from "encore.dev/pubsub";']
    lines += [
        f'export const {name.replace("-", "_")} = new Topic<{{ id: string }}>("{name}", '
        '{ deliveryGuarantee: "at-least-once" });'
        for name in names
    ]
    return "\n".join((*lines, ""))


@pytest.fixture(scope="module")
def applies(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Told]]:
    """The app without its topics, applied until it ended well; each deletion failed once."""
    world.forget()
    file = "mail/things.ts"
    tool = broken_app(
        world, tmp_path_factory.mktemp("app"), {file: source((KEPT, *CASES_OF_DELETION))}
    )
    assert told(tool, "apply", "--yes").code == 0
    (tool.app / file).write_text(source((KEPT,)))
    for name, case in CASES_OF_DELETION.items():
        world.fault(TOPIC, f"::topic/{name}", operation="delete", message=words_of(case), sleep=1)
    found: list[Told] = []
    while not found or found[-1].code:
        assert len(found) <= len(CASES_OF_DELETION), found[-1].text
        found.append(told(tool, "apply", "--yes"))
    assert changes(tool) == 0
    gone = set(made(world, "delete"))
    assert {f"topic/{name}" for name in CASES_OF_DELETION} <= gone
    assert f"topic/{KEPT}" not in gone
    yield found
    world.forget()


@pytest.mark.parametrize("name", CASES_OF_DELETION)
def test_an_error_of_a_deletion_is_told_with_its_reason(applies: list[Told], name: str) -> None:
    events = {each["name"]: each for apply in applies for each in apply.of("failed")}
    event, case = events[f"topic/{name}"], CASES_OF_DELETION[name]
    assert event["reason"]["code"] == case["code"]
    assert event["message"] == case["shown"]
    assert event["op"] == "delete"


def test_the_table_has_errors_of_deletions() -> None:
    codes = {case["code"] for case in CASES_OF_DELETION.values()}
    assert codes >= {
        "snapshot-exists",
        "protected",
        "bucket-not-empty",
        "still-in-use",
        "too-soon",
    }


def test_nothing_more_than_those_that_failed_is_left_to_the_next(applies: list[Told]) -> None:
    assert applies[0].code == 1
    assert applies[-1].code == 0
    assert applies[0].names("failed").isdisjoint(applies[-1].names("failed"))

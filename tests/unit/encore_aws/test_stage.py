"""Notes and tags of resources."""

from __future__ import annotations

from typing import Any

import pytest

from encore_aws.cloud import root, sqs
from encore_aws.naming import Names
from encore_aws.stage import Note, Stage
from encore_config.plan import DeclarationRef
from encore_provisioner.engine.recording import record
from encore_provisioner.errors import RefusedError

ORDERS = DeclarationRef(kind="topic", name="orders")


def test_each_resource_has_one_note() -> None:
    stage = Stage(Names(app="shop", environment="production"))
    stage.options("topic/orders", Note(reason="messages", declaration=ORDERS))
    assert stage.notes["topic/orders"].declaration == ORDERS
    other = DeclarationRef(kind="topic", name="others")
    with pytest.raises(RefusedError, match="would have the name topic/orders") as caught:
        stage.options("topic/orders", Note(reason="again", declaration=other))
    assert caught.value.code == "names-meet"
    assert "declared: topic/orders and topic/others" in caught.value.message


def test_what_belongs_to_somebody_else_is_left_alone() -> None:
    stage = Stage(Names(app="shop", environment="production"))
    plain = stage.options("topic/orders", Note(reason="messages"))
    assert plain.ignore_changes is None
    shared = stage.options("cache/a#user", Note(reason="logs in"), ignore=["accessString"])
    assert shared.ignore_changes == ["accessString"]


def test_a_replaced_resource_makes_room_for_its_successor_of_the_same_name() -> None:
    def program() -> dict[str, Any]:
        stage = Stage(Names(app="shop", environment="production"))
        sqs.Queue("a", opts=stage.options("a", Note(reason="holds messages")))
        sqs.Queue("b")
        return {}

    found = record(program, project="shop", stack="production").resources
    assert [item.goes_first for item in found] == [True, False]


def test_tags_hold_only_what_aws_takes() -> None:
    stage = Stage(Names(app="shop", environment="production"))
    odd = DeclarationRef(kind="secret", name="Schlüssel <1>\n" + "x" * 300)
    tags = stage.tags(odd, service="billing")
    assert tags["encore:declaration"].startswith("secret/Schl_ssel _1__xxx")
    assert max(map(len, tags.values())) == 256
    assert tags["encore:service"] == "billing"
    assert "encore:service" not in stage.tags(None)
    assert "encore:declaration" not in stage.tags(None)


def test_what_is_asked_goes_through_the_same_provider_as_what_is_made() -> None:
    found: list[bool] = []

    def program() -> dict[str, Any]:
        provider = root.Provider("aws", region="eu-north-1")
        stage = Stage(Names(app="shop", environment="production"), provider)
        found.append(stage.question.provider is provider)
        return {}

    record(program, project="shop", stack="production")
    assert found == [True]

"""Every row against AWS's own models of its calls, as botocore has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator
from tests.support.aws_things import told

from encore_aws.presence import TAG, Call, Follows, Question
from encore_aws.presence_table import ROWS
from encore_aws.replacement import RULES

SESSION: Final = botocore.session.Session()
QUESTIONS: Final = {kind: row for kind, row in ROWS.items() if isinstance(row, Question)}
NOT_IN_THE_MODEL: Final = {
    # HEAD has no body, so the code is the status; SQS keeps the codes of its older protocol.
    "head_bucket": {"404", "NotFound"},
    "get_queue_url": {"AWS.SimpleQueueService.NonExistentQueue"},
    "get_queue_attributes": {"AWS.SimpleQueueService.NonExistentQueue"},
    "describe_db_instances": {"DBInstanceNotFoundFault"},
    # EC2 has no errors in its model.
    "describe_nat_gateways": {"NatGatewayNotFound"},
    "describe_vpc_endpoints": {
        "InvalidVpcEndpointId.NotFound",
        "InvalidVpcEndPointId.NotFound",
    },
}
WITHOUT_A_NAME: Final = {
    "aws:cloudfront/distribution:Distribution",
    "aws:sns/topicSubscription:TopicSubscription",
}


def model_of(service: str, operation: str) -> OperationModel:
    found = SESSION.get_service_model(service)
    names = {xform_name(name): name for name in found.operation_names}
    return found.operation_model(names[operation])


def calls(row: Question) -> Iterator[tuple[str, Call]]:
    yield "by id", row.by_id
    if row.by_name is not None:
        yield "by name", row.by_name
    if row.holders is not None:
        yield "holders", row.holders


CALLS: Final = [
    pytest.param(row, call, id=f"{kind} {how}")
    for kind, row in QUESTIONS.items()
    for how, call in calls(row)
]


def at(shape: Shape, path: str) -> Shape:
    """Through lists and maps; ``KeyError`` where the model has no such member."""
    for step in path.split(".") if path else ():
        shape = inside(shape)
        shape = shape.value if shape.type_name == "map" else shape.members[step]
    return inside(shape)


def inside(shape: Shape) -> Shape:
    while shape.type_name == "list":
        shape = shape.member
    return shape


def test_every_type_that_the_program_makes_has_a_row() -> None:
    assert set(RULES) - set(ROWS) == set()


@pytest.mark.parametrize("kind", [kind for kind, row in ROWS.items() if isinstance(row, Follows)])
def test_what_follows_follows_from_what_is_asked_for(kind: str) -> None:
    row = ROWS[kind]
    assert isinstance(row, Follows)
    assert isinstance(ROWS[row.owner], Question)
    assert row.why


@pytest.mark.parametrize(("row", "call"), CALLS)
def test_aws_takes_the_call(row: Question, call: Call) -> None:
    given = call.given("shop-production-thing-1", told())
    shape = model_of(row.service, call.operation).input_shape
    report = ParamValidator().validate(given, shape)
    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize(("row", "call"), CALLS)
def test_the_answer_has_what_is_read_of_it(row: Question, call: Call) -> None:
    output = model_of(row.service, call.operation).output_shape
    found = at(output, call.items)
    paths = [call.key] if call is row.holders else [call.key, row.own, row.state, row.until]
    if call.operation == "get_queue_attributes":
        # It is asked by what `own` would say.
        paths = [call.key]
    for path in filter(None, paths):
        tags = "TagSet.Value" if "TagSet" in getattr(found, "members", ()) else "Tags.Value"
        at(found, tags if path == TAG else path)


@pytest.mark.parametrize(("row", "call"), CALLS)
def test_what_means_absent_is_what_aws_answers(row: Question, call: Call) -> None:
    model = model_of(row.service, call.operation)
    known = {
        str(shape.metadata.get("error", {}).get("code") or shape.name)
        for shape in model.error_shapes
    }
    assert call.absent - NOT_IN_THE_MODEL.get(call.operation, set()) <= known
    # A list without a code for what is absent is empty then.
    assert call.absent or inside(at(model.output_shape, call.items)) is not model.output_shape


@pytest.mark.parametrize("kind", [kind for kind, row in QUESTIONS.items() if row.state])
def test_states_are_those_of_aws(kind: str) -> None:
    row = QUESTIONS[kind]
    output = model_of(row.service, row.by_id.operation).output_shape
    words = {
        word.lower() for word in getattr(at(at(output, row.by_id.items), row.state), "enum", [])
    }
    assert row.gone <= (words or row.gone)
    assert row.gone.isdisjoint(row.going)
    assert all(word == word.lower() for word in row.gone | row.going)


@pytest.mark.parametrize("kind", QUESTIONS)
def test_the_command_for_people_is_one(kind: str) -> None:
    row = QUESTIONS[kind]
    found = re.fullmatch(r"aws ([a-z0-9]+) ([a-z-]+)((?: --[a-z-]+ [^ -][^ ]*)+)", row.show)
    assert found, row.show
    service = {"s3api": "s3"}.get(found[1], found[1])
    assert service == row.service
    shape = model_of(service, found[2].replace("-", "_")).input_shape
    options = {xform_name(name).replace("_", "-") for name in shape.members}
    assert set(re.findall(r"--([a-z-]+)", found[3])) <= options | {"max-items"}
    assert "{it}" in row.show


def test_what_has_a_name_is_asked_for_by_it() -> None:
    nameless = {kind for kind, row in QUESTIONS.items() if not row.name}
    assert nameless == WITHOUT_A_NAME


def test_no_row_stands_twice_in_words() -> None:
    words: list[Any] = [row.what for row in QUESTIONS.values()]
    assert len(words) == len(set(words))

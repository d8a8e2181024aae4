"""Estimates: one for everything that the provider aws makes, none for what nobody knows."""

from __future__ import annotations

import pytest

from encore_aws.replacement import RULES
from encore_config.plan import Op, Step
from encore_provisioner.engine.durations import USUAL, usual_seconds

SERVER = "aws:rds/instance:Instance"


def step(type_: str, op: Op = "create") -> Step:
    return Step(op=op, type=type_, name="x", urn=f"urn:pulumi:a::b::{type_}::x")


def test_every_type_that_the_provider_aws_makes_has_a_row() -> None:
    assert sorted(set(RULES) - set(USUAL)) == []


@pytest.mark.parametrize("type_", USUAL)
def test_a_row_can_be_believed(type_: str) -> None:
    row = USUAL[type_]
    assert 0 < row.create <= 1800
    assert 0 < row.delete <= 1800
    assert row.update is None or 0 < row.update <= 1800
    assert row.source


@pytest.mark.parametrize(
    ("op", "seconds"),
    [("create", 480), ("delete", 360), ("replace", 840), ("update", None), ("same", None)],
)
def test_each_deed_takes_its_own_time(op: Op, seconds: float | None) -> None:
    assert usual_seconds(step(SERVER, op)) == seconds


@pytest.mark.parametrize("type_", ["aws:ec2/flowLog:FlowLog", "local:s3:Bucket", ""])
def test_of_what_is_unknown_nothing_is_said(type_: str) -> None:
    assert usual_seconds(step(type_)) is None

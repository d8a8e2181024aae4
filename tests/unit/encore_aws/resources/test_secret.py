"""Secrets: a place for each value, and never a value."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, run
from tests.support.graphs import cache, database, graph, secret

from encore_aws.resources import secret as kind
from encore_config.plan import UNKNOWN

APP = graph(
    secrets=(secret("StripeKey"), secret("weird/name")),
    databases=(database("orders", root=Path()),),
    caches=(cache("sessions"),),
)
VARIABLES = {
    "secret/StripeKey": "INFRA_SECRET_StripeKey",
    "secret/weird/name": "INFRA_SECRET_weird_name_2d21614c",
    "database/orders#password": "INFRA_SQL_orders_PASSWORD",
    "cache/sessions#password": "INFRA_REDIS_sessions_PASSWORD",
}


def test_each_secret_and_each_password_has_a_place_and_no_value() -> None:
    wanted = kind.normalise(APP, NAMES)
    found, notes = run(lambda stage: kind.create(wanted, stage))
    resources = by_name(found)
    assert set(resources) == set(notes) == set(VARIABLES)
    assert {resource.type for resource in resources.values()} == {
        "aws:secretsmanager/secret:Secret"
    }
    assert found.outputs == {"variables": dict.fromkeys(VARIABLES.values(), UNKNOWN)}


def test_a_container_finds_each_by_its_variable() -> None:
    wanted = kind.normalise(APP, NAMES)
    found, _ = run(lambda stage: kind.create(wanted, stage), made=True)
    names = {name: resource.inputs["name"] for name, resource in by_name(found).items()}
    assert found.outputs["variables"] == {
        variable: f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:{names[name]}"
        for name, variable in VARIABLES.items()
    }
    assert len(set(names.values())) == len(names)


def test_the_app_is_told_the_variables_of_what_it_declares() -> None:
    assert {b.name: b.env for b in kind.expose(APP)} == {
        "StripeKey": "INFRA_SECRET_StripeKey",
        "weird/name": "INFRA_SECRET_weird_name_2d21614c",
    }


def test_how_long_a_deleted_secret_can_be_restored() -> None:
    for days in (0, 7, 30):
        wanted = kind.normalise(APP, NAMES, recovery_days=days)
        found, _ = run(lambda stage, wanted=wanted: kind.create(wanted, stage))  # type: ignore[misc]
        assert {r.inputs["recoveryWindowInDays"] for r in found.resources} == {days}
    for days in (-1, 1, 6, 31):
        with pytest.raises(ValueError, match="0 or 7 to 30 days"):
            kind.normalise(APP, NAMES, recovery_days=days)


def test_a_key_of_the_persons_own_encrypts_them() -> None:
    wanted = kind.normalise(APP, NAMES, key="arn:aws:kms:eu-north-1:1:key/1")
    found, _ = run(lambda stage: kind.create(wanted, stage))
    assert {r.inputs["kmsKeyId"] for r in found.resources} == {"arn:aws:kms:eu-north-1:1:key/1"}

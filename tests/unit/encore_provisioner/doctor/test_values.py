"""Values behind references: resolved, or refused by name; never shown."""

from __future__ import annotations

import pytest

from encore_config.infra import EnvRef
from encore_provisioner.doctor.check import CheckError
from encore_provisioner.doctor.values import masked, resolve, secret_values


def test_resolved() -> None:
    assert resolve(EnvRef(env="A"), {"A": "v"}, what="password") == "v"
    assert resolve("plain", {}, what="password") == "plain"


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({}, "password: the variable A is not in runtime.env"),
        ({"A": ""}, "password: the variable A is empty in runtime.env"),
        (
            {"A": "envref:HUSH"},
            "password: the value of A starts with envref:, which the app would expand",
        ),
    ],
)
def test_refused(environ: dict[str, str], reason: str) -> None:
    with pytest.raises(CheckError) as caught:
        resolve(EnvRef(env="A"), environ, what="password")
    assert caught.value.reason == reason
    assert "encore-infra apply" in (caught.value.hint or "")


def test_what_must_not_be_shown() -> None:
    environ = {
        "A": "named",
        "INFRA_SECRET_X": "store",
        "DB_PASSWORD": "storehouse",
        "AWS_SESSION_TOKEN": "tok",
        "AWS_REGION": "eu-north-1",
        "SHORT_SECRET": "ab",
    }
    found = secret_values(environ, ("A", "MISSING"))
    assert found == ("storehouse", "named", "store", "tok")
    # The longest first, or "storehouse" would show its second half.
    assert masked("storehouse store eu-north-1", found) == "*** *** eu-north-1"

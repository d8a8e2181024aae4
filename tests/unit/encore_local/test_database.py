"""What can be known of a database without one: passwords and marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_local.resources.database import Found, actual, fits_verifier, mark
from encore_provisioner.postgres.verifier import scram_verifier


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_a_password_fits_its_own_verifier_only(password: str) -> None:
    verifier = scram_verifier(password)
    assert fits_verifier(password, verifier)
    assert not fits_verifier(password + "x", verifier)
    assert password not in verifier or len(password) < 4


@pytest.mark.parametrize("verifier", ["", "md5abc", "SCRAM-SHA-256$x", "SCRAM-SHA-256$1:$a:b"])
def test_no_password_fits_what_is_no_verifier(verifier: str) -> None:
    assert not fits_verifier("pencil", verifier)


@pytest.mark.parametrize(
    ("login", "password", "fits"),
    [(True, "p", True), (False, "p", False), (True, "q", False), (True, None, False)],
)
def test_a_password_that_does_not_fit_is_none(
    login: bool, password: str | None, fits: bool
) -> None:
    found = Found(
        database="orders",
        owner="orders",
        login=login,
        member=True,
        others_may_connect=False,
        verifier=scram_verifier("p"),
        declared=None,
    )
    assert (actual(found, password)["password"] == {"secret": True}) is fits


def test_a_mark_holds_any_name() -> None:
    assert mark('a"é\n') == 'encore-infra {"database": "a\\"\\u00e9\\n"}'

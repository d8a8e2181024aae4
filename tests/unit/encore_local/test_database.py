"""What can be known of a database without one: passwords, marks, text that is safe to send."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_local.resources.database import Found, actual, fits_verifier, mark
from encore_provisioner.postgres.door import literal, quoted
from encore_provisioner.postgres.running import lock_key
from encore_provisioner.postgres.verifier import scram_verifier

# The example of RFC 7677: user "user", password "pencil".
SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="
STORED = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="


def test_a_verifier_is_that_of_the_rfc() -> None:
    made = scram_verifier("pencil", salt=base64.b64decode(SALT))
    assert made.startswith(f"SCRAM-SHA-256$4096:{SALT}${STORED}:")


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_a_password_fits_its_own_verifier_only(password: str) -> None:
    verifier = scram_verifier(password)
    assert fits_verifier(password, verifier)
    assert not fits_verifier(password + "x", verifier)
    assert password not in verifier or len(password) < 4


@pytest.mark.parametrize("verifier", ["", "md5abc", "SCRAM-SHA-256$x", "SCRAM-SHA-256$1:$a:b"])
def test_no_password_fits_what_is_no_verifier(verifier: str) -> None:
    assert not fits_verifier("pencil", verifier)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_literals_and_names_end_where_they_should(text: str) -> None:
    body = literal(text).removeprefix(" E'").removesuffix("'")
    assert body.replace("\\\\", "").replace("''", "").count("'") == 0
    assert body.replace("\\\\", "").count("\\") == 0
    assert body.replace("''", "'").replace("\\\\", "\\") == text
    assert quoted(text)[1:-1].replace('""', "").count('"') == 0


def test_the_lock_is_golang_migrates() -> None:
    """CRC-32 of schema, table and database, times its salt, as 32 bits."""
    crc = zlib.crc32(b"public\0schema_migrations\0orders")
    assert lock_key("orders") == crc * 1486364155 % 2**32
    assert lock_key("orders") != lock_key("other")


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

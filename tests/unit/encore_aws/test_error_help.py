"""Each row of the table is met by a message of AWS's own shape, and says what can be done."""

from __future__ import annotations

import re
import string
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.golden import CASES, assert_golden
from tests.support.steps import BUCKET, SERVER

from encore_aws.error_help import cleaned, failed, reason
from encore_aws.error_table import ROWS, Row

ROOT = Path(__file__).resolve().parents[3]
MESSAGES = CASES / "aws" / "errors" / "messages.toml"
FOUND: list[dict[str, Any]] = tomllib.loads(MESSAGES.read_text())["case"]
KNOWN = [case for case in FOUND if case["code"]]


def number(case: dict[str, Any]) -> str:
    return f"{FOUND.index(case)}-{case['code'] or 'unknown'}"


@pytest.mark.parametrize("case", FOUND, ids=number)
def test_what_only_machines_need_is_left_out(case: dict[str, Any]) -> None:
    assert cleaned(case["said"]) == case["shown"]


@pytest.mark.parametrize("case", FOUND, ids=number)
def test_the_row_that_fits_is_found(case: dict[str, Any]) -> None:
    found = reason(case["said"])
    assert (found.code if found else "") == case["code"]


def test_every_row_has_a_message_and_the_most_usual_are_there() -> None:
    codes = [row.code for row in ROWS]
    assert len(codes) == len(set(codes)) >= 20
    assert {case["code"] for case in KNOWN} == set(codes)


def test_what_people_read() -> None:
    """Every cause and remedy as they are filled in: for eyes, and so that changes are seen."""
    told = []
    for case in KNOWN:
        found = reason(case["said"], subject="bucket/receipts")
        assert found is not None
        told.append(f"{found.code}\n  {case['shown']}\n  {found.cause}.\n  {found.remedy}\n")
    assert_golden(CASES / "aws" / "errors" / "told.txt", "\n".join(told))


@pytest.mark.parametrize("case", KNOWN, ids=number)
def test_everything_that_is_filled_in_is_in_the_message(case: dict[str, Any]) -> None:
    found = reason(case["said"])
    assert found is not None
    assert "unknown" not in found.cause + found.remedy
    assert not re.search(r"[{}]", found.cause + found.remedy)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_a_row_fills_in_only_what_its_pattern_finds(row: Row) -> None:
    wanted = {
        name
        for text in (row.cause, row.remedy)
        for _, name, _, _ in string.Formatter().parse(text)
        if name
    }
    assert wanted <= {"subject", *row.pattern.groupindex}
    assert not row.cause.endswith(".")
    assert not row.remedy.endswith(".")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_keys_that_a_remedy_names_are_keys_of_the_file(row: Row) -> None:
    documented = (ROOT / "docs" / "aws.md").read_text()
    for key in re.findall(r"`((?:databases|caches|buckets|secrets|network)\.\w+)", row.remedy):
        assert f"`{key}`" in documented or f"`{key}," in documented, key


def test_a_failed_step_carries_all_of_it() -> None:
    said = next(case for case in KNOWN if case["code"] == "bucket-name-taken")["said"]
    event = failed(BUCKET, said, seconds=2.5)
    assert (event.phase, event.seconds) == ("failed", 2.5)
    assert event.message == "creating S3 Bucket (shop-receipts-k3f9ab): BucketAlreadyExists"
    assert event.reason is not None
    assert event.reason.code == "bucket-name-taken"


def test_the_resource_is_named_by_its_declaration_else_by_itself() -> None:
    said = ["InvalidParameterCombination: Cannot delete protected DB Instance, please wait"]
    one, other = failed(BUCKET, said).reason, failed(SERVER, said).reason
    assert one is not None
    assert other is not None
    assert one.cause.startswith("bucket/receipts is protected")
    assert other.cause.startswith("database#server is protected")


@pytest.mark.parametrize("said", [[], [""], ["\n", "  "]])
def test_nothing_said_is_nothing_told(said: list[str]) -> None:
    assert (cleaned(said), reason(said)) == ("", None)


def test_what_is_said_twice_stands_there_once() -> None:
    assert cleaned(["it broke", "1 error occurred:\n\t* it broke", "so did that"]) == (
        "it broke; so did that"
    )


@given(st.lists(st.text(max_size=300), max_size=3))
def test_no_text_is_too_strange(said: list[str]) -> None:
    event = failed(BUCKET, said)
    assert "\n" not in event.message


@given(st.from_regex(r"[A-Z][a-z]{3,20}: [a-z ]{3,60}[a-z]", fullmatch=True))
def test_what_nobody_knows_passes_through(text: str) -> None:
    raw = (
        f"sdk-v2/provider2.go:572: sdk.helper_schema: making it: operation error EC2: Do, https "
        f"response error StatusCode: 400, RequestID: 1-2, api error {text}: provider=aws@7.51.1"
    )
    assert cleaned([raw]) == f"making it: {' '.join(text.split())}"


@pytest.mark.parametrize("piece", ["KMS", "a/", "LimitExceeded", "1 error occurred:\n\t* ", "x\n"])
def test_a_long_message_costs_no_time(piece: str) -> None:
    began = time.perf_counter()
    failed(BUCKET, [piece * (100_000 // len(piece))])
    assert time.perf_counter() - began < 2

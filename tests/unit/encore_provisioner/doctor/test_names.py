"""Reserved names: nobody else's, and old ones can be told."""

from __future__ import annotations

import re

import pytest

from encore_provisioner.doctor.names import LEFTOVER_SECONDS, is_leftover, reserved_name

NOW = 1_800_000_000.5


def test_names_differ_and_fit_every_service() -> None:
    first, second = reserved_name(now=NOW), reserved_name(now=NOW)
    assert first != second
    assert re.fullmatch(r"encore-doctor-1800000000-[0-9a-f]{12}", first)
    assert reserved_name(separator="/", now=NOW).startswith("encore-doctor/1800000000-")
    # SQS allows 80 characters, PostgreSQL 63 bytes.
    assert len(first) + len(".fifo") <= 63


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("encore-doctor-1799999000-0123456789ab", True),
        ("encore-doctor-1799999000-0123456789ab.fifo", True),
        ("encore-doctor/1799999000-0123456789ab", True),
        ("encore-doctor-1799999999-0123456789ab", False),
        ("encore-doctor-1800009999-0123456789ab", False),
        ("encore-doctor-1799999000-0123456789abc", False),
        ("encore-doctor-1799999000", False),
        ("encore-doctor-mine", False),
        ("my-encore-doctor-1799999000-0123456789ab", False),
        ("orders", False),
    ],
)
def test_leftovers(name: str, expected: bool) -> None:
    assert is_leftover(name, now=NOW) is expected


def test_a_run_that_goes_on_is_not_swept() -> None:
    name = reserved_name(now=NOW)
    assert not is_leftover(name, now=NOW + LEFTOVER_SECONDS - 1)
    assert is_leftover(name, now=NOW + LEFTOVER_SECONDS + 1)

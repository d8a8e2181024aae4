"""What a person may have meant."""

from __future__ import annotations

import pytest

from encore_provisioner.suggest import closest, did_you_mean

KNOWN = ("production", "staging", "pr-*", "Local")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("prodution", "production"),
        ("prod", "production"),
        ("STAGING", "staging"),
        ("local", "Local"),
        ("qa", None),
        ("", None),
    ],
)
def test_the_nearest_word(word: str, found: str | None) -> None:
    assert closest(word, KNOWN) == found


def test_a_hint_always_or_only_where_something_is_near() -> None:
    assert did_you_mean("prod", KNOWN) == "did you mean `production`?"
    assert did_you_mean("qa", KNOWN) is None
    assert did_you_mean("qa", KNOWN, otherwise="there are four") == "there are four"

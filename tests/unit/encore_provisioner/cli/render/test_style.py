"""Text before colours: columns, widths, and nothing that steers a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_config.plan import SECRET, UNKNOWN
from encore_provisioner.cli.render.style import (
    count,
    indent,
    line,
    listed,
    one_line,
    plain,
    seconds,
    shorten,
    table,
    value_text,
    visible,
    width,
)


@pytest.mark.parametrize(
    ("text", "cells"), [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("a\u200db", 2)]
)
def test_width(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("abcdef", None, "abcdef"),
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
    ],
)
def test_shorten(text: str, most: int | None, short: str) -> None:
    assert shorten(text, most) == short


@given(st.text(max_size=60), st.integers(2, 40))
def test_what_is_shortened_fits(text: str, most: int) -> None:
    assert width(shorten(text, most)) <= most


@given(st.text(max_size=60))
def test_nothing_steers_a_terminal_and_all_can_be_written(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not [c for c in shown if (ord(c) < 32 and c not in "\t\n") or 0x7F <= ord(c) < 0xA0]
    assert "\n" not in one_line(text)


def test_columns() -> None:
    rows = table([("a", ("日本", "bold"), "end"), ("long", "b", ""), ("x",)])
    assert plain(rows) == "a     日本  end\nlong  b\nx\n"
    assert plain(indent([line("a"), ()], 2)) == "  a\n\n"
    assert table([]) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (SECRET, "(secret)"),
        (UNKNOWN, "(known after apply)"),
        ("a\n", '"a\\n"'),
        (None, "null"),
        ({"b": SECRET, "a": [UNKNOWN, 1]}, '{"a": ["(known after apply)", 1], "b": "(secret)"}'),
        ({"secret": True, "more": 1}, '{"more": 1, "secret": true}'),
    ],
)
def test_values(value: object, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.004, "0.00 s"), (9.99, "9.99 s"), (42.4, "42 s"), (125.0, "2 min 5 s")]
)
def test_durations(value: float, text: str) -> None:
    assert seconds(value) == text


def test_counts() -> None:
    assert [count(n, "retry", "retries") for n in (0, 1, 2)] == [
        "0 retries",
        "1 retry",
        "2 retries",
    ]
    assert count(2, "step") == "2 steps"


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_a_list_in_words(names: list[str], text: str) -> None:
    assert listed(names) == text


@given(st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), min_size=6, max_size=900))
def test_of_many_only_some_are_named(names: list[str]) -> None:
    assert listed(names) == f"{', '.join(names[:5])} and {len(names) - 5} more"

"""Literals as Encore evaluates them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Node

from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.imports import ImportResolver, Paths
from encore_provisioner.analysis.literals import LARGEST_COUNT, Reader, parse_duration
from encore_provisioner.analysis.modules import read_module
from encore_provisioner.analysis.nodes import string_value
from encore_provisioner.analysis.parse import parse
from encore_provisioner.analysis.resolver import Resolver
from encore_provisioner.analysis.source import read_source


def reader(text: str) -> tuple[Reader, Node]:
    """A reader of ``const x = <text>`` and the node of the value."""
    source = read_source("a.ts", f"const x = {text};".encode())
    module = read_module(parse(source, Findings()))
    resolver = Resolver(
        {module.path: module}, ImportResolver(Path(), frozenset({module.path}), Paths())
    )
    value = module.values["x"].child_by_field_name("value")
    assert value is not None
    return Reader(module, resolver, Findings()), value


def codes(found: Reader) -> list[str]:
    return [d.code for d in found.findings.sorted()]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("1h30m", 5400),
        ("1 h\t30 m", 5400),
        ("7d", 604800),
        ("1w", 604800),
        ("1y", 31556926),
        ("500ms", 0.5),
        ("1us", 1e-6),
        ("1500ms500ms", 2),
        ("0s", 0),
        ("", None),
        ("30", None),
        ("s", None),
        ("1.5s", None),
        ("-1s", None),
        ("1µs", None),
        ("1S", None),
        ("1s2", None),
        ("99999999999999999999y", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    found = parse_duration(text)
    assert found == seconds
    assert type(found) is type(seconds)


@given(st.text(max_size=30))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    found = parse_duration(text)
    assert found is None or found >= 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("+5", 5),
        ("1_000", 1000),
        ("0x10", 16),
        ("0b101", 5),
        ("6 * 1024 * 1024", 6291456),
        ("10 / 5 - 2 + 7 % 4", 3),
        ("7 / 2", None),
        ("1 / 0", None),
        ("1 % 0", None),
        ("(1)", None),
        ("1.5", None),
        ("1e3", 1000),
        ("5.0", 5),
        ("5.", 5),
        (".5", None),
        ("1e30", None),
        ("2 ** 3", None),
        ("1 << 3", None),
        ("~1", None),
        ("n", None),
        ("1n", None),
        ("9" * 30, None),
        ("9223372036854775807 * 9", None),
        ("+".join(["1"] * 5_000), None),
    ],
)
def test_integers(text: str, value: int | None) -> None:
    found, node = reader(text)
    assert found.integer(node, "it") == value
    assert codes(found) == ([] if value is not None else ["E0303"])


def test_negative_numbers_are_refused_where_none_may_stand() -> None:
    found, node = reader("-7 + 2")
    assert found.integer(node, "it") is None
    assert codes(found) == ["E0303"]


def test_a_count_ends_where_32_bits_do() -> None:
    found, node = reader("4_294_967_296")
    assert found.integer(node, "it") == 2**32
    assert found.integer(node, "it", most=LARGEST_COUNT) is None
    assert codes(found) == ["E0303"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a"', "a"),
        ("'a\\n\\t\\\\'", "a\n\t\\"),
        ("'\\x41\\u0042\\u{1F6D2}'", "AB🛒"),
        ("'\\u{110000}\\ud800'", "\ufffd\ufffd"),
        ("''", ""),
        ("`a`", None),
        ("'a' + 'b'", None),
        ("('a')", None),
        ("'a' as const", None),
    ],
)
def test_strings(text: str, value: str | None) -> None:
    found, node = reader(text)
    assert found.string(node, "it") == value
    assert string_value(node) == value
    assert codes(found) == ([] if value is not None else ["E0301"])


def test_a_plain_constant_is_told_in_the_hint() -> None:
    found, node = reader("y; const y = `a-name`")
    assert found.string(node, "it") is None
    assert [d.hint for d in found.findings.sorted()] == ['write "a-name" here']


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ a: 1, 'b': 2 }", []),
        ("{ a }", ["E0308"]),
        ("{ a() {} }", ["E0308"]),
        ("{ get a() { return 1 } }", ["E0308"]),
        ("{ ...a }", ["E0308"]),
        ("{ a: 1, [b]: 2 }", ["E0308"]),
        ("{ a: 1, 3: 2 }", ["E0308"]),
        ("{ a: 1, a: 2 }", ["E0310"]),
        ("{ a: 1, bb: 2 }", ["E0309"]),
        ("{ b: 1 }", ["E0311"]),
        ("{ /* nothing */ }", ["E0311"]),
        ("[]", ["E0307"]),
        ("a as { a: 1 }", ["E0307"]),
    ],
)
def test_options(text: str, expected: list[str]) -> None:
    found, node = reader(text)
    found.options(node, "the options", ("a", "b"), ("a",))
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'./m'", "./m"),
        ("'m/n'", "m/n"),
        ("'../m'", None),
        ("'a/../m'", None),
        ("'/m'", None),
        ("'a\\0b'", None),
    ],
)
def test_local_paths(text: str, value: str | None) -> None:
    found, node = reader(text)
    assert found.local_path(node, "it") == value
    assert codes(found) == ([] if value is not None else ["E0306"])

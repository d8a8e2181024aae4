"""Documents are read strictly, with the path of the first fault, and written deterministically."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.values import values_of

from encore_config import codec
from encore_config.diagnostics import Diagnostics
from encore_config.environment import EnvironmentFile
from encore_config.errors import DocumentError
from encore_config.graph import Graph
from encore_config.infra import InfraConfig
from encore_config.plan import Plan
from encore_config.schema import DOCUMENTS

GRAPH = {"app": {"id": "shop", "language": "typescript"}, "gateway": {}}

FAULTS: list[tuple[type[msgspec.Struct], Any, str, str, str | None]] = [
    (Graph, [], "$", 'expected "object", got "array"', None),
    (Graph, {**GRAPH, "topcs": []}, "$", 'unknown key "topcs"', 'did you mean "topics"?'),
    (Graph, {**GRAPH, "schema": 2}, "$.schema", "version 2 of this document", "later one"),
    (Graph, {**GRAPH, "schema": "1"}, "$.schema", 'expected "int", got "str"', None),
    (Graph, {"gateway": {}}, "$", 'missing required field "app"', None),
    (
        Graph,
        {**GRAPH, "app": {"id": "x", "language": "typescrip"}},
        "$.app.language",
        '"typescrip" is none of typescript, go, python',
        'did you mean "typescript"?',
    ),
    (
        Graph,
        {
            **GRAPH,
            "uses": [{"service": "a", "kind": "topic", "name": "t", "operations": [], "at": 1}],
        },
        "$.uses[0].at",
        'got "int"',
        None,
    ),
    (
        Graph,
        {
            **GRAPH,
            "services": [{"name": "a", "root": "a", "at": {"file": "f", "line": 0, "column": 1}}],
        },
        "$.services[0].at.line",
        'expected "int" >= 1',
        None,
    ),
    (
        EnvironmentFile,
        {"environments": {"pr-*": {"provder": "aws"}}},
        '$.environments["pr-*"]',
        'unknown key "provder"',
        'did you mean "provider"?',
    ),
    (
        EnvironmentFile,
        {"environments": {"local": {"zzzz": 1}}},
        "$.environments.local",
        'unknown key "zzzz"',
        "known here: provider, extends",
    ),
    (
        EnvironmentFile,
        {"environments": {"local": {"ports": {"caches": {"a.b": 70000}}}}},
        '$.environments.local.ports.caches["a.b"]',
        "65535",
        None,
    ),
    (EnvironmentFile, {"environments": {"a": None}}, "$.environments.a", "null", None),
    (EnvironmentFile, {"environments": {1: {}}}, "$.environments", 'expected "str"', None),
    (Plan, {"summary": {"create": True}}, "$.summary.create", 'got "bool"', None),
    (Diagnostics, {"diagnostics": [{"code": "E601"}]}, "$.diagnostics[0].code", "regex", None),
    (
        Diagnostics,
        {"diagnostics": [{"code": "E0601\n"}]},
        "$.diagnostics[0].code",
        "regex",
        None,
    ),
    (
        InfraConfig,
        {"object_storage": [{"type": "s3", "region": "r", "buckets": {"b": {"name": 1}}}]},
        "$.object_storage[0].buckets.b.name",
        'got "int"',
        None,
    ),
    (InfraConfig, {"worker_threads": 2**31}, "$.worker_threads", "2147483647", None),
]


@pytest.mark.parametrize(("kind", "value", "where", "problem", "hint"), FAULTS)
def test_a_fault_is_told_with_path_problem_and_hint(
    kind: type[msgspec.Struct], value: Any, where: str, problem: str, hint: str | None
) -> None:
    with pytest.raises(DocumentError) as caught:
        codec.convert(value, kind)
    assert caught.value.where == where
    assert problem in caught.value.problem
    assert str(caught.value) == f"{where}: {caught.value.problem}"
    assert caught.value.hint is None if hint is None else hint in (caught.value.hint or "")


TEXTS = [
    (b'{"a": 1, "a": 2}', "$", 'the key "a" stands twice'),
    (b'{"a": NaN}', "$", "NaN is not JSON"),
    (b'{"a": -Infinity}', "$", "-Infinity is not JSON"),
    (b"{}\n{}", "line 2, column 1", "Extra data"),
    (b'{\n  "a": 1,\n}', "line 3, column 1", "property name"),
    (b"// note\n{}", "line 1, column 1", "this is not JSON"),
    (b"\xff{}", "$", "byte 0 is not UTF-8"),
    (b"\xef\xbb\xbf{}", "line 1, column 1", "BOM"),
    (b'{"a": "\\ud800"}', "$", "half of a surrogate pair"),
    (b"[" * 100_000, "$", "nesting too deep"),
    (b"1" * 10_000, "$", "a number is too long"),
    (b"", "line 1, column 1", "this is not JSON"),
]


@pytest.mark.parametrize(("data", "where", "problem"), TEXTS)
def test_a_text_that_is_no_strict_json_is_refused(data: bytes, where: str, problem: str) -> None:
    with pytest.raises(DocumentError) as caught:
        codec.parse(data)
    assert caught.value.where == where
    assert problem in caught.value.problem


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_give_a_document_or_the_typed_error(data: bytes) -> None:
    with contextlib.suppress(DocumentError):
        codec.decode(data, EnvironmentFile)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_survives_the_way_out_and_back(name: str) -> None:
    kind = DOCUMENTS[name]

    @given(values_of(kind))
    def check(document: msgspec.Struct) -> None:
        data = codec.encode(document)
        assert codec.decode(data, kind) == document
        assert codec.encode(codec.decode(data, kind)) == data

    check()


def test_the_same_document_gives_the_same_bytes_whatever_order_its_maps_were_made_in() -> None:
    one = codec.decode(b'{"environments": {"b": {}, "a": {"region": "x"}}}', EnvironmentFile)
    two = codec.decode(b'{"environments": {"a": {"region": "x"}, "b": {}}}', EnvironmentFile)
    assert codec.encode(one) == codec.encode(two)


def test_the_form_is_two_spaces_type_order_and_a_newline_at_the_end() -> None:
    document = codec.decode(json.dumps({**GRAPH, "schema": 1}).encode(), Graph)
    lines = codec.encode(document).decode().splitlines(keepends=True)
    assert lines[:4] == ["{\n", '  "schema": 1,\n', '  "app": {\n', '    "id": "shop",\n']
    assert lines[-1] == "}\n"


def test_text_outside_ascii_is_written_as_itself() -> None:
    document = EnvironmentFile(environments={})
    assert codec.encode(document).isascii()
    infra = InfraConfig(log_config="é😀\u2028")
    assert "é😀\u2028".encode() in codec.encode(infra)


def test_half_a_surrogate_pair_cannot_be_written() -> None:
    with pytest.raises(DocumentError, match="surrogate"):
        codec.encode(InfraConfig(log_config="\ud800"))

"""``read_infra`` takes and refuses what the core does.

``cases/infra_parse.json`` holds texts with the verdict that the core's own parser gave when it
was compiled and asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.values import values_of

from encore_config import codec, infra
from encore_config.errors import DocumentError
from encore_config.infra_reader import read_infra
from encore_config.runtime import from_infra

CASES = json.loads((Path(__file__).parent / "cases" / "infra_parse.json").read_text("utf-8"))


def verdict(data: bytes) -> str:
    try:
        config = read_infra(data)
    except DocumentError:
        return "refuses"
    try:
        from_infra(config)
    except DocumentError:
        return "panics"
    return "accepts"


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_verdict_is_the_core_s(case: dict[str, str]) -> None:
    assert verdict(case["text"].encode("utf-8")) == case["core"]


def test_the_cases_hold_every_verdict() -> None:
    assert {case["core"] for case in CASES} == {"accepts", "refuses", "panics"}


@pytest.mark.parametrize(
    "text",
    ['{"secrets": ["X"]}', '{"secrets": {"$env": "A", "note": 5}}'],
    ids=["an array", "a map with something that is no secret"],
)
def test_secrets_that_only_make_sense_as_one_reference_are_refused(text: str) -> None:
    """The core takes these by accident; see the module's docstring."""
    with pytest.raises(DocumentError) as caught:
        read_infra(text.encode())
    assert caught.value.path[0] == "secrets"


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(DocumentError, match="byte 16 is not UTF-8"):
        read_infra(b'{"log_config": "\xff"}')


FAULTS = [
    ('{"worker_threads": "4"}', "$.worker_threads", "found a text", "without quotes"),
    ('{"worker_threads": 4.0}', "$.worker_threads", "found a number with", "decimal point"),
    (
        '{"sql_servers":[{"host":"","databases":{"a b":{"username":{"$env":"U"},"password":""}}}]}',
        '$.sql_servers[0].databases["a b"].username',
        "expected a text, found an object",
        "no {",
    ),
    ('{"pubsub":[{"type":"aws_sns","topics":{}}]}', "$.pubsub[0]", "type 'aws_sns'", "aws_sns_sqs"),
    ('{"redis":{"c":{"host":"h","database_index":0}}}', "$.redis.c", '"in_memory"', "add"),
    (
        '{"redis":{"c":{"hots":"h","database_index":0,"in_memory":true}}}',
        "$.redis.c",
        '"host"',
        '"hots"',
    ),
    ("{} // x", "line 1, column 4", "not strict JSON", "no comments"),
    ('{"log_config":"a","log_config":"b"}', "$", '"log_config" stands twice', "keep one"),
]


@pytest.mark.parametrize(("text", "where", "problem", "hint"), FAULTS)
def test_a_refusal_says_where_what_and_what_to_do(
    text: str, where: str, problem: str, hint: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        read_infra(text.encode())
    assert caught.value.where == where
    assert problem in caught.value.problem
    assert hint in (caught.value.hint or "")


@given(values_of(infra.InfraConfig))
def test_what_the_codec_writes_is_read_as_it_was(config: infra.InfraConfig) -> None:
    assert read_infra(codec.encode(config)) == config


@given(values_of(infra.InfraConfig), st.data())
def test_a_damaged_file_is_refused_with_the_typed_error_or_read(
    config: infra.InfraConfig, data: st.DataObject
) -> None:
    text = codec.encode(config)
    at = data.draw(st.integers(0, len(text)))
    damage: Any = data.draw(st.sampled_from([b"", b"1", b"null", b"]", b"}", b",", b"\xff"]))
    verdict(text[:at] + damage + text[at + 1 :])


def test_a_secret_is_not_shown_when_it_is_refused() -> None:
    with pytest.raises(DocumentError) as caught:
        read_infra(b'{"secrets": {"A": 8675309}}')
    assert "8675309" not in str(caught.value)

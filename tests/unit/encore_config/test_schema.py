"""The written JSON Schemas are fresh, valid, and agree with the codec."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.support.values import JSON, values_of

from encore_config import codec, schema
from encore_config.errors import DocumentError
from encore_config.infra import InfraConfig
from encore_config.infra_reader import read_infra

FOLDER = Path(schema.__file__).parent / "schemas"


def test_the_written_schemas_are_those_of_the_types() -> None:
    assert schema.stale(FOLDER) == ()


def test_stale_missing_and_left_over_files_are_named(tmp_path: Path) -> None:
    schema.write(tmp_path)
    assert schema.stale(tmp_path) == ()
    (tmp_path / "graph.v1.schema.json").write_text("{}")
    (tmp_path / "plan.v1.schema.json").unlink()
    (tmp_path / "old.v1.schema.json").write_text("{}")
    assert schema.stale(tmp_path) == (
        "graph.v1.schema.json",
        "old.v1.schema.json",
        "plan.v1.schema.json",
    )


def test_the_command_checks_without_writing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "encore_config.schema", "--check"], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("name", schema.DOCUMENTS)
def test_every_schema_is_valid_and_says_what_it_is_of(name: str) -> None:
    loaded = schema.load(name)
    Draft202012Validator.check_schema(loaded)
    top = loaded["$defs"][schema.DOCUMENTS[name].__name__]
    assert loaded["$id"] == f"urn:encore-infra:{name}:v1"
    assert top["title"] == schema.DOCUMENTS[name].__name__
    assert "    " not in json.dumps([d.get("description", "") for d in loaded["$defs"].values()])


def test_a_description_is_the_docstring() -> None:
    definitions = schema.load("graph")["$defs"]
    assert definitions["Use"]["description"].startswith("That a service uses a resource")


@pytest.mark.parametrize("name", schema.DOCUMENTS)
def test_the_schema_takes_what_the_codec_writes(name: str) -> None:
    validator = Draft202012Validator(schema.load(name))

    @given(values_of(schema.DOCUMENTS[name]))
    def check(document: msgspec.Struct) -> None:
        validator.validate(json.loads(codec.encode(document)))

    check()


@pytest.mark.parametrize("name", schema.DOCUMENTS)
def test_the_schema_and_the_codec_agree_on_damaged_documents(name: str) -> None:
    """But for numbers: ``1.0`` is an integer to JSON Schema, and none to us.

    ``infra.config.json`` has a reader of its own, which is asked too.
    """
    kind = schema.DOCUMENTS[name]
    validator = Draft202012Validator(schema.load(name))

    @given(values_of(kind), st.randoms(use_true_random=False), JSON)
    def check(document: msgspec.Struct, random: Any, other: Any) -> None:
        value = json.loads(codec.encode(document))
        damaged = _damaged(value, random, other)
        assume(damaged != value)
        assert validator.is_valid(damaged) is _accepted(damaged, kind)

    check()


def _damaged(value: Any, random: Any, other: Any) -> Any:
    """One node replaced, removed or added."""
    root = {"": copy.deepcopy(value)}
    places: list[tuple[Any, Any]] = [(root, "")]
    for holder, key in places:
        child = holder[key]
        if isinstance(child, dict):
            places.extend((child, k) for k in child)
        elif isinstance(child, list):
            places.extend((child, i) for i in range(len(child)))
    holder, key = random.choice(places)
    child = holder[key]
    action = random.choice(["replace", "remove", "add"])
    if action == "remove" and isinstance(child, dict) and child:
        del child[random.choice(sorted(child))]
    elif action == "add" and isinstance(child, dict):
        child["unheard-of"] = other
    else:
        holder[key] = other
    return root[""]


def _accepted(value: Any, kind: type[msgspec.Struct]) -> bool:
    try:
        codec.convert(value, kind)
        if kind is InfraConfig:
            read_infra(json.dumps(value).encode())
    except DocumentError:
        return False
    return True


def test_every_definition_of_the_graph_refuses_unknown_keys() -> None:
    definitions = schema.load("graph")["$defs"].values()
    assert {d["additionalProperties"] for d in definitions} == {False}


def test_the_core_s_ranges_stand_in_the_schema() -> None:
    redis = schema.load("infra")["$defs"]["Redis"]
    assert redis["properties"]["database_index"] == {
        "type": "integer",
        "minimum": -(2**31),
        "maximum": 2**31 - 1,
    }
    assert redis["required"] == ["host", "database_index", "in_memory"]

"""Documents from JSON, strictly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_aws.function.codec import DecodeError, decode, encode


@dataclass(frozen=True, kw_only=True)
class Leaf:
    number: int
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True, kw_only=True)
class Tree:
    name: str
    leaves: tuple[Leaf, ...] = ()
    best: Leaf | None = None
    share: float = 0.0
    is_old: bool = False


LEAVES = st.builds(Leaf, number=st.integers(), kind=st.sampled_from(["a", "b"]))
TREES = st.builds(
    Tree,
    name=st.text(),
    leaves=st.lists(LEAVES).map(tuple),
    best=st.none() | LEAVES,
    share=st.floats(allow_nan=False),
    is_old=st.booleans(),
)


@given(TREES)
def test_what_is_written_is_read_again(tree: Tree) -> None:
    assert decode(Tree, json.loads(json.dumps(encode(tree)))) == tree


WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "$: an object is wanted"),
    "missing": ({}, "$: the key 'name' is missing"),
    "unknown": ({"name": "x", "colour": 1}, "$: the key 'colour' is not known"),
    "number for text": ({"name": 1}, "$.name: a text is wanted"),
    "null for text": ({"name": None}, "$.name: a text is wanted"),
    "no list": ({"name": "x", "leaves": {}}, "$.leaves: a list is wanted"),
    "deep": (
        {"name": "x", "leaves": [{"number": 1}, {"number": "1"}]},
        "$.leaves[1].number: a whole number is wanted",
    ),
    "true for a number": ({"name": "x", "best": {"number": True}}, "$.best.number: a whole number"),
    "fraction": ({"name": "x", "best": {"number": 1.5}}, "$.best.number: a whole number"),
    "no such kind": ({"name": "x", "best": {"number": 1, "kind": "c"}}, "$.best.kind: one of"),
    "one for true": ({"name": "x", "is_old": 1}, "$.is_old: true or false is wanted"),
    "text for a share": ({"name": "x", "share": "1"}, "$.share: a number is wanted"),
    "true for a share": ({"name": "x", "share": True}, "$.share: a number is wanted"),
}


@pytest.mark.parametrize(("data", "says"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_refused_with_its_path(data: Any, says: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(Tree, data)
    assert str(caught.value).startswith(says)

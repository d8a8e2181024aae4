"""Property paths: written as Pulumi writes them, sorted as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.values import JSON, TEXTS

from encore_config.plan import SECRET, UNKNOWN
from encore_provisioner.engine.paths import flatten, inside, order, steps_of

CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"name": "a", "gone": None}, {"name": "a"}),
    (
        {"rules": [{"byDefault": {"sseAlgorithm": "AES256"}, "on": False}, None]},
        {"rules[0].byDefault.sseAlgorithm": "AES256", "rules[0].on": False},
    ),
    ({"tags": {"encore:app": "shop"}}, {'tags["encore:app"]': "shop"}),
    ({"a": [], "b": {}, "c": [{}]}, {"a": [], "b": {}, "c[0]": {}}),
    (
        {"password": SECRET, "id": [UNKNOWN, "x"]},
        {"id[0]": UNKNOWN, "id[1]": "x", "password": SECRET},
    ),
    ({'"\n': 1, "é": 2, "": {"x": 3}}, {'[""].x': 3, r'["\"\n"]': 1, '["é"]': 2}),
]


@pytest.mark.parametrize(("value", "leaves"), CASES)
def test_leaves_have_the_paths_that_pulumi_gives_them(
    value: dict[str, Any], leaves: dict[str, Any]
) -> None:
    assert flatten(value) == leaves


def test_a_policy_stays_one_leaf() -> None:
    policy = '{"Statement": []}'
    assert flatten({"policy": policy}) == {"policy": policy}


@given(st.dictionaries(TEXTS, JSON, max_size=4))
def test_a_path_leads_to_its_leaf(value: dict[str, Any]) -> None:
    for path, leaf in flatten(value).items():
        at: Any = value
        for step in steps_of(path):
            at = at[step]
        assert at == leaf


@given(st.dictionaries(TEXTS, JSON, max_size=4))
def test_leaves_stand_in_the_order_of_their_paths(value: dict[str, Any]) -> None:
    paths = list(flatten(value))
    assert paths == sorted(paths, key=order)


def test_indexes_are_sorted_as_numbers() -> None:
    assert list(flatten({"a": list("abcdefghijkl")}))[-1] == "a[11]"


@pytest.mark.parametrize("path", ["or|ders`<b>", "a b", "", "a[x]", 'a["b'])
def test_what_is_no_path_is_one_key(path: str) -> None:
    assert steps_of(path) == (path,)


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"a": 1}', {"a": 1}), ("[1]", [1]), ("{no", None), ("1", None), (3, None), (None, None)],
)
def test_only_objects_and_lists_are_looked_into(text: object, value: object) -> None:
    assert inside(text) == value

"""Every value that the environment file may hold has words for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import pytest
import yaml
from msgspec import inspect

from encore_config.environment import EnvironmentFile
from encore_provisioner.environment_values import fits, hint_for, told, wanted

Path = tuple[str, ...]


def leaves(kind: inspect.Type, path: Path = ()) -> Iterator[tuple[Path, inspect.Type]]:
    """Each key of the file that holds a single value, and what it must be."""
    match kind:
        case inspect.StructType(fields=fields):
            for item in fields:
                yield from leaves(item.type, (*path, item.encode_name))
        case inspect.DictType(value_type=inner) | inspect.VarTupleType(item_type=inner):
            yield from leaves(inner, (*path, "*"))
        case inspect.UnionType(types=types):
            for inner in types:
                yield from leaves(inner, path) if not isinstance(inner, inspect.NoneType) else ()
        case _:
            yield path, kind


LEAVES = dict(leaves(inspect.type_info(EnvironmentFile)))


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_every_key_says_what_it_wants_and_refuses_what_no_key_takes(path: Path) -> None:
    kind = LEAVES[path]
    assert wanted(kind)
    assert not fits(None, kind)
    assert not fits([], kind)


def test_the_walk_finds_keys_at_every_depth() -> None:
    start = ("environments", "*")
    assert {
        (*start, "account"),
        (*start, "network", "subnets", "storage", "*"),
        (*start, "buckets", "*", "cors", "*", "methods", "*"),
        (*start, "adopt", "databases", "*", "instance"),
    } <= set(LEAVES)


def scalar(text: str) -> yaml.ScalarNode:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(node, yaml.ScalarNode)
    return node


def kind_of(type_: object) -> inspect.Type:
    return inspect.type_info(type_)


LEAST = kind_of(Annotated[int, msgspec.Meta(ge=1)])
MOST = kind_of(Annotated[int, msgspec.Meta(le=9)])
CODE = kind_of(Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$", description="two letters")])


@pytest.mark.parametrize(
    ("kind", "text", "wants", "hint"),
    [
        (kind_of(bool), '"off"', "true or false", "write it without quotes: false"),
        (kind_of(bool), "0", "true or false", None),
        (LEAST, '"7"', "a whole number of at least 1", "write it without quotes: 7"),
        (LEAST, '"0"', "a whole number of at least 1", None),
        (LEAST, "true", "a whole number of at least 1", None),
        (MOST, "10", "a whole number of at most 9", None),
        (kind_of(int), "1.0", "a whole number", None),
        (kind_of(str), "12", "text", 'put it in quotes: "12"'),
        (kind_of(str), "~", "text", None),
        (CODE, "abc", "two letters", None),
        (CODE, "no", "text (two letters)", 'put it in quotes: "no"'),
        (CODE, "12", "text (two letters)", None),
    ],
)
def test_what_is_wanted_and_what_to_write(
    kind: inspect.Type, text: str, wants: str, hint: str | None
) -> None:
    value = yaml.safe_load(text)
    assert not fits(value, kind)
    assert wanted(kind, value) == wants
    assert hint_for(value, kind, scalar(text)) == hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~", "nothing"),
        ("on", "true or false (on)"),
        ("true", "true"),
        ("0x10", "0x10"),
        ("2024-01-31", "2024-01-31"),
        ('"7"', 'the text "7"'),
    ],
)
def test_what_stands_there_is_told_as_it_is_written(text: str, expected: str) -> None:
    assert told(yaml.safe_load(text), scalar(text)) == expected


def test_a_pattern_without_words_is_an_error_of_ours() -> None:
    bare = kind_of(Annotated[str, msgspec.Meta(pattern="^x$")])
    with pytest.raises(TypeError, match="no description"):
        wanted(bare)

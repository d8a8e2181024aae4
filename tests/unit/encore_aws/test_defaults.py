"""The table of defaults: every key of the file has a row or a reason to have none."""

from __future__ import annotations

import os
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any, get_args

import msgspec
import pytest

from encore_aws.defaults import ROWS, TABLE, Default, default
from encore_aws.settings import settings
from encore_config.environment import EnvironmentEntry, EnvironmentType
from encore_provisioner.environments import read_environments, resolve

NO_DEFAULT = {
    "account": "any account, unless one is named",
    "adopt": "nothing is adopted unless it is named",
    "buckets.cors": "no web page may use a bucket from a browser unless it is named",
    "buckets.protect": "as `protect`",
    "caches.max_connections": "decided with the cache",
    "caches.protect": "as `protect`",
    "caches.version": "follows from the engine",
    "containers.image": "nobody knows it before it is built",
    "databases.max_connections": "computed from the server's size",
    "databases.protect": "as `protect`",
    "extends": "resolved before",
    "id": "made by `env new`",
    "key": "AWS's own keys",
    "metrics.namespace": "only with an exporter",
    "network.subnets": "only in a network of one's own",
    "network.vpc": "only in a network of one's own",
    "ports": "refused",
    "postgres": "refused",
    "provider": "resolved before",
    "region": "must be given",
    "state": "of the engine",
    "tags": "none but ours",
    "type": "resolved before",
}
"""Keys without a row, and why."""

NAMED_GROUPS = ("databases", "caches", "buckets")
WHOLE = ("adopt", "ports", "postgres", "tags")


def _struct(kind: Any) -> type[msgspec.Struct] | None:
    """The struct in ``Network | None`` or ``dict[str, CacheSettings] | None``."""
    for part in (kind, *get_args(kind)):
        for inner in (part, *get_args(part)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                return inner
    return None


def keys() -> Iterator[str]:
    hints = typing.get_type_hints(EnvironmentEntry)
    for name in EnvironmentEntry.__struct_fields__:
        group = None if name in WHOLE else _struct(hints[name])
        if group is None:
            yield name
            continue
        for inner in group.__struct_fields__:
            yield f"{name}.{inner}"


def test_every_key_of_the_file_has_a_default_or_a_reason_to_have_none() -> None:
    found = list(keys())
    assert len(found) == len(set(found))
    assert set(found) == {*TABLE, *NO_DEFAULT}
    assert not set(TABLE) & set(NO_DEFAULT)


def test_the_walk_sees_groups_and_maps_of_groups() -> None:
    assert {"network.nat", "secrets.recovery_days", *(f"{g}.protect" for g in NAMED_GROUPS)} <= set(
        keys()
    )


def test_each_key_has_one_row() -> None:
    assert len(ROWS) == len(TABLE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
@pytest.mark.parametrize("kind", get_args(EnvironmentType))
def test_every_default_is_a_value_that_the_file_may_hold(row: Default, kind: Any) -> None:
    *groups, last = row.key.split(".")
    value: Any = {last: default(row.key, kind)}
    if groups and groups[0] in NAMED_GROUPS:
        value = {"defaults": value}
    for group in groups:
        value = {group: value}
    assert msgspec.convert(value, EnvironmentEntry)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_a_row_says_why_and_what_a_difference_costs(row: Default) -> None:
    assert row.why
    if len({row.production, row.development, row.ephemeral}) > 1:
        assert row.cost, "what differs by type has a price, if only `nothing`"


def test_a_test_environment_is_one_that_comes_and_goes() -> None:
    assert all(row.of("test") == row.ephemeral for row in ROWS)


def test_a_key_without_a_row_has_no_default() -> None:
    with pytest.raises(KeyError):
        default("databases.colour", "production")


PAGE = Path(__file__).parents[3] / "docs" / "aws.md"
BEGIN, END = "<!-- defaults -->\n", "<!-- /defaults -->\n"


def shown(value: Any) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def table() -> str:
    """The rows as they stand in ``docs/aws.md``; ``UPDATE_GOLDENS=1`` writes them there."""
    rows = [
        ("key", "production", "development", "ephemeral", "costs", "why"),
        ("---",) * 6,
        *(
            (
                f"`{row.key}`",
                *map(shown, (row.production, row.development, row.ephemeral)),
                row.cost,
                row.why,
            )
            for row in ROWS
        ),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_the_page_shows_this_table() -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    found, end, after = rest.partition(END)
    if "UPDATE_GOLDENS" in os.environ:
        PAGE.write_text(f"{before}{BEGIN}{table()}{end}{after}")
        return
    assert found == table(), "UPDATE_GOLDENS=1 writes it anew"


def test_the_page_names_every_key() -> None:
    named = set(re.findall(r"`([a-z_.]+)`", PAGE.read_text()))
    assert set(keys()) - named == set()


def test_every_example_on_the_page_is_taken() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for text in blocks:
        if not text.startswith("environments:"):
            entry = indent(f"region: eu-north-1\n{text}", "    ")
            text = f"environments:\n  production:\n{entry}"
        made = settings(resolve(read_environments(text.encode()), "production"))
        assert made.region == "eu-north-1"

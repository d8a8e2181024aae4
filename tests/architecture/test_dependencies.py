"""What ``encore-infra[local]`` brings along, followed through the installed packages."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
CLOUD = re.compile(
    r"boto.*|aiobotocore|aioboto.*|s3transfer|awscrt|pulumi.*|google-cloud.*|google-api.*|azure.*"
)
Requires = Callable[[str], Iterable[str]]


def declared(extra: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"][extra]]
    return [Requirement(line) for line in lines]


def installed(name: str) -> Iterable[str]:
    return importlib.metadata.requires(name) or ()


def reachable(roots: Iterable[Requirement], requires: Requires) -> dict[str, frozenset[str]]:
    """Each package that ``roots`` bring on this machine, with the extras that are asked of it."""
    found: dict[str, frozenset[str]] = {}
    waiting = list(roots)
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        known = found.get(name)
        extras = (known or frozenset()) | wanted.extras
        if extras == known:
            continue
        found[name] = extras
        for line in requires(name):
            needed = Requirement(line)
            environments = [{"extra": extra} for extra in ("", *extras)]
            if needed.marker is None or any(map(needed.marker.evaluate, environments)):
                waiting.append(needed)
    return found


def test_the_local_servers_bring_no_cloud_sdk() -> None:
    found = reachable(declared("local"), installed)
    assert {"ministack", "hypercorn", "psycopg", "msgspec"} <= found.keys()
    assert [name for name in found if CLOUD.fullmatch(name)] == []


@pytest.mark.parametrize("requirement", declared("local"), ids=lambda found: found.name)
def test_what_is_installed_is_what_is_asked_for(requirement: Requirement) -> None:
    """Else the walk above would judge other packages than a user gets."""
    assert importlib.metadata.version(requirement.name) in requirement.specifier


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        ({"a": ["B_x>=1", "c; extra == 'more'"]}, {"a", "b-x"}),
        ({"a[more]": [], "a": ["c; extra == 'more'"]}, {"a", "c"}),
        ({"a": ["b"], "b": ["a[more]"], "ignored": ["x"]}, {"a", "b"}),
        ({"a": ["b; python_version < '3'", "botocore==1.43"]}, {"a", "botocore"}),
    ],
)
def test_the_walk(requires: dict[str, list[str]], expected: set[str]) -> None:
    root = Requirement(next(iter(requires)))
    found = reachable([root], lambda name: requires.get(name, []))
    assert found.keys() == expected


@pytest.mark.parametrize(
    "name", ["botocore", "boto3", "s3transfer", "pulumi-aws", "google-cloud-storage"]
)
def test_a_cloud_sdk_would_be_noticed(name: str) -> None:
    found = reachable([Requirement("a")], lambda asked: [name] if asked == "a" else [])
    assert [other for other in found if CLOUD.fullmatch(other)] == [name]

"""``encore.infra.yaml``: each mistake with its place, and what an environment comes out as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect
from tests.support.golden import CASES, assert_golden
from tests.support.values import JSON

from encore_config.diagnostics import Diagnostic
from encore_config.environment import (
    Adopt,
    BucketSettings,
    CorsRule,
    DatabaseSettings,
    EnvironmentEntry,
    EnvironmentFile,
    Network,
    Ports,
    Postgres,
    Subnets,
)
from encore_provisioner.cli.render.diagnostics import Sources, failure_lines
from encore_provisioner.cli.render.style import plain
from encore_provisioner.environments import (
    FILE_NAME,
    load_environments,
    read_environments,
    resolve,
    settings_of,
)
from encore_provisioner.errors import EnvironmentFileError, InfraError, UsageError

FOLDER = CASES / "environments"
MISTAKES = sorted(p.name for p in FOLDER.iterdir())

PRODUCTION = b"""\
environments:
  production:
    provider: aws
    region: eu-north-1
    type: production
    id: k3f9
    state: s3://acme-infra-state
    databases: {defaults: {size: db.t4g.small, multi_az: true}, orders: {size: db.m7g.large}}
    adopt: {buckets: {uploads: acme-legacy-uploads}}
  "pr-*": {extends: production, type: ephemeral, databases: {defaults: {multi_az: false}}}
  "pr-9*": {provider: local}
  "*": {provider: local, type: test}
  pr-90: {extends: "pr-*", region: us-east-1}
"""


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_shown_with_its_place(case: str) -> None:
    folder = FOLDER / case
    with pytest.raises(EnvironmentFileError) as caught:
        load_environments(folder)
    shown = plain(failure_lines(caught.value, Sources(folder)))
    assert_golden(folder / "expected.txt", shown)
    assert caught.value.code == "bad-environment-file"
    assert all(d.at is not None for d in caught.value.diagnostics)


@pytest.mark.parametrize(
    ("text", "environments"),
    [
        ("", {}),
        ("# nothing but a comment\n", {}),
        ("schema: 1\n", {}),
        ("environments:\n", {}),
        ("environments:\n  staging:\n", {"staging": EnvironmentEntry()}),
        ("environments: {staging: ~}\n", {"staging": EnvironmentEntry()}),
        ("environments: {a: {id: ~}}\n", {"a": EnvironmentEntry()}),
        ('environments: {a: {id: "0123"}}\n', {"a": EnvironmentEntry(id="0123")}),
        (
            "environments:\n  a: {ports: {app: 4000, caches: {x: 1}}, postgres: {bin: /pg}}\n",
            {
                "a": EnvironmentEntry(
                    ports=Ports(app=4000, caches={"x": 1}), postgres=Postgres(bin="/pg")
                )
            },
        ),
        (
            "environments:\n  a: &base {region: eu, type: test}\n  b: *base\n"
            "  c: {<<: *base, type: development}\n  d: {<<: [{region: us}, *base]}\n",
            {
                "a": EnvironmentEntry(region="eu", type="test"),
                "b": EnvironmentEntry(region="eu", type="test"),
                "c": EnvironmentEntry(region="eu", type="development"),
                "d": EnvironmentEntry(region="us", type="test"),
            },
        ),
        (
            "environments:\r\n  a:\r\n    region: eu\r\n",
            {"a": EnvironmentEntry(region="eu")},
        ),
        ("\ufeffenvironments: {a: {region: eu}}", {"a": EnvironmentEntry(region="eu")}),
        (
            "environments: {a: {databases: {defaults: , orders: {size: db.m7g.large}}}}",
            {
                "a": EnvironmentEntry(
                    databases={
                        "defaults": DatabaseSettings(),
                        "orders": DatabaseSettings(size="db.m7g.large"),
                    }
                )
            },
        ),
        (
            "environments: {a: {buckets: {images: {cors: [{origins: [a, b], max_age: 1}]}}}}",
            {
                "a": EnvironmentEntry(
                    buckets={
                        "images": BucketSettings(cors=(CorsRule(origins=("a", "b"), max_age=1),))
                    }
                )
            },
        ),
        (
            "environments: {a: {network: , adopt: {databases: }}}",
            {"a": EnvironmentEntry(adopt=Adopt())},
        ),
        (
            "environments: {a: {protect: yes, account: '012345678901', tags: {team: '7'}}}",
            {"a": EnvironmentEntry(protect=True, account="012345678901", tags={"team": "7"})},
        ),
        (
            "environments: {a: {network: {subnets: {compute: []}, nat: none}}}",
            {"a": EnvironmentEntry(network=Network(nat="none", subnets=Subnets(compute=())))},
        ),
    ],
)
def test_what_a_file_says(text: str, environments: dict[str, EnvironmentEntry]) -> None:
    assert read_environments(text.encode()) == EnvironmentFile(environments=environments)


def test_bytes_that_are_no_utf8_have_a_place(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"environments:\n  \xc3\xa9\xff: {}\n")
    with pytest.raises(EnvironmentFileError) as caught:
        load_environments(tmp_path)
    assert plain(failure_lines(caught.value, Sources(tmp_path))) == (
        "error[E8001]: the file is not UTF-8\n"
        " --> encore.infra.yaml:2:4\n"
        "  |\n"
        "2 |   é\ufffd: {}\n"
        "  |    ^\n"
        "  = hint: save it as UTF-8\n"
    )


def test_without_a_file_local_exists(tmp_path: Path) -> None:
    environment = resolve(load_environments(tmp_path), "local")
    assert (environment.provider, environment.type) == ("local", "development")


def test_a_file_that_cannot_be_read_is_an_error_of_the_file(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(EnvironmentFileError, match=r"encore\.infra\.yaml cannot be read"):
        load_environments(tmp_path)


@pytest.mark.parametrize(
    ("name", "provider", "kind", "region"),
    [
        ("local", "local", "development", None),
        ("production", "aws", "production", "eu-north-1"),
        ("pr-42", "aws", "ephemeral", "eu-north-1"),
        ("pr-9", "local", "development", None),
        ("pr-91", "local", "development", None),
        ("pr-90", "aws", "ephemeral", "us-east-1"),
        ("whatever", "local", "test", None),
    ],
)
def test_a_name_finds_its_entry(name: str, provider: str, kind: str, region: str | None) -> None:
    environment = resolve(read_environments(PRODUCTION), name)
    assert environment.name == name
    assert (environment.provider, environment.type) == (provider, kind)
    assert environment.settings.region == region


def test_maps_are_merged_and_what_is_adopted_stays_with_its_owner() -> None:
    file = read_environments(PRODUCTION)
    settings = resolve(file, "pr-42").settings
    assert settings.databases == {
        "defaults": DatabaseSettings(size="db.t4g.small", multi_az=False),
        "orders": DatabaseSettings(size="db.m7g.large"),
    }
    assert (settings.id, settings.state) == ("k3f9", "s3://acme-infra-state")
    assert settings.extends is None
    assert settings.adopt is None
    assert resolve(file, "production").settings.adopt is not None


def test_groups_are_merged_field_by_field() -> None:
    file = read_environments(
        b"environments: {a: {ports: {app: 1, caches: {x: 2}}}, "
        b"b: {extends: a, ports: {aws: 3, caches: {y: 4}}}}"
    )
    assert settings_of(file, "b").ports == Ports(app=1, aws=3, caches={"x": 2, "y": 4})


MERGED = b"""\
environments:
  base:
    protect: true
    tags: {team: shop, cost: "1"}
    network: {nat: gateway, zones: 3, subnets: {storage: [a, b]}}
    databases: {defaults: {multi_az: true, backup_days: 14}, orders: {size: db.m7g.large}}
    buckets: {images: {cors: [{origins: [x, y]}, {origins: [z]}], cache_seconds: 60}}
  heir:
    extends: base
    protect: false
    tags: {cost: "2"}
    network: {nat: none, subnets: {compute: [c], storage: [d]}}
    databases: {defaults: {backup_days: 0}, orders: }
    buckets: {images: {cors: []}}
"""


def test_groups_are_merged_at_every_depth_and_lists_are_replaced() -> None:
    """False, nought and an empty list are said, and so win."""
    settings = settings_of(read_environments(MERGED), "heir")
    assert settings == EnvironmentEntry(
        protect=False,
        tags={"team": "shop", "cost": "2"},
        network=Network(nat="none", zones=3, subnets=Subnets(compute=("c",), storage=("d",))),
        databases={
            "defaults": DatabaseSettings(multi_az=True, backup_days=0),
            "orders": DatabaseSettings(size="db.m7g.large"),
        },
        buckets={"images": BucketSettings(cors=(), cache_seconds=60)},
    )


@pytest.mark.parametrize(
    ("name", "kind", "code", "words"),
    [
        ("prod", EnvironmentFileError, "unknown-environment", "did you mean `production`?"),
        ("qa", EnvironmentFileError, "unknown-environment", "`encore-infra env new qa` makes one"),
        ("Prod", UsageError, "bad-environment-name", ""),
        ("", UsageError, "bad-environment-name", ""),
        ("a" * 40, UsageError, "bad-environment-name", ""),
        ("pr-*", UsageError, "bad-environment-name", "is a pattern"),
    ],
)
def test_an_unknown_name_is_refused(
    name: str, kind: type[InfraError], code: str, words: str
) -> None:
    file = read_environments(b"environments: {production: {}, 'pr-*': {}}")
    with pytest.raises(kind) as caught:
        resolve(file, name)
    assert caught.value.code == code
    assert words in (caught.value.hint or "")
    if code == "unknown-environment":
        assert "known here: local, pr-*, production" in caught.value.message


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"a": "b", "b": "a"}, "a → b → a"),
        ({"a": "gone"}, "`a` extends `gone`, which does not exist"),
    ],
)
def test_a_file_made_by_code_is_checked_too(entries: dict[str, str], words: str) -> None:
    made = {key: EnvironmentEntry(extends=base) for key, base in entries.items()}
    with pytest.raises(EnvironmentFileError, match=words):
        resolve(EnvironmentFile(environments=made), "a")


def findings(raw: bytes) -> tuple[Diagnostic, ...] | None:
    """What is wrong with a file; None when nothing is."""
    try:
        read_environments(raw)
    except EnvironmentFileError as error:
        return error.diagnostics
    return None


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_end_in_a_file_or_in_findings_with_places(raw: bytes) -> None:
    found = findings(raw)
    lines = raw.count(b"\n") + 1
    assert found is None or (found and all(d.at and d.at.line <= lines for d in found))


_WORDS = (
    """environments local pr-* extends provider ports app << &a *a { } [ ] : , # " ' | !x 1 ~"""
)
_WORD = st.sampled_from([*_WORDS.split(), "\n", "  ", " ", "- ", "? "])


@given(st.lists(_WORD, max_size=40).map("".join))
def test_any_jumble_of_yaml_ends_in_a_file_or_in_findings(text: str) -> None:
    assert findings(text.encode()) != ()


_ANY: st.SearchStrategy[Any] = JSON | st.sampled_from(
    ["true", "7", "111122223333", 7, -1, 0.5, True, [], {}, [{}], None]
)


def _near(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Values of about the shape of ``kind``: right ones, wrong ones, some with keys left out."""
    match kind:
        case inspect.StructType(fields=fields):
            shape = {item.encode_name: _near(item.type) for item in fields}
            return st.fixed_dictionaries({}, optional=shape) | _ANY
        case inspect.DictType(value_type=inner):
            return st.dictionaries(st.sampled_from(["a", "defaults"]), _near(inner)) | _ANY
        case inspect.VarTupleType(item_type=inner):
            return st.lists(_near(inner), max_size=2) | _ANY
        case inspect.UnionType(types=types):
            return st.one_of(*map(_near, types))
        case inspect.LiteralType(values=values):
            return st.sampled_from(values) | _ANY
        case _:
            return _ANY


_ENTRY = _near(inspect.type_info(EnvironmentEntry))


@given(_ENTRY)
def test_whatever_is_not_refused_is_an_environment(entry: Any) -> None:
    raw = yaml.safe_dump({"environments": {"a": entry}}).encode()
    assert findings(raw) != ()

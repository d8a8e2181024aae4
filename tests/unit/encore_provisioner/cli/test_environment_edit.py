"""Changing one entry of ``encore.infra.yaml`` changes one line of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_config.environment import EnvironmentEntry
from encore_provisioner.cli.environment_edit import add_entry, give_id, remove_entry
from encore_provisioner.environments import read_environments
from encore_provisioner.errors import EnvironmentFileError

STAGING = EnvironmentEntry(provider="aws", type="development", id="k3f9ab")
LINE = "staging: {provider: aws, type: development, id: k3f9ab}"

ADDED = [
    ("", f"environments:\n  {LINE}\n"),
    ("# mine\n", f"# mine\nenvironments:\n  {LINE}\n"),
    ("schema: 1", f"schema: 1\nenvironments:\n  {LINE}\n"),
    ("environments:\n", f"environments:\n  {LINE}\n"),
    ("environments: # none yet\n", f"environments: # none yet\n  {LINE}\n"),
    ("environments: {}\n", f"environments: {{{LINE}}}\n"),
    (
        "environments: {a: {}, } # one\n",
        f"environments: {{a: {{}}, {LINE}, }} # one\n",
    ),
    (
        "environments:\n    a: {}\n    # the end\n",
        f"environments:\n    a: {{}}\n    {LINE}\n    # the end\n",
    ),
    (
        "environments:\n  a:\n    region: eu # here\n\n# last words\nschema: 1\n",
        f"environments:\n  a:\n    region: eu # here\n  {LINE}\n\n# last words\nschema: 1\n",
    ),
    (
        "environments:\n  a:\n    tags:\n      note: |\n        one\n        two\n",
        f"environments:\n  a:\n    tags:\n      note: |\n        one\n        two\n  {LINE}\n",
    ),
    ("environments:\n  a: {}", f"environments:\n  a: {{}}\n  {LINE}\n"),
    ("environments:\n  a:\n", f"environments:\n  a:\n  {LINE}\n"),
    (
        "environments:\r\n  a: {}\r\nschema: 1\r\n",
        f"environments:\r\n  a: {{}}\r\n  {LINE}\r\nschema: 1\r\n",
    ),
    (
        "environments:\n  a: &x {region: eu}\n  b: *x # same\n",
        f"environments:\n  a: &x {{region: eu}}\n  b: *x # same\n  {LINE}\n",
    ),
    ("\ufeffenvironments:\n  a: {}\n", f"\ufeffenvironments:\n  a: {{}}\n  {LINE}\n"),
]


@pytest.mark.parametrize(("text", "expected"), ADDED)
def test_an_entry_is_one_line_more(text: str, expected: str) -> None:
    assert add_entry(text, "staging", STAGING) == expected


@pytest.mark.parametrize(
    ("name", "entry", "written"),
    [
        ("pr-*", EnvironmentEntry(extends="production"), '"pr-*": {extends: production}'),
        ("a", EnvironmentEntry(extends="pr-*"), 'a: {extends: "pr-*"}'),
        ("on", EnvironmentEntry(provider="local"), '"on": {provider: local}'),
        ("a", EnvironmentEntry(id="12345"), 'a: {id: "12345"}'),
        ("a", EnvironmentEntry(region="eu-north-1"), "a: {region: eu-north-1}"),
    ],
)
def test_what_yaml_would_misread_is_quoted(
    name: str, entry: EnvironmentEntry, written: str
) -> None:
    text = "environments:\n  production: {}\n  'pr-*': {}\n"
    if name == "pr-*":
        text = "environments:\n  production: {}\n"
    assert add_entry(text, name, entry) == f"{text}  {written}\n"


REMOVED = [
    ("environments:\n  a: {}\n  b: {}\n", "environments:\n  b: {}\n"),
    ("environments:\n  a: {}", "environments:\n"),
    (
        "# top\nenvironments:\n  # first\n  a:\n    region: eu # x\n    type: test\n"
        "  # next\n  b: {}\n",
        "# top\nenvironments:\n  # first\n  # next\n  b: {}\n",
    ),
    ("environments:\r\n  b: {}\r\n  a: {}\r\n", "environments:\r\n  b: {}\r\n"),
]


@pytest.mark.parametrize(("text", "expected"), REMOVED)
def test_an_entry_goes_and_every_comment_stays(text: str, expected: str) -> None:
    assert remove_entry(text, "a") == expected


@pytest.mark.parametrize(
    "text",
    [
        "{environments: {a: {}}, schema: 1}",
        "environments: {a: {}, b: {}}\n",
        "environments:\n  a: &x {region: eu}\n  b: *x\n",
    ],
)
def test_what_cannot_be_cut_out_is_left_to_the_person(text: str) -> None:
    with pytest.raises(EnvironmentFileError) as caught:
        remove_entry(text, "a")
    assert caught.value.code == "edit-by-hand"
    assert caught.value.hint == "remove the entry `a` under `environments:`"


def test_what_cannot_be_added_is_told_as_a_line_to_write() -> None:
    with pytest.raises(EnvironmentFileError) as caught:
        add_entry("{schema: 1}\n", "staging", STAGING)
    assert caught.value.hint == f"add under `environments:`\n  {LINE}"


# What YAML does not read as text has to be quoted by whoever writes it.
_NO_TEXT = ("no", "null", "off", "on")
_NAME = st.from_regex(r"[b-r][a-z0-9-]{0,5}", fullmatch=True).filter(lambda n: n not in _NO_TEXT)
_NAMES = st.lists(_NAME, unique=True, max_size=5)
_BODIES = st.sampled_from(
    [
        " {}",
        "",
        " {type: test} # why",
        "\n    region: eu\n    # inside\n    type: test",
        " {id: a1}",
    ]
)
_BETWEEN = st.sampled_from(["", "\n", "  # a comment\n", "# at the margin\n"])


@given(_NAMES, st.data())
def test_adding_and_removing_gives_the_same_text(names: list[str], data: st.DataObject) -> None:
    body = "".join(
        f"{data.draw(_BETWEEN)}  {name}:{data.draw(_BODIES)}\n" for name in sorted(names)
    )
    text = f"# head\nenvironments:\n{body}{data.draw(_BETWEEN)}"
    added = add_entry(text, "staging", STAGING)
    assert remove_entry(added, "staging") == text
    assert read_environments(added.encode()).environments["staging"] == STAGING
    assert set(read_environments(added.encode()).environments) == {*names, "staging"}


GIVEN = [
    (
        "environments:\n  prod: {provider: aws}\n",
        "environments:\n  prod: {id: k3f9ab, provider: aws}\n",
    ),
    (
        "environments:\n  prod:\n    # a\n    provider: aws # b\n    type: test\n",
        "environments:\n  prod:\n    # a\n    id: k3f9ab\n    provider: aws # b\n    type: test\n",
    ),
    (
        "environments:\r\n  prod:\r\n    provider: aws\r\n",
        "environments:\r\n  prod:\r\n    id: k3f9ab\r\n    provider: aws\r\n",
    ),
    (
        "environments: {prod: {provider: aws}, b: {extends: prod}}",
        "environments: {prod: {id: k3f9ab, provider: aws}, b: {extends: prod}}",
    ),
]


@pytest.mark.parametrize(("before", "after"), GIVEN)
def test_an_id_is_given_and_nothing_else_is_touched(before: str, after: str) -> None:
    assert give_id(before, "prod", "k3f9ab") == after


@pytest.mark.parametrize(
    "text",
    [
        "environments:\n  prod:\n",
        "environments:\n  prod: {}\n",
        "environments:\n  a: &a {provider: aws}\n  prod: *a\n",
        "environments:\n  prod: {id: other, provider: aws}\n",
    ],
)
def test_what_cannot_be_given_an_id_is_left_to_its_author(text: str) -> None:
    with pytest.raises(EnvironmentFileError) as refused:
        give_id(text, "prod", "k3f9ab")
    assert refused.value.code == "edit-by-hand"
    assert "id: k3f9ab" in (refused.value.hint or "")

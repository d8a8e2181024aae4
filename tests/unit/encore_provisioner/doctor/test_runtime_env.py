"""``runtime.env``: read back exactly as it was written, and as a shell would read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_provisioner.doctor.runtime_env import EnvFileError, parse
from encore_provisioner.emit import render_env

READ = {
    "plain": ("A=b\n", {"A": "b"}),
    "exported": ("export A=b", {"A": "b"}),
    "single quotes": ("A='b c'\n", {"A": "b c"}),
    "a quote inside": ("A='it'\"'\"'s'\n", {"A": "it's"}),
    "double quotes": ('A="b \\"c\\" \\$d \\\\ \\n"', {"A": 'b "c" $d \\ \\n'}),
    "escaped": ("A=b\\ c", {"A": "b c"}),
    "a continued line": ("A=b\\\nc\nB=d", {"A": "bc", "B": "d"}),
    "several lines": ("A='1\n#2\nB=3'\nC=4\n", {"A": "1\n#2\nB=3", "C": "4"}),
    "comments": ("# first\nA=1 # last\n\n#B=2\n", {"A": "1"}),
    "a hash inside": ("A=b#c", {"A": "b#c"}),
    "an equals sign inside": ("A=b=c", {"A": "b=c"}),
    "empty": ("A=\nB=''\n", {"A": "", "B": ""}),
    "nothing": ("", {}),
    "the last counts": ("A=1\nA=2\n", {"A": "2"}),
    "carriage return": ("A='b\r'\r\n", {"A": "b\r"}),
}

REFUSED = {
    "an open quote": ("A=1\nB='x", 2),
    "no assignment": ("A=1\n\necho", 3),
    "no name": ("1A=b", 1),
    "an expansion": ("A=1\nB=$A", 2),
    "an expansion in quotes": ('A="$(id)"', 1),
    "a command": ("A=`id`", 1),
    "two commands": ("A=1;B=2", 1),
}


@pytest.mark.parametrize(("text", "variables"), READ.values(), ids=READ.keys())
def test_read(text: str, variables: dict[str, str]) -> None:
    assert parse(text) == variables


@pytest.mark.parametrize(("text", "line"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(EnvFileError, match=f"^line {line}: "):
        parse(text)


def test_the_error_does_not_show_the_value() -> None:
    with pytest.raises(EnvFileError) as caught:
        parse("SECRET='hush")
    assert "hush" not in str(caught.value)


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)
values = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@given(st.dictionaries(names, values, max_size=5))
def test_what_is_emitted_is_read(variables: dict[str, str]) -> None:
    assert parse(render_env(variables)) == variables

"""``runtime.env`` gives a POSIX shell exactly the values that went in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from encore_provisioner.emit import render_env
from encore_provisioner.errors import RefusedError

DUMP = "import json,os; print(json.dumps({k: v for k, v in os.environ.items() if k[:2] == 'V_'}))"


def through_a_shell(text: str, folder: Path) -> dict[str, str]:
    """The variables V_… that a program sees when a shell has read ``text``."""
    file = folder / "runtime.env"
    file.write_bytes(text.encode("utf-8"))
    command = f'set -a; . "$1"; set +a; exec "$2" -c "{DUMP}"'
    environ = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
    done = subprocess.run(
        ["sh", "-c", command, "sh", str(file), sys.executable],
        env=environ,
        capture_output=True,
        check=True,
    )
    seen: dict[str, str] = json.loads(done.stdout)
    return seen


HOSTILE = {
    "V_quote": "it's",
    "V_quotes": "'\"'\"'",
    "V_newline": "a\nb\n",
    "V_carriage": "a\r\nb",
    "V_command": "$(touch pwned) `touch pwned`",
    "V_variable": "$HOME ${HOME} \\$HOME",
    "V_backslash": "\\ \\n \\\\",
    "V_comment": "# no comment",
    "V_tilde": "~/x:~root",
    "V_glob": "* ? [a-z]",
    "V_operators": "a; b && c | d > e < f & (g) {h}",
    "V_space": "  leading and trailing\t",
    "V_empty": "",
    "V_unicode": "é 😀 \u2028",
    "V_equals": "a=b",
    "V_bang": "!event",
    "V_controls": "\x01\x1b[31m\x7f",
    "V_dash": "-n",
}


def test_hostile_values_come_through_as_they_are(tmp_path: Path) -> None:
    assert through_a_shell(render_env(HOSTILE), tmp_path) == HOSTILE
    assert not list(Path.cwd().glob("pwned"))


TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@examples(15)
@given(values=st.lists(TEXT, min_size=8, max_size=8))
def test_any_value_comes_through_as_it_is(
    values: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    variables = {f"V_{index}": value for index, value in enumerate(values)}
    assert through_a_shell(render_env(variables), tmp_path_factory.mktemp("env")) == variables


def test_the_lines_are_sorted_whatever_order_they_came_in() -> None:
    assert render_env({"B": "2", "A": "1 1"}) == "A='1 1'\nB=2\n"
    assert render_env({}) == ""


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_what_no_environment_can_hold_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(RefusedError) as caught:
        render_env({"INFRA_SECRET_Key": f"hidden{value}"})
    assert caught.value.code == "not-an-environment-value"
    assert "INFRA_SECRET_Key" in caught.value.message
    assert "hidden" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("name", ["", "1A", "A B", "A-B", "A=B", "A\nB", "É", "A$(x)"])
def test_a_name_that_is_no_variable_s_is_refused(name: str) -> None:
    with pytest.raises(RefusedError) as caught:
        render_env({name: "x"})
    assert caught.value.code == "not-an-environment-value"

"""PostgreSQL's grammar: what it refuses and where, and that nothing ends the process."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_provisioner.analysis.uses.grammar import LONGEST, SqlError, statements, syntax_error

GOOD = ["", "-- nothing", "SELECT 1; SELECT 2", "SELECT 'é' FROM a WHERE b = $1", "SELECT"]
BAD = {
    "SELEC 1": ('syntax error at or near "SELEC"', 0),
    "SELECT a, FROM b": ('syntax error at or near "FROM"', 10),
    "SELECT 'é', FROM b": ('syntax error at or near "FROM"', 12),
    "SELECT 'x": ('unterminated quoted string at or near "\'x"', 7),
    "SELECT a FROM": ("syntax error at end of input", 13),
    "SELECT \0": ("a query cannot hold a NUL character", 7),
}
NESTED = ["1+", "NOT ", "(", "f(", "- ", "CASE WHEN true THEN ", "(SELECT "]


@pytest.mark.parametrize("sql", GOOD)
def test_a_query_that_can_be_read_has_no_error(sql: str) -> None:
    assert syntax_error(sql) is None


@pytest.mark.parametrize("sql", BAD)
def test_a_mistake_is_told_with_its_place(sql: str) -> None:
    assert syntax_error(sql) == SqlError(*BAD[sql])
    assert statements(sql) is None


def test_a_tree_names_the_kind_of_each_statement() -> None:
    trees = statements("SELECT 1; DELETE FROM a")
    assert [next(iter(tree)) for tree in trees or ()] == ["SelectStmt", "DeleteStmt"]


@pytest.mark.parametrize("part", NESTED)
def test_deep_nesting_is_no_end_of_the_process(part: str) -> None:
    """In a process of its own: the parser's code is C, and too deep would end it at once."""
    repeated = f"'SELECT ' + {part!r} * {(LONGEST - 100) // len(part)} + '1'"
    code = (
        "from encore_provisioner.analysis.uses.grammar import statements, syntax_error;"
        f"sql = {repeated}; print(syntax_error(sql), statements(sql) is None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_too_long_is_not_checked() -> None:
    sql = "SELEC " + "1" * LONGEST
    assert syntax_error(sql) is None
    assert statements(sql) is None


@given(st.text())
def test_any_text_is_judged(sql: str) -> None:
    error = syntax_error(sql)
    assert error is None or 0 <= error.offset <= len(sql)
    assert (statements(sql) is None) >= (error is not None)

"""What a query does, where its text makes that certain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_provisioner.analysis.uses.sql import query_operations

READS = [
    "SELECT 1",
    "  -- INSERT\n select * from a where b = 'update'",
    'SELECT "delete" FROM a',
    "SELECT comment, created FROM posts",
    'SELECT "for" FROM a WHERE b = $$ into $$',
    "SELECT count(*), max(b)::numeric(10, 2), pg_catalog.lower(c) FROM a GROUP BY d",
    "SELECT substring(a FROM 1 FOR 3) FROM b",
    "WITH a AS (SELECT 1) SELECT * FROM a",
    "WITH RECURSIVE a AS (SELECT 1 UNION SELECT 2 FROM a) SELECT * FROM a",
    "VALUES (1)",
    "TABLE a",
    "SHOW timezone",
    "SELECT $$ DELETE $$",
    "SELECT 1; SELECT 2",
]
WRITES = [
    "INSERT INTO a VALUES (1) RETURNING id",
    "update a set b = $1",
    "TRUNCATE a",
    "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE",
    "WITH a AS (DELETE FROM b RETURNING *) SELECT * FROM a",
    "WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a",
    "CREATE TABLE a (b int)",
    "CREATE TABLE a AS SELECT 1",
    "DROP TABLE a",
    "ALTER TABLE a ADD b int",
    "CREATE INDEX ON a (b)",
    "SELECT * INTO b FROM a",
    "SELECT 1; DELETE FROM a",
]
OPEN = [
    "SELECT * FROM a FOR UPDATE",
    "SELECT * FROM (SELECT * FROM a FOR SHARE) b",
    "SELECT nextval('s')",
    "SELECT place_order($1)",
    "SELECT other.lower(a) FROM b",
    "WITH a AS (SELECT pg_notify('x', 'y')) SELECT * FROM a",
    "SELECT 1; SELECT place_order(1)",
    "EXPLAIN SELECT 1",
    "CALL tidy()",
    "DO $$ BEGIN END $$",
    "SELECT FROM WHERE for",
    "?",
    "",
]
CASES = (
    [(q, {"read"}) for q in READS] + [(q, {"write"}) for q in WRITES] + [(q, set()) for q in OPEN]
)


@pytest.mark.parametrize(("query", "operations"), CASES)
def test_what_a_query_does(query: str, operations: set[str]) -> None:
    assert query_operations(query) == operations


@given(st.text())
def test_any_query_is_judged(query: str) -> None:
    assert query_operations(query) <= {"read", "write"}


WORDS = "SELECT WITH a AS ( ) , * FROM b WHERE FOR UPDATE DELETE f( 1 $1 ; 'x' INTO VALUES"


@given(st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join))
def test_what_looks_like_a_query_is_judged(query: str) -> None:
    assert query_operations(query) in ({"read"}, {"write"}, set())

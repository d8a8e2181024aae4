"""SQL text is cut where PostgreSQL cuts it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_provisioner.postgres.sqltext import (
    extensions,
    place,
    statements,
    tokens,
    without_own_transaction,
)

CUTS = {
    "empty": ("", []),
    "only comments": ("-- a;\n/* b; */ ;;", []),
    "two": ("a; b", ["a", "b"]),
    "no last semicolon": ("a;\nb -- c;", ["a", "b"]),
    "string": ("a ';' ''';'; b", ["a ';' ''';'", "b"]),
    "backslash is plain": (r"a '\'; b", [r"a '\'", "b"]),
    "backslash escapes": (r"a E'\';'; b", [r"a E'\';'", "b"]),
    "quoted name": ('a ";" """;"; b', ['a ";" """;"', "b"]),
    "dollar": ("a $$;$$; b $x$ $$;$y$ $x$; c", ["a $$;$$", "b $x$ $$;$y$ $x$", "c"]),
    "no dollar quote": ("a $1; b$c$d; e", ["a $1", "b$c$d", "e"]),
    "nested comment": ("a /* ; /* ; */ ; */ b; c", ["a /* ; /* ; */ ; */ b", "c"]),
    "parens": ("create rule r as on x do (a; b); c", ["create rule r as on x do (a; b)", "c"]),
    "atomic": (
        "create function f() begin atomic select case when a then b end; x; end; c",
        ["create function f() begin atomic select case when a then b end; x; end", "c"],
    ),
    "begin is no body": ("begin; a; end; b", ["begin", "a", "end", "b"]),
    "open string": ("a; b 'c; d", ["a", "b 'c; d"]),
    "open comment": ("a; b /* c; d", ["a", "b"]),
    "open dollar": ("a; b $$ c; d", ["a", "b $$ c; d"]),
    "open name": ('a; b "c; d', ["a", 'b "c; d']),
    "unicode": ("é; 'ü;'; ñ", ["é", "'ü;'", "ñ"]),
}


@pytest.mark.parametrize(("text", "expected"), CUTS.values(), ids=CUTS)
def test_statements(text: str, expected: list[str]) -> None:
    assert [text[s.start : s.end] for s in statements(text)] == expected


@given(st.text(alphabet="ab;'\"$-/*\\\n (){}E0é", max_size=60))
def test_tokens_lie_in_order_within_the_text(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert end <= token.start < token.end <= len(text)
        assert token.text.lower() == text[token.start : token.end].lower()
        end = token.end


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE EXTENSION vector;", [("vector", 0)]),
        ("a;\n create extension if not exists PostGIS with schema x;", [("postgis", 4)]),
        ('create extension "uuid-ossp" cascade', [("uuid-ossp", 0)]),
        ("-- create extension a;\nselect 'create extension b;'", []),
        ("do $$ begin create extension c; end $$", []),
        ("drop extension vector; create table extension ()", []),
        ("create extension;", []),
    ],
)
def test_extensions(text: str, expected: list[tuple[str, int]]) -> None:
    assert list(extensions(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a; b;", "a; b;"),
        ("BEGIN;\na;\nCOMMIT;", "     ;\na;\n      ;"),
        ("begin transaction isolation level serializable; a; end;", None),
        ("START TRANSACTION; a; COMMIT WORK; b", None),
        ("savepoint x; rollback to x; rollback to savepoint x; release x", "same"),
        ("create function f() begin atomic a; end; begin; x; commit", None),
    ],
)
def test_one_own_transaction_is_blanked_in_place(text: str, expected: str | None) -> None:
    own = without_own_transaction(text)
    assert own.problem == ""
    assert len(own.text) == len(text)
    assert "commit" not in own.text.lower() or expected == "same"
    if expected is not None:
        assert own.text == (text if expected == "same" else expected)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("a; commit;", 3),
        ("begin; a;", 0),
        ("begin; rollback;", 7),
        ("begin; commit; begin; commit;", 15),
        ("commit; begin;", 8),
    ],
)
def test_more_than_one_transaction_is_a_problem(text: str, offset: int) -> None:
    own = without_own_transaction(text)
    assert own.problem
    assert own.offset == offset
    assert own.text == text


@pytest.mark.parametrize(
    ("offset", "expected"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (2, 3))]
)
def test_place_counts_code_points(offset: int, expected: tuple[int, int]) -> None:
    assert place("éü\nñx\n", offset) == expected

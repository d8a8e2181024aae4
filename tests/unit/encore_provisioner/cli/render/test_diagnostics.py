"""Findings with the source line underlined, whatever stands in that line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from encore_config.diagnostics import Diagnostic, Problem, Related
from encore_config.position import At, End
from encore_provisioner.cli.render.diagnostics import (
    Sources,
    diagnostic_lines,
    excerpt,
    failure_lines,
    verdict,
)
from encore_provisioner.cli.render.github import github, github_failure
from encore_provisioner.cli.render.style import plain, visible, width
from encore_provisioner.errors import InfraError


def at(line: int, column: int, file: str = "a.ts") -> At:
    return At(file=file, line=line, column=column)


def finding(**more: object) -> Diagnostic:
    return Diagnostic(
        **{"code": "E0601", "severity": "error", "message": "no good", **more}  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("source", "start", "end", "shown", "mark"),
    [
        ("new SQLDatabase(name)", at(1, 17), End(line=1, column=21), "new SQLDatabase(name)", 16),
        ("\tnew X(name)", at(1, 8), End(line=1, column=12), "    new X(name)", 10),
        ('x("日本", name)', at(1, 9), End(line=1, column=13), 'x("日本", name)', 10),
        ("e\u0301(name)", at(1, 4), End(line=1, column=8), "e\u0301(name)", 2),
        ("a\x1b[31m(name)", at(1, 8), End(line=1, column=12), "a\\x1b[31m(name)", 10),
    ],
)
def test_the_mark_stands_under_what_it_means(
    tmp_path: Path, source: str, start: At, end: End, shown: str, mark: int
) -> None:
    (tmp_path / "a.ts").write_text(source + "\n")
    lines = plain(excerpt(start, end, Sources(tmp_path), "error")).splitlines()
    assert lines[0] == f" --> a.ts:{start.line}:{start.column}"
    assert lines[2] == f"1 | {shown}"
    assert lines[3] == f"  | {' ' * mark}^^^^"


@pytest.mark.parametrize(
    ("end", "marks"),
    [
        (None, "^"),
        (End(line=1, column=1), "^"),
        (End(line=1, column=4), "^^^"),
        (End(line=1, column=99), "^^^^^^"),
        (End(line=2, column=2), "^^^^^^"),
    ],
)
def test_how_long_the_mark_is(tmp_path: Path, end: End | None, marks: str) -> None:
    (tmp_path / "a.ts").write_text("abcdef\nghi\n")
    assert plain(excerpt(at(1, 1), end, Sources(tmp_path), "error")).endswith(f"  | {marks}\n")


def test_a_long_line_is_shown_around_its_mark(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("a" * 500 + "HERE" + "b" * 500)
    shown = excerpt(at(1, 501), End(line=1, column=505), Sources(tmp_path), "error")
    _, _, code, marks = plain(shown).splitlines()
    assert len(code) < 140
    assert code[marks.index("^") : marks.rindex("^") + 1] == "HERE"


@pytest.mark.parametrize("file", ["gone.ts", ".", "bin\x00ary", "sub/../../x"])
def test_without_the_source_the_place_alone_is_told(tmp_path: Path, file: str) -> None:
    lines = excerpt(at(3, 1, file), None, Sources(tmp_path), "error")
    assert len(lines) == 1
    assert len(excerpt(at(3, 1), None, Sources(None), "error")) == 1


def test_a_finding_with_everything(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_bytes(b"one\r\ntwo\r\n")
    whole = finding(
        message="first\nsecond",
        at=at(2, 1),
        end=End(line=2, column=4),
        hint="do this",
        related=(Related(message="also here", at=at(1, 1)),),
    )
    assert plain(diagnostic_lines(whole, Sources(tmp_path))) == (
        "error[E0601]: first\n"
        "  second\n"
        " --> a.ts:2:1\n"
        "  |\n"
        "2 | two\n"
        "  | ^^^\n"
        "  = note: also here: a.ts:1:1\n"
        "  = hint: do this\n"
    )


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (InfraError("it broke", code="x"), "error: it broke\n"),
        (
            InfraError("it broke\nin two", code="x", hint="do a\ndo b"),
            "error: it broke\n  in two\nhint: do a\n  do b\n",
        ),
        (
            InfraError("it broke", code="x", at=at(1, 1), hint="h"),
            "error: it broke\n --> a.ts:1:1\nhint: h\n",
        ),
        (
            InfraError("no good", code="x", hint="h", diagnostics=(finding(hint="h"),)),
            "error[E0601]: no good\n  = hint: h\n",
        ),
        (
            InfraError("2 errors", code="x", diagnostics=(finding(), finding(code="E0602"))),
            "error[E0601]: no good\n\nerror[E0602]: no good\n\nerror: 2 errors\n",
        ),
    ],
)
def test_a_failure_tells_each_thing_once(error: InfraError, shown: str) -> None:
    assert plain(failure_lines(error, Sources(None))) == shown


@pytest.mark.parametrize(
    ("severities", "told"),
    [
        ("", "no findings"),
        ("e", "1 error"),
        ("w", "1 warning"),
        ("eeww", "2 errors, 2 warnings"),
    ],
)
def test_the_verdict_counts(severities: str, told: str) -> None:
    kinds = {"e": "error", "w": "warning"}
    assert verdict(tuple(finding(severity=kinds[s]) for s in severities)) == told


def test_github_gets_one_command_for_each_finding_whatever_stands_in_it() -> None:
    nasty = finding(
        message="100% ::error::x\nnext",
        hint="h\r",
        at=at(2, 5, "a,b:c.ts"),
        end=End(line=2, column=9),
    )
    many = finding(severity="warning", code="W0101", at=at(1, 1), end=End(line=3, column=1))
    second = finding(at=at(1, 7), related=(Related(message="the first one", at=at(4, 2)),))
    assert github((nasty, many, second, finding()), prefix="app/") == (
        "::error col=5,endColumn=9,endLine=2,file=app/a%2Cb%3Ac.ts,line=2,title=E0601"
        "::100%25 ::error::x%0Anext%0Ahint: h\\r\n"
        "::warning endLine=3,file=app/a.ts,line=1,title=W0101::no good\n"
        "::error col=7,file=app/a.ts,line=1,title=E0601"
        "::no good%0Athe first one: app/a.ts:4:2\n"
        "::error title=E0601::no good\n"
    )


@given(st.text(), st.text(), st.text(min_size=1))
def test_whatever_is_said_stays_one_command_on_one_line(message: str, hint: str, file: str) -> None:
    written = github((finding(message=message, hint=hint, at=at(1, 1, file)),))
    assert written.count("\n") == 1
    assert "\r" not in written
    head, _, data = written[2:-1].partition("::")
    assert head.startswith("error col=1,file=")
    assert head.count(",") == 3
    told = visible(message) + (f"\nhint: {visible(hint)}" if hint else "")
    assert data.replace("%0A", "\n").replace("%25", "%") == told


def test_github_gets_a_failure_of_the_run_too() -> None:
    problem = Problem(code="no-app", message="no app here", hint="go there")
    assert github_failure(problem) == "::error title=no-app::no app here%0Ahint: go there\n"


@given(st.text(max_size=300), st.integers(1, 350), st.integers(0, 350))
@example("\u20280", 1, 0)  # ends a line for some terminals, but not for TypeScript's columns
def test_any_line_can_be_shown_and_marks_stay_within_reach(
    text: str, column: int, length: int
) -> None:
    sources = Sources(None, {"a.ts": [text.replace("\n", " ")]})
    end = End(line=1, column=column + length) if length else None
    shown = plain(excerpt(at(1, column), end, sources, "error")).splitlines()
    assert len(shown) == 4
    assert "^" in shown[3]
    assert width(shown[3]) <= width(shown[2]) + 12

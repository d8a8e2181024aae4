"""SARIF of findings: accepted by its schema, stable, and true about places."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.schemas import sarif_validator, valid_sarif

from encore_config.diagnostics import Diagnostic, Problem, Related
from encore_config.position import At, End
from encore_config.rules import load
from encore_provisioner.cli.render.diagnostics import Sources
from encore_provisioner.cli.render.sarif import FINGERPRINT, Tool, sarif

RULES = load()
TOOL = Tool(version="1.2.3", rules=RULES)
PUBLIC = Tool(version="1", rules=RULES, home="https://example.org", pages="https://example.org/d")


def at(line: int, column: int, file: str = "a.ts") -> At:
    return At(file=file, line=line, column=column)


def finding(**more: object) -> Diagnostic:
    return Diagnostic(
        **{"code": "E0801", "severity": "error", "message": "no good", **more}  # type: ignore[arg-type]
    )


def run_of(*found: Diagnostic, sources: Mapping[str, str] | None = None, **more: Any) -> Any:
    lines = {name: text.split("\n") for name, text in (sources or {}).items()}
    [run] = valid_sarif(sarif(found, Sources(None, lines), more.pop("tool", TOOL), **more))["runs"]
    return run


def physical(result: Any) -> Any:
    [location] = result["locations"]
    return location["physicalLocation"]


def prints(*found: Diagnostic, sources: Mapping[str, str]) -> list[str]:
    results = run_of(*found, sources=sources)["results"]
    return [result["partialFingerprints"][FINGERPRINT] for result in results]


def test_the_schema_is_strict_enough_to_refuse() -> None:
    assert list(sarif_validator().iter_errors({"version": "2.1.0", "runs": [{"tool": {}}]}))


def test_a_run_without_findings() -> None:
    run = run_of()
    assert run["results"] == []
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"] == [{"executionSuccessful": True}]
    assert run["tool"]["driver"] == {"name": "encore-infra", "version": "1.2.3", "rules": []}


def test_a_finding_with_everything() -> None:
    found = finding(
        at=at(2, 3),
        end=End(line=2, column=6),
        hint="do this",
        related=(Related(message="the first one", at=at(1, 1, "b.ts")),),
    )
    [result] = run_of(found, sources={"a.ts": "one\n  two;"}, prefix="app/")["results"]
    assert result["ruleId"] == "E0801"
    assert result["level"] == "error"
    assert result["message"] == {"text": "no good\nhint: do this"}
    assert physical(result) == {
        "artifactLocation": {"uri": "app/a.ts", "uriBaseId": "%SRCROOT%"},
        "region": {
            "startLine": 2,
            "startColumn": 3,
            "endLine": 2,
            "endColumn": 6,
            "snippet": {"text": "two"},
        },
    }
    [other] = result["relatedLocations"]
    assert other["message"] == {"text": "the first one"}
    assert other["physicalLocation"]["artifactLocation"]["uri"] == "app/b.ts"
    assert other["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 1}


@pytest.mark.parametrize("code", RULES)
def test_every_rule_can_be_told(code: str) -> None:
    severity = "error" if code.startswith("E") else "warning"
    run = run_of(finding(code=code, severity=severity), tool=PUBLIC)
    [rule] = run["tool"]["driver"]["rules"]
    assert rule["id"] == code
    assert rule["defaultConfiguration"] == {"level": severity}
    for text in (rule["shortDescription"], rule["fullDescription"], rule["help"]):
        assert text["text"].strip()
        assert "```" not in text["text"]
    assert "```" in rule["help"]["markdown"]
    assert rule["helpUri"].startswith(f"https://example.org/d#{code.lower()}-")
    assert urlsplit(rule["helpUri"]).fragment.isascii()


def test_rules_are_listed_once_and_found_by_their_index() -> None:
    found = [finding(code=code) for code in ("W0101", "E0801", "W0101", "E0101")]
    run = run_of(*found)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["E0101", "E0801", "W0101"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_without_a_place_the_app_file_is_meant() -> None:
    [result] = run_of(finding(code="W0103", severity="warning"), prefix="x/")["results"]
    assert physical(result) == {
        "artifactLocation": {"uri": "x/encore.app", "uriBaseId": "%SRCROOT%"}
    }


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a b/ü.ts", "a%20b/%C3%BC.ts"),
        ("a:b.ts", "a%3Ab.ts"),
        ("100%?#[x].ts", "100%25%3F%23%5Bx%5D.ts"),
        ("\udcff.ts", "%FF.ts"),
    ],
)
def test_paths_are_encoded(file: str, uri: str) -> None:
    [result] = run_of(finding(at=at(1, 1, file)))["results"]
    assert physical(result)["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize(
    ("start", "end", "snippet"),
    [
        (at(1, 2), End(line=1, column=3), "日"),
        (at(1, 2), End(line=2, column=3), "日本\nab"),
        (at(2, 4), End(line=2, column=4), None),
        (at(9, 1), End(line=9, column=4), None),
        (at(1, 2), None, None),
    ],
)
def test_the_text_of_a_region(start: At, end: End | None, snippet: str | None) -> None:
    found = finding(at=start, end=end)
    [result] = run_of(found, sources={"a.ts": "x日本\nabc"})["results"]
    assert physical(result)["region"].get("snippet", {}).get("text") == snippet


def test_what_would_steer_a_terminal_is_visible() -> None:
    [result] = run_of(finding(message="a\x1b[31mb\ud800"))["results"]
    assert result["message"]["text"] == "a\\x1b[31mb\\ud800"


def test_a_fingerprint_moves_with_its_line() -> None:
    before = {"a.ts": "const x = bad;\nconst y = bad;"}
    after = {"a.ts": "// new\n\n  const x = bad;\nconst y = bad;"}
    found = [finding(at=at(1, 11)), finding(at=at(2, 11))]
    moved = [finding(at=at(3, 13)), finding(at=at(4, 11))]
    assert prints(*found, sources=before) == prints(*moved, sources=after)


def test_different_findings_have_different_fingerprints() -> None:
    sources = {"a.ts": "bad bad\nbad bad\nother", "b.ts": "bad bad"}
    found = [
        finding(at=at(1, 1)),
        finding(at=at(1, 5)),
        finding(at=at(2, 1)),
        finding(at=at(3, 1)),
        finding(at=at(1, 1), code="E0802"),
        finding(at=at(1, 1, "b.ts")),
        finding(),
        finding(message="another"),
    ]
    made = prints(*found, sources=sources)
    assert len(set(made)) == len(found)


def test_a_failure_of_the_tool_itself() -> None:
    problem = Problem(code="no-app", message="no app here", hint="go there")
    [invocation] = run_of(problem=problem)["invocations"]
    assert invocation["executionSuccessful"] is False
    [told] = invocation["toolExecutionNotifications"]
    assert told["descriptor"] == {"id": "no-app"}
    assert told["message"] == {"text": "no app here\nhint: go there"}


def test_the_addresses_are_told_where_there_are_any() -> None:
    driver = run_of(finding(), tool=PUBLIC)["tool"]["driver"]
    assert driver["informationUri"] == "https://example.org"
    anchor = "e0801-two-databases-of-one-name"
    assert driver["rules"][0]["helpUri"] == f"https://example.org/d#{anchor}"


@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.integers(1, 60),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(1, 60),
)
def test_any_place_in_any_text_gives_valid_sarif(
    source: str, message: str, column: int, line: int, more: int, stop: int
) -> None:
    end = End(line=line + more, column=max(stop, column) if not more else stop)
    found = finding(message=message or "x", at=at(line, column), end=end)
    first = sarif((found,), Sources(None, {"a.ts": source.split("\n")}), TOOL)
    valid_sarif(first)
    assert first == sarif((found,), Sources(None, {"a.ts": source.split("\n")}), TOOL)


def test_the_source_is_read_from_the_app(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    found = (finding(at=at(1, 1), end=End(line=2, column=4)),)
    [run] = valid_sarif(sarif(found, Sources(tmp_path), TOOL))["runs"]
    assert physical(run["results"][0])["region"]["snippet"]["text"] == "one\ntwo"

"""Findings as SARIF 2.1.0, for code scanning and editors.

In: diagnostics, the app's source, the rules of the codes. Out: one JSON document; the same input
gives the same bytes: no time, no path of this machine. Severities stay what they are.

Paths are relative to ``%SRCROOT%``, the repository's root, whose place the reader knows. A finding
without a place is put on ``encore.app``, because code scanning drops results that have none.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from encore_config.diagnostics import Diagnostic, Problem, Related
from encore_config.position import At, End
from encore_config.rules import Rule, unmarked
from encore_provisioner.cli.render.diagnostics import Sources
from encore_provisioner.cli.render.style import visible

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT: Final = "%SRCROOT%"
FINGERPRINT: Final = "encoreInfra/v1"
_APP_FILE: Final = "encore.app"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Who speaks. ``home`` and ``pages`` are public addresses, where there are any."""

    version: str
    rules: Mapping[str, Rule]
    home: str | None = None
    pages: str | None = None


def sarif(
    diagnostics: tuple[Diagnostic, ...],
    sources: Sources,
    tool: Tool,
    *,
    prefix: str = "",
    problem: Problem | None = None,
) -> str:
    """``prefix`` leads from the repository to the app; ``problem`` is why the command failed."""
    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    seen: Counter[str] = Counter()
    run: Json = {
        "tool": {"driver": _driver(tool, codes)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(problem)],
        "results": [
            {
                "ruleId": found.code,
                "ruleIndex": codes.index(found.code),
                "level": found.severity,
                "message": {"text": _message(found)},
                "locations": [_location(found.at, found.end, sources, prefix)],
                **_related(found.related, sources, prefix),
                "partialFingerprints": {FINGERPRINT: _fingerprint(found, sources, seen)},
            }
            for found in diagnostics
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _driver(tool: Tool, codes: Iterable[str]) -> Json:
    """Only the rules that the results name: a reader needs no more, and each has a whole page."""
    return {
        "name": "encore-infra",
        "version": tool.version,
        **({"informationUri": tool.home} if tool.home else {}),
        "rules": [_rule(tool.rules[code], tool.pages) for code in codes],
    }


def _rule(rule: Rule, pages: str | None) -> Json:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.short},
        "fullDescription": {"text": rule.full},
        "help": {"text": unmarked(rule.markdown), "markdown": rule.markdown},
        **({"helpUri": f"{pages}#{rule.anchor}"} if pages else {}),
        "defaultConfiguration": {"level": "error" if rule.code.startswith("E") else "warning"},
    }


def _invocation(problem: Problem | None) -> Json:
    """Whether the source could be looked at; that it has faults is no failure of the tool."""
    if problem is None:
        return {"executionSuccessful": True}
    hint = f"\nhint: {problem.hint}" if problem.hint else ""
    told = {
        "level": "error",
        "message": {"text": visible(problem.message + hint)},
        "descriptor": {"id": problem.code},
    }
    return {"executionSuccessful": False, "toolExecutionNotifications": [told]}


def _message(found: Diagnostic) -> str:
    return visible(found.message + (f"\nhint: {found.hint}" if found.hint else ""))


def _location(at: At | None, end: End | None, sources: Sources, prefix: str) -> Json:
    path = at.file if at else _APP_FILE
    artifact = {"uri": quote(f"{prefix}{path}", errors="surrogateescape"), "uriBaseId": ROOT}
    region = {"region": _region(at, end, sources)} if at else {}
    return {"physicalLocation": {"artifactLocation": artifact, **region}}


def _region(at: At, end: End | None, sources: Sources) -> Json:
    region: Json = {"startLine": at.line, "startColumn": at.column}
    if end is not None:
        region |= {"endLine": end.line, "endColumn": end.column}
        text = _text(at, end, sources)
        region |= {"snippet": {"text": text}} if text else {}
    return region


def _text(at: At, end: End, sources: Sources) -> str:
    """The source between two positions; empty where it cannot be read."""
    numbers = range(at.line, end.line + 1)
    rows = [sources.line(At(file=at.file, line=number, column=1)) or "" for number in numbers]
    rows[-1] = rows[-1][: end.column - 1]
    rows[0] = rows[0][at.column - 1 :]
    return "\n".join(rows)


def _related(places: tuple[Related, ...], sources: Sources, prefix: str) -> Json:
    locations = [
        {
            "id": number,
            "message": {"text": visible(place.message)},
            **_location(place.at, None, sources, prefix),
        }
        for number, place in enumerate(places, 1)
    ]
    return {"relatedLocations": locations} if locations else {}


def _fingerprint(found: Diagnostic, sources: Sources, seen: Counter[str]) -> str:
    """The same wherever the line moves in its file: code, file, the line's text, and how many
    equal ones stand before it.
    """
    line = (sources.line(found.at) if found.at else None) or found.message
    file = found.at.file if found.at else _APP_FILE
    what = "\0".join((found.code, file, line.strip()))
    seen[what] += 1
    made = sha256(what.encode("utf-8", errors="backslashreplace")).hexdigest()
    return f"{made[:32]}:{seen[what]}"

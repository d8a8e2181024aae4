"""Short lists for people: servers, outputs, secrets, environments, the doctor's checks.

In: the documents of ``cli.documents``. Out: lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from encore_provisioner.cli.documents import (
    CheckResult,
    EnvironmentLine,
    SecretLine,
    Server,
)
from encore_provisioner.cli.render.style import (
    Line,
    Span,
    count,
    line,
    seconds,
    table,
    value_text,
)

_STATES: Final = {"running": "good", "stopped": "warning", "missing": "dim"}


def status_lines(servers: tuple[Server, ...]) -> list[Line]:
    """One line for each server."""
    rows = [
        (
            (item.name, "bold"),
            (item.state, _STATES.get(item.state, "")),
            item.endpoint,
            (item.detail, "dim"),
        )
        for item in servers
    ]
    return table(rows)


def outputs_lines(outputs: Mapping[str, Any]) -> list[Line]:
    """``path = value``, one line for each value at the end of a path."""
    return [line((path, "bold"), f" = {value_text(value)}") for path, value in _leaves(outputs, "")]


def secrets_lines(secrets: tuple[SecretLine, ...]) -> list[Line]:
    """Names, when they were set, and who uses them; never a value."""
    head: tuple[Span, ...] = (("NAME", "dim"), ("SET", "dim"), ("SERVICES", "dim"))
    rows = [
        (
            (item.name, "bold"),
            (item.set_at, "") if item.set_at else ("not set", "warning"),
            ", ".join(item.services) or "not declared",
        )
        for item in secrets
    ]
    return table([head, *rows])


def environments_lines(environments: tuple[EnvironmentLine, ...]) -> list[Line]:
    titles = ("NAME", "PROVIDER", "TYPE", "EXTENDS", "STATE")
    head: tuple[Span, ...] = tuple((title, "dim") for title in titles)
    rows = [
        (
            (item.name, "bold"),
            item.provider,
            item.type,
            item.extends or "-",
            "pattern" if item.pattern else ("here" if item.state else "none"),
        )
        for item in environments
    ]
    return table([head, *rows])


def checks_lines(checks: tuple[CheckResult, ...]) -> list[Line]:
    """One line for each check with its time; a reason and a remedy below one that failed."""
    rows = table([_check(item) for item in checks])
    lines: list[Line] = []
    for item, row in zip(checks, rows, strict=True):
        lines.append(row)
        if item.reason:
            lines += [line("      ", (text, "error")) for text in item.reason.split("\n")]
        if item.hint:
            lines += [line("      ", ("hint", "hint"), f": {item.hint}")]
    return lines


def checks_verdict(checks: tuple[CheckResult, ...]) -> str:
    failed = sum(not item.ok for item in checks)
    total = count(len(checks), "check")
    return f"{failed} of {total} failed" if failed else f"{total}, all good"


def _check(item: CheckResult) -> tuple[Span, ...]:
    word: Span = ("ok", "good") if item.ok else ("FAIL", "error")
    subject: Span = (f"{item.kind} {item.name}".rstrip(), "bold")
    return word, subject, (seconds(item.seconds), "dim"), (item.detail, "dim")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            yield from _leaves(value[key], f"{path}.{key}" if path else str(key))
    else:
        yield path, value

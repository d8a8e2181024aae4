"""Short lists for people: servers, outputs, secrets, environments, the doctor's checks.

In: the documents of ``cli.documents``. Out: lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from encore_config.graph import Graph
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
    shorten,
    table,
    value_text,
    width,
)

_STATES: Final = {
    "running": "good",
    "stopped": "warning",
    "creating": "warning",
    "modifying": "warning",
    "deleting": "warning",
    "failed": "error",
    "missing": "dim",
    "unknown": "dim",
}


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
            _set(item),
            ", ".join(item.services) or "not declared",
        )
        for item in secrets
    ]
    return table([head, *rows])


def _set(item: SecretLine) -> Span:
    if item.set_at:
        return item.set_at, ""
    return ("not set", "warning") if item.known else ("unknown", "dim")


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


def check_lines(item: CheckResult, subjects: int, columns: int | None) -> list[Line]:
    """A check with its time on one line, its subject ``subjects`` cells wide and what was seen cut
    to fit ``columns``; below one that failed, why."""
    word: Span = ("ok  ", "good") if item.ok else ("FAIL", "error")
    subject = f"{item.kind} {item.name}".rstrip()
    padding = " " * max(subjects - width(subject), 0)
    time: Span = (f"  {seconds(item.seconds):>7}  ", "dim")
    used = 6 + width(subject + padding + time[0])
    seen = shorten(item.detail, None if columns is None else max(columns - used, 10))
    lines: list[Line] = [line(word, "  ", (subject, "bold"), padding, time, seen)]
    if item.reason:
        lines += [line("      ", (text, "error")) for text in item.reason.split("\n")]
    if item.hint:
        lines.append(line("      ", ("hint", "hint"), f": {item.hint}"))
    return lines


def subject_width(graph: Graph) -> int:
    """The cells that the longest subject of a check takes, as far as the graph knows."""
    subjects = [f"subscription {s.topic}/{s.name}" for s in graph.subscriptions]
    subjects += [f"database {item.name}" for item in graph.databases]
    subjects += [f"bucket {item.name}" for item in graph.buckets]
    subjects += [f"cache {item.name}" for item in graph.caches]
    subjects += [f"topic {item.name}" for item in graph.topics]
    subjects += [f"secret {item.name}" for item in graph.secrets]
    return max(map(width, (*subjects, "config runtime config", "pubsub FIFO round trip")))


def checks_verdict(checks: tuple[CheckResult, ...]) -> str:
    failed = sum(not item.ok for item in checks)
    total = count(len(checks), "check")
    return f"{failed} of {total} failed" if failed else f"{total}, all good"


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            yield from _leaves(value[key], f"{path}.{key}" if path else str(key))
    else:
        yield path, value

"""How migrations stand, for people: each database, then what is pending in it.

In: what a provider says. Out: lines. A file that deletes data says which of its statements do.
"""

from __future__ import annotations

from encore_provisioner.cli.render.style import Line, Span, count, line, listed, one_line, width
from encore_provisioner.provider import DatabaseMigrations, PendingMigration


def migrations_lines(found: tuple[DatabaseMigrations, ...]) -> list[Line]:
    """Every database, also one in which nothing is to do."""
    longest = max((width(one_line(item.name)) for item in found), default=0)
    lines: list[Line] = []
    for item in found:
        lines += [_database(item, longest), *(row for f in item.pending for row in _pending(f))]
        lines += _adopted(item)
    return lines


def pending_told(found: tuple[DatabaseMigrations, ...]) -> Line:
    """The last word: how many are pending."""
    pending = sum(len(item.pending) for item in found)
    if pending:
        verb = "is" if pending == 1 else "are"
        return line((f"{count(pending, 'migration')} {verb} pending.", "bold"))
    if not any(item.applied for item in found):
        return line("The app has no migrations.")
    return line(("Every migration has run.", "good"))


def _database(item: DatabaseMigrations, longest: int) -> Line:
    name = one_line(item.name)
    parts: list[Span] = [(name, "bold"), (" " * (longest - width(name) + 2), "")]
    if item.exists:
        none = "nothing has run" if item.pending else "no migrations"
        version = none if item.version is None else f"at version {item.version}"
        parts += [(version, ""), *([(" (dirty)", "error")] if item.dirty else [])]
    else:
        parts.append(("not there yet", "warning"))
    told = [f"{len(item.applied)} applied"] if item.applied else []
    told += [f"{len(item.pending)} pending"] if item.pending else []
    return line(*parts, "".join(f", {each}" for each in told))


def _pending(file: PendingMigration) -> list[Line]:
    lines = [line("  ", ("+ ", "create"), one_line(file.filename))]
    for statement in file.destructive:
        lines.append(line("      ", ("deletes data", "loss"), f": {one_line(statement)}"))
    return lines


def _adopted(item: DatabaseMigrations) -> list[Line]:
    if not item.adopted:
        return []
    names = listed([one_line(name) for name in item.adopted])
    return [line("  ", ("= ", "dim"), (f"{names}: ran by another tool, to be recorded", "dim"))]

"""A plan for people: every change with its cause, what it loses, and what is still missing.

In: a ``Plan`` and what it is for. Out: lines. ``apply`` and ``destroy`` show what changes, ``plan``
the rest too; the plan of a ``refresh`` says what was remembered wrongly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from encore_config.plan import Op, Plan, PropertyDiff, Step
from encore_provisioner.cli.render.plan_grouped_text import details, overview
from encore_provisioner.cli.render.plan_parts import OFFLINE, SYMBOLS, is_grouped
from encore_provisioner.cli.render.style import (
    Line,
    count,
    indent,
    line,
    one_line,
    shorten,
    value_text,
    width,
)

Purpose = Literal["apply", "destroy", "refresh"]

_HEADS: Final[dict[Purpose, str]] = {
    "apply": "Plan for",
    "destroy": "Plan for",
    "refresh": "What is there of",
}
_SUBJECTS: Final = 64
_PLACES: Final = 48


def plan_lines(
    plan: Plan,
    *,
    columns: int | None,
    set_secret: Callable[[str], str],
    needs_secrets: bool = True,
    purpose: Purpose = "apply",
    unchanged: bool = False,
) -> list[Line]:
    """The whole plan. ``set_secret(name)`` is the command that gives a secret its value.

    ``needs_secrets``: whether an apply is refused without one. ``unchanged``: with a line for each
    resource that stays as it is.
    """
    steps = plan.steps if unchanged else plan.changes
    losses = loss_lines(plan, purpose)
    if is_grouped(plan):
        lines = [*_head(plan, purpose), *([(), *losses] if losses else []), *overview(plan)]
        lines += [*details(plan, columns), (), verdict(plan, purpose)]
    else:
        lines = [*_head(plan, purpose), *_steps(steps, columns), (), verdict(plan, purpose)]
    secrets = secret_lines(plan, set_secret, needed=needs_secrets)
    for block in (losses, kept_lines(plan), warning_lines(plan), secrets):
        lines += [(), *block] if block else []
    return lines


def verdict(plan: Plan, purpose: Purpose = "apply") -> Line:
    """The last word: what would happen, or what a refresh found, in numbers."""
    s = plan.summary
    if purpose == "destroy":
        return line(("Destroy: ", "bold"), f"{s.delete} to delete.")
    if purpose == "refresh":
        return _found(plan)
    if not plan.changes:
        number = count(s.same, "resource")
        known = "as in the earlier plan" if plan.against == "plan" else "all as declared"
        return line(("No changes.", "good"), f" {number} in {plan.environment}, {known}.")
    parts = [f"{s.create} to create", f"{s.update} to update"]
    parts += [f"{s.replace} to replace"] if s.replace else []
    parts += [f"{s.delete} to delete", f"{s.same} unchanged"]
    return line(("Plan: ", "bold"), ", ".join(parts) + ".")


def _found(plan: Plan) -> Line:
    s = plan.summary
    if not plan.changes:
        number = count(s.same, "resource")
        told = f" {number} in {plan.environment}, all as remembered."
        return line(("No differences.", "good"), told)
    parts = [f"{s.update} changed", f"{s.delete} gone", f"{s.same} as remembered"]
    return line(("Found: ", "bold"), ", ".join(parts) + ".")


def loss_lines(plan: Plan, purpose: Purpose = "apply") -> list[Line]:
    """What cannot be brought back, and how one allows it; nothing when nothing is lost."""
    if purpose == "refresh" or not any(step.data_loss for step in plan.steps):
        return []
    told = ": this deletes data for good"
    if purpose == "destroy":
        listed = [line(f"  {name}") for name in plan.losses]
        return [line(("DATA LOSS", "loss"), f"{told}:"), *listed]
    named = [line(f"  --allow-data-loss {name}") for name in plan.losses]
    return [line(("DATA LOSS", "loss"), f"{told}. Apply wants it by name:"), *named]


def kept_lines(plan: Plan) -> list[Line]:
    """What a destroy leaves on purpose."""
    listed = [line(f"  {one_line(item)}") for item in plan.kept]
    return [line(("Kept", "bold"), ":"), *listed] if listed else []


def warning_lines(plan: Plan) -> list[Line]:
    return [line(("warning", "warning"), f": {one_line(item)}") for item in plan.warnings]


def secret_lines(
    plan: Plan, set_secret: Callable[[str], str], *, needed: bool, applied: bool = False
) -> list[Line]:
    """Which secrets have no value, and the command for each.

    ``needed``: apply waits for them. ``applied``: it has been, and so there is a place for each.
    """
    missing = plan.missing_secrets
    if not missing:
        return []
    one = len(missing) == 1
    verb, they, them = ("has", "it has", "it") if one else ("have", "they have", "them")
    what_now = f"once applied, set {them}"
    if needed:
        what_now = f"apply refuses until {they} one"
    elif applied:
        what_now = f"set {them} before containers start"
    text = f"{count(len(missing), 'secret')} {verb} no value; {what_now}:"
    return [line((text, "warning")), *(line(f"  {set_secret(name)}") for name in missing)]


def _head(plan: Plan, purpose: Purpose) -> list[Line]:
    lines = [
        line(
            (f"{_HEADS[purpose]} ", "dim"),
            (plan.app, "bold"),
            (" in ", "dim"),
            (plan.environment, "bold"),
            (f" (provider {plan.provider})", "dim"),
        )
    ]
    if plan.mode == "offline":
        lines.append(line((OFFLINE[plan.against], "warning")))
    return lines


def _subject(step: Step) -> str:
    return f"{step.type} {one_line(step.name)}"


def _steps(steps: tuple[Step, ...], columns: int | None) -> list[Line]:
    """Every step, with a blank line around each one that has properties."""
    widths = _widths(steps, columns)
    lines: list[Line] = []
    tall = True
    for step in steps:
        properties = _properties(step, columns)
        lines += [()] if tall or properties else []
        lines += [*_step(step, widths, columns), *indent(properties, 4)]
        tall = bool(properties)
    return lines


def _place(step: Step) -> str:
    at = step.declaration.at if step.declaration else None
    return f"{at.file}:{at.line}" if at else ""


def _widths(steps: tuple[Step, ...], columns: int | None) -> tuple[int, int]:
    """The cells of the columns for what a step is about and for where it is declared."""
    most = _SUBJECTS if columns is None else min(_SUBJECTS, columns // 2)
    subjects = max((width(_subject(step)) for step in steps), default=0)
    places = max((width(_place(step)) for step in steps), default=0)
    return min(subjects, most), min(places, _PLACES)


def _step(step: Step, widths: tuple[int, int], columns: int | None) -> list[Line]:
    subject, place = _subject(step), _place(step)
    before, after = (
        " " * max(most - width(text) + 2, 2)
        for most, text in zip(widths, (subject, place), strict=True)
    )
    reasons = reason_rows(step)
    beside = f"{after}({reasons[0]})" if len(reasons) == 1 and not step.data_loss else ""
    used = width(subject + before + place + beside) + 2
    inline = bool(beside) and (columns is None or used <= columns)
    head = line(
        (f"{SYMBOLS[step.op]} {step.type}", step.op),
        (f" {one_line(step.name)}", "bold"),
        before,
        (place, "place"),
        (beside if inline else "", "dim"),
    )
    below = [] if inline else reasons
    told = [line("    ", (row, "loss" if step.data_loss else "dim")) for row in below]
    return [head, *told]


def reason_rows(step: Step) -> list[str]:
    """Why, and in capitals what is lost, in the provider's words or in ours."""
    text = step.reason
    if step.data_loss and "DATA LOSS" not in text:
        what = f" of {step.declaration}" if step.declaration else ""
        text = f"DATA LOSS: the data{what} goes for good\n{text}"
    return text.rstrip("\n").split("\n") if text else []


def _properties(step: Step, columns: int | None) -> list[Line]:
    """What is set or differs; of what goes, nothing is worth a line."""
    if step.op == "delete":
        return []
    longest = max((width(one_line(item.path)) for item in step.diff), default=0)
    return [_property(step.op, item, longest, columns) for item in step.diff]


def _property(op: Op, item: PropertyDiff, longest: int, columns: int | None) -> Line:
    room = None if columns is None else max(columns - longest - 8, 20)
    path = one_line(item.path)
    name = path + " " * (longest - width(path))
    forced = [("  # forces replacement", "delete")] if item.forces_replacement else []
    if op == "create":
        return line((name, "dim"), f"  {shorten(value_text(item.after), room)}")
    if item.before is None:
        return line((name, "dim"), f"  {shorten(value_text(item.after), room)}", *forced)
    half = None if room is None else (room - 4) // 2
    before, after = (shorten(value_text(v), half) for v in (item.before, item.after))
    return line((name, "dim"), f"  {before} ", ("->", "update"), f" {after}", *forced)

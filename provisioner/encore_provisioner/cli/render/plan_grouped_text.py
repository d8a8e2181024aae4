"""A plan of many resources for people: the whole in a few lines first, then each declaration.

In: a ``Plan``. Out: lines. What loses data stands above everything else, and at the end again,
where a terminal stops scrolling.
"""

from __future__ import annotations

from typing import Final

from encore_config.plan import Plan, PropertyDiff, Step
from encore_provisioner.cli.render.plan_parts import (
    SYMBOLS,
    TAGS,
    Group,
    actions,
    by_kind,
    changed_permissions,
    counts,
    groups,
    part,
    permissions_told,
    short_type,
    sign,
    unknown_told,
)
from encore_provisioner.cli.render.plan_values import (
    NOTHING,
    Laid,
    after,
    cell,
    hides_tags,
    is_another,
    laid_out,
    shown,
)
from encore_provisioner.cli.render.style import (
    Line,
    Span,
    indent,
    line,
    one_line,
    shorten,
    table,
    width,
)

_WIDEST: Final = 44
_LONGEST: Final = 400
_STYLE_OF_LINE: Final = {"": "", "+": "create", "-": "delete"}


def overview(plan: Plan) -> list[Line]:
    """What is done to each kind, and who may do what; nothing where nothing changes."""
    lines = [(), line(("Resources by declaration", "bold")), *indent(_kinds(plan), 2)]
    lines = lines if plan.changes else []
    if plan.permissions:
        told = permissions_told(plan)
        lines += [(), line(("Permissions of services", "bold"), f": {told}")]
        lines += indent(_permissions(plan), 2)
    return lines


def details(plan: Plan, columns: int | None) -> list[Line]:
    """Every declaration whose resources change, with their properties."""
    lines: list[Line] = []
    for group in groups(plan):
        if group.changes:
            lines += [(), *_group(group, columns)]
    told = unknown_told(plan)
    if hides_tags(plan):
        told = f"{told} {TAGS}".strip()
    return [*lines, (), line((told, "dim"))] if told else lines


def _kinds(plan: Plan) -> list[Line]:
    rows: list[list[str | Span]] = [[("", ""), ("declarations", "dim"), ("resources", "dim")]]
    for kind, number, found in by_kind(plan):
        marks = [f"{SYMBOLS[op]}{found[op]}" for op in found]
        rows.append([kind, str(number) if kind != "shared" else "", " ".join(marks)])
    return table(rows)


def _permissions(plan: Plan) -> list[Line]:
    lines: list[Line] = []
    for service, found in changed_permissions(plan).items():
        lines.append(line((one_line(service), "bold")))
        rows: list[list[str | Span]] = [
            [
                (f"{sign(item)} {one_line(f'{item.kind}/{item.name}')}", _style(sign(item))),
                item.operation,
                one_line(actions(item)),
            ]
            for item in found
        ]
        lines += indent(table(rows), 2)
    return lines


def _style(mark: str) -> str:
    return {"+": "create", "-": "delete"}.get(mark, "")


def _group(group: Group, columns: int | None) -> list[Line]:
    head = line((one_line(group.title), "bold"), "  ", (group.place, "place"))
    lines = [head]
    for step in group.changes:
        lines += indent(_step(step, columns), 2)
    same = counts(group.steps).get("same")
    return [*lines, line("  ", (f"= {same} unchanged", "dim"))] if same else lines


def _step(step: Step, columns: int | None) -> list[Line]:
    name = one_line(part(step))
    text = f"{SYMBOLS[step.op]} {short_type(step)}"
    reasons = step.reason.rstrip("\n").split("\n") if step.reason else []
    beside = f"  ({reasons[0]})" if len(reasons) == 1 and not step.data_loss else ""
    used = width(text) + width(name) + width(beside) + 3
    inline = bool(beside) and (columns is None or used <= columns)
    head = line(
        (text, step.op),
        (f" {name}" if name else "", "bold"),
        (beside if inline else "", "dim"),
    )
    below = [] if inline else reasons
    told = [line("    ", (row, "loss" if step.data_loss else "dim")) for row in below]
    return [head, *told, *indent(_properties(step, columns), 4)]


def _properties(step: Step, columns: int | None) -> list[Line]:
    found = shown(step)
    widths = (width(one_line(item.path)) for item in found)
    longest = max((each for each in widths if each <= _WIDEST), default=0)
    lines: list[Line] = []
    for item in found:
        laid = laid_out(item)
        lines += _laid(laid) if laid else _property(step, item, longest, columns)
    return lines


def _laid(laid: Laid) -> list[Line]:
    """Whole, however wide: half a policy is no policy."""
    forced = [("  # forces replacement", "delete")] if laid.forced else []
    rows = [
        line((f"{mark} " if mark else "", _STYLE_OF_LINE[mark]), (row, _STYLE_OF_LINE[mark]))
        for mark, row in laid.lines
    ]
    return [line((one_line(laid.path), "dim"), *forced), *indent(rows, 2)]


def _property(step: Step, item: PropertyDiff, longest: int, columns: int | None) -> list[Line]:
    """On one line where that has the room; a value is cut only where it is very long."""
    path = one_line(item.path)
    forced = [("  # forces replacement", "delete")] if item.forces_replacement else []
    value: list[str | Span] = [shorten(after(step, item), _LONGEST), *forced]
    if step.op != "create" and not is_another(item):
        before = shorten(cell(item.before) or NOTHING, _LONGEST)
        value = [f"{before} ", ("->", "update"), " ", *value]
    beside = line((path + " " * (longest - width(path)), "dim"), "  ", *value)
    used = sum(width(text) for text, _ in beside) + 6
    if columns is None or used <= columns:
        return [beside]
    return [line((path, "dim")), line("    ", *value)]

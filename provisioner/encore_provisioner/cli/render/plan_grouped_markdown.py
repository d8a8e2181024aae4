"""A plan of many resources as Markdown, for a comment on a pull request.

In: a ``Plan``. Out: blocks, the overview apart from the details of each declaration, which a reader
opens. Details are blocks of a diff: what stands there is data and acts on nothing.
"""

from __future__ import annotations

import re
from typing import Final

from encore_config.plan import Op, Permission, Plan, PropertyDiff, Step
from encore_provisioner.cli.render.markdown import code, cut_rows, escape
from encore_provisioner.cli.render.plan_parts import (
    OPS,
    SYMBOLS,
    TAGS,
    Group,
    actions,
    by_kind,
    changed_permissions,
    counted,
    groups,
    part,
    permissions_told,
    short_type,
    sign,
)
from encore_provisioner.cli.render.plan_values import (
    NOTHING,
    after,
    cell,
    hides_tags,
    is_another,
    laid_out,
    shown,
)
from encore_provisioner.cli.render.style import one_line, shorten, visible

_LONGEST: Final = 300
_PERMISSIONS: Final = 12_000
_FEW: Final = 12
_HEADS: Final[dict[Op, str]] = {
    "create": "+",
    "update": "!",
    "replace": "!",
    "delete": "-",
    "same": " ",
}
"""What the first character of a line is in a diff: a change is neither new nor gone."""


def overview(plan: Plan) -> list[str]:
    """Tables of what is done to each kind, and of who may do what."""
    blocks = ["\n".join(_kinds(plan))] if plan.changes else []
    return [*blocks, *_permissions(plan)]


def details(plan: Plan) -> list[str]:
    """A block for each declaration whose resources change."""
    return [_group(group) for group in groups(plan) if group.changes]


def note(plan: Plan) -> str:
    """What the details leave out; empty where that is nothing."""
    return TAGS if hides_tags(plan) else ""


def _kinds(plan: Plan) -> list[str]:
    used: list[Op] = [op for op in OPS if any(step.op == op for step in plan.steps)]
    heads = ["", "declarations", *(f"`{SYMBOLS[op]}` {op}" for op in used)]
    rows = [_row(heads), "|---|" + "--:|" * (len(heads) - 1)]
    for kind, number, found in by_kind(plan):
        cells = [str(found.get(op, "")) for op in used]
        rows.append(_row([kind, str(number) if kind != "shared" else "", *cells]))
    return rows


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _permissions(plan: Plan) -> list[str]:
    if not plan.permissions:
        return []
    found = changed_permissions(plan)
    rows = [_permission(service, item) for service, items in found.items() for item in items]
    told = f"Permissions of services: {permissions_told(plan)}"
    if not rows:
        return [told]
    lost = any(item.change == "lost" for items in found.values() for item in items)
    table = cut_rows(
        ["| | service | resource | operation | allows |", "|---|---|---|---|---|"],
        rows,
        _PERMISSIONS,
    )
    opened = " open" if lost or len(rows) <= _FEW else ""
    return [f"<details{opened}><summary>{told}</summary>\n\n{table}\n\n</details>"]


def _permission(service: str, item: Permission) -> str:
    return _row(
        [
            f"`{sign(item)}` {item.change}",
            escape(service),
            code(f"{item.kind}/{item.name}"),
            item.operation,
            code(actions(item)) if item.actions else escape(actions(item)),
        ]
    )


def _group(group: Group) -> str:
    place = f" {code(group.place)}" if group.place else ""
    loses = "<b>DATA LOSS</b> " if group.loses else ""
    head = f"<summary>{loses}{code(group.title)}{place}: {counted(group.steps)}</summary>"
    rows = [row for step in group.changes for row in _step(step)]
    text = "\n".join(visible(row).rstrip() for row in rows)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    opened = " open" if group.loses else ""
    return f"<details{opened}>{head}\n\n{fence}diff\n{text}\n{fence}\n\n</details>"


def _step(step: Step) -> list[str]:
    name = one_line(part(step))
    reasons = [one_line(row) for row in step.reason.rstrip("\n").split("\n") if row]
    word = "" if step.op in ("create", "delete") else f" {step.op}"
    told = f"  # {'; '.join(reasons)}" if reasons else ""
    head = f"{_HEADS[step.op]}{word} {short_type(step)}{f' {name}' if name else ''}{told}"
    return [head, *(row for item in shown(step) for row in _property(step, item))]


def _property(step: Step, item: PropertyDiff) -> list[str]:
    path = one_line(item.path)
    forced = "  # forces replacement" if item.forces_replacement else ""
    laid = laid_out(item)
    if laid:
        new = "+" if step.op == "create" else " "
        rows = [f"{mark or new}     {row}" for mark, row in laid.lines]
        return [f"{new}   {path}{forced}", *rows]
    now = shorten(after(step, item), _LONGEST)
    if step.op == "create":
        return [f"+   {path}: {now}"]
    if is_another(item):
        return [f"!   {path}: {now}{forced}"]
    before = shorten(cell(item.before) or NOTHING, _LONGEST)
    return [f"-   {path}: {before}", f"+   {path}: {now}{forced}"]

"""A plan as one HTML page that needs nothing else: no script, no font, no network.

In: a ``Plan``. Out: text. Every name and value is escaped.
"""

from __future__ import annotations

from html import escape
from typing import Final

from encore_config.plan import Plan, PropertyDiff, Step
from encore_provisioner.cli.render.plan_parts import (
    OFFLINE,
    OPS,
    SHARED,
    SYMBOLS,
    Group,
    by_kind,
    changed_permissions,
    counted,
    groups,
    is_grouped,
    part,
    permissions_told,
    short_type,
    sign,
    unknown_told,
)
from encore_provisioner.cli.render.plan_text import reason_rows, verdict
from encore_provisioner.cli.render.plan_values import after, cell, is_another, laid_out
from encore_provisioner.cli.render.style import plain, visible

_STYLE: Final = """\
:root { color-scheme: light dark; --line: #8884; --dim: #777; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
code, td, th { font-family: ui-monospace, monospace; font-size: 13px; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
td, th { border-bottom: 1px solid var(--line); padding: .2rem .6rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th, .dim { color: var(--dim); font-weight: normal; }
td:first-child { min-width: 11rem; } .dim { font-weight: normal; }
h2 { font-size: 1.05rem; margin: 1.5rem 0 .3rem; } pre { margin: 0; white-space: pre-wrap; }
summary { cursor: pointer; } details { margin: .4rem 0; }
.create { color: #1a7f37; } .update { color: #9a6700; } .replace { color: #8250df; }
.delete, .loss { color: #cf222e; } .loss { font-weight: bold; }
"""


def plan_html(plan: Plan, *, needs_secrets: bool = True) -> str:
    """The whole page. ``needs_secrets``: an apply is refused without them."""
    title = f"Plan for {plan.app} in {plan.environment}"
    said = plain([verdict(plan)]).strip()
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(title)}</title>",
        f"<style>\n{_STYLE}</style></head><body>",
        f'<h1>{_text(title)}</h1><p class="dim">provider {_text(plan.provider)}, {plan.mode}</p>',
        *_offline(plan),
        f"<p><strong>{_text(said)}</strong>{_text(_unknown(plan))}</p>",
        *_losses(plan),
        *_items("Kept", plan.kept),
        *_items("Warning", plan.warnings),
        *_secrets(plan, needed=needs_secrets),
        *_changes(plan),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _offline(plan: Plan) -> list[str]:
    if plan.mode != "offline" or not is_grouped(plan):
        return []
    return [f"<p>{_text(OFFLINE[plan.against])}</p>"]


def _unknown(plan: Plan) -> str:
    told = unknown_told(plan) if is_grouped(plan) else ""
    return f" {told}" if told else ""


def _changes(plan: Plan) -> list[str]:
    if not is_grouped(plan):
        return [_step(step, _text(step.name), plan) for step in plan.changes]
    found = [group for group in groups(plan) if group.changes]
    return [*_kinds(plan), *_permissions(plan), *(_group(group, plan) for group in found)]


def _kinds(plan: Plan) -> list[str]:
    if not plan.changes:
        return []
    used = [op for op in OPS if any(step.op == op for step in plan.steps)]
    heads = "".join(f'<th class="{op}">{SYMBOLS[op]} {op}</th>' for op in used)
    rows = "".join(
        f"<tr><td>{_text(kind)}</td><td>{number if kind != SHARED else ''}</td>"
        + "".join(f"<td>{found.get(op, '')}</td>" for op in used)
        + "</tr>"
        for kind, number, found in by_kind(plan)
    )
    return [
        "<h2>Resources by declaration</h2>",
        f"<table><tr><th>kind</th><th>declarations</th>{heads}</tr>{rows}</table>",
    ]


def _permissions(plan: Plan) -> list[str]:
    if not plan.permissions:
        return []
    told = f"<h2>Permissions of services</h2><p>{_text(permissions_told(plan))}</p>"
    style = {"gained": "create", "lost": "delete", "same": "dim"}
    rows = "".join(
        f'<tr><td class="{style[item.change]}">{sign(item)} {item.change}</td>'
        f"<td>{_text(item.service)}</td><td>{_text(f'{item.kind}/{item.name}')}</td>"
        f"<td>{_text(item.operation)}</td><td>{_text(', '.join(item.actions))}</td>"
        f'<td class="dim">{_text(item.reason)}</td></tr>'
        for items in changed_permissions(plan).values()
        for item in items
    )
    heads = "".join(
        f"<th>{head}</th>" for head in ("", "service", "resource", "operation", "allows", "because")
    )
    return [told, f"<table><tr>{heads}</tr>{rows}</table>" if rows else ""]


def _group(group: Group, plan: Plan) -> str:
    place = f' <span class="dim">{_text(group.place)}</span>' if group.place else ""
    told = f'<span class="dim">· {_text(counted(group.steps))}</span>'
    steps = "".join(_step(step, _text(part(step)), plan) for step in group.changes)
    return f"<h2>{_text(group.title)}{place} {told}</h2>{steps}"


def _text(text: str) -> str:
    return escape(visible(text))


def _step(step: Step, name: str, plan: Plan) -> str:
    """In a list of its own a step says where it is declared, in a group the group does."""
    at = step.declaration.at if step.declaration and not is_grouped(plan) else None
    place = f' <span class="dim">{_text(f"{at.file}:{at.line}")}</span>' if at else ""
    head = (
        f'<summary><code class="{step.op}">{SYMBOLS[step.op]} {_text(short_type(step))}</code> '
        f"<strong>{name}</strong>{place}</summary>"
    )
    why = "loss" if step.data_loss else "dim"
    reason = "".join(f'<p class="{why}">{_text(row)}</p>' for row in reason_rows(step))
    rows = "".join(_property(step, item) for item in step.diff)
    head_row = "<tr><th>property</th><th>before</th><th>after</th></tr>"
    body = f"<table>{head_row}{rows}</table>" if rows else ""
    return f"<details{' open' if step.op != 'create' else ''}>{head}{reason}{body}</details>"


def _property(step: Step, item: PropertyDiff) -> str:
    forced = ' <span class="delete">forces replacement</span>' if item.forces_replacement else ""
    laid = laid_out(item)
    if laid:
        lines = "\n".join(f"{mark} {row}" if mark else row for mark, row in laid.lines)
        cells = f'<td colspan="2"><pre>{_text(lines)}</pre>{forced}</td>'
    else:
        before = "" if is_another(item) and item.after is not None else _text(cell(item.before))
        now = "" if item.after is None else _text(after(step, item))
        cells = f"<td>{before}</td><td>{now}{forced}</td>"
    return f"<tr><td>{_text(item.path)}</td>{cells}</tr>"


def _losses(plan: Plan) -> list[str]:
    if not plan.losses:
        return []
    items = "".join(
        f"<li><code>--allow-data-loss {_text(name)}</code></li>" for name in plan.losses
    )
    told = "this deletes data for good. Apply wants it by name:"
    return [f'<p><span class="loss">DATA LOSS</span>: {told}</p><ul>{items}</ul>']


def _items(title: str, told: tuple[str, ...]) -> list[str]:
    items = "".join(f"<li>{_text(item)}</li>" for item in told)
    return [f"<p><strong>{title}</strong>:</p><ul>{items}</ul>"] if items else []


def _secrets(plan: Plan, *, needed: bool) -> list[str]:
    if not plan.missing_secrets:
        return []
    items = "".join(f"<li><code>{_text(name)}</code></li>" for name in plan.missing_secrets)
    wants = "apply wants one first" if needed else "to be set once applied"
    return [f"<p>Secrets without a value; {wants}:</p><ul>{items}</ul>"]

"""A plan as one HTML page that needs nothing else: no script, no font, no network.

In: a ``Plan``. Out: text. Every name and value is escaped.
"""

from __future__ import annotations

from html import escape
from typing import Final

from encore_config.plan import Plan, PropertyDiff, Step
from encore_provisioner.cli.render.plan_text import SYMBOLS, reason_rows, verdict
from encore_provisioner.cli.render.style import plain, value_text, visible

_STYLE: Final = """\
:root { color-scheme: light dark; --line: #8884; --dim: #777; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
code, td, th { font-family: ui-monospace, monospace; font-size: 13px; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
td, th { border-bottom: 1px solid var(--line); padding: .2rem .6rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th, .dim { color: var(--dim); font-weight: normal; }
summary { cursor: pointer; } details { margin: .4rem 0; }
.create { color: #1a7f37; } .update { color: #9a6700; } .replace { color: #8250df; }
.delete, .loss { color: #cf222e; } .loss { font-weight: bold; }
"""


def plan_html(plan: Plan) -> str:
    """The whole page."""
    title = f"Plan for {plan.app} in {plan.environment}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(title)}</title>",
        f"<style>\n{_STYLE}</style></head><body>",
        f'<h1>{_text(title)}</h1><p class="dim">provider {_text(plan.provider)}, {plan.mode}</p>',
        f"<p><strong>{_text(plain([verdict(plan)]).strip())}</strong></p>",
        *_losses(plan),
        *_secrets(plan),
        *(_step(step) for step in plan.changes),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _text(text: str) -> str:
    return escape(visible(text))


def _step(step: Step) -> str:
    at = step.declaration.at if step.declaration else None
    place = f' <span class="dim">{_text(f"{at.file}:{at.line}")}</span>' if at else ""
    head = (
        f'<summary><code class="{step.op}">{SYMBOLS[step.op]} {_text(step.type)}</code> '
        f"<strong>{_text(step.name)}</strong>{place}</summary>"
    )
    why = "loss" if step.data_loss else "dim"
    reason = "".join(f'<p class="{why}">{_text(row)}</p>' for row in reason_rows(step))
    rows = "".join(_property(item) for item in step.diff)
    head_row = "<tr><th>property</th><th>before</th><th>after</th></tr>"
    body = f"<table>{head_row}{rows}</table>" if rows else ""
    return f"<details{' open' if step.op != 'create' else ''}>{head}{reason}{body}</details>"


def _property(item: PropertyDiff) -> str:
    before = "" if item.before is None else _text(value_text(item.before))
    after = "" if item.after is None else _text(value_text(item.after))
    forced = ' <span class="delete">forces replacement</span>' if item.forces_replacement else ""
    return f"<tr><td>{_text(item.path)}</td><td>{before}</td><td>{after}{forced}</td></tr>"


def _losses(plan: Plan) -> list[str]:
    if not plan.losses:
        return []
    items = "".join(
        f"<li><code>--allow-data-loss {_text(name)}</code></li>" for name in plan.losses
    )
    told = "this deletes data for good. Apply wants it by name:"
    return [f'<p><span class="loss">DATA LOSS</span>: {told}</p><ul>{items}</ul>']


def _secrets(plan: Plan) -> list[str]:
    if not plan.missing_secrets:
        return []
    items = "".join(f"<li><code>{_text(name)}</code></li>" for name in plan.missing_secrets)
    return [f"<p>Secrets without a value; apply wants one first:</p><ul>{items}</ul>"]

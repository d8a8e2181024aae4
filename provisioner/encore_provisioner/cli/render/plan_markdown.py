"""A plan as Markdown, for a comment on a pull request.

In: a ``Plan``. Out: text. Names and values are data: what Markdown or HTML would act on is
escaped.
"""

from __future__ import annotations

import re
from typing import Final

from encore_config.plan import Plan, PropertyDiff, Step
from encore_provisioner.cli.render.plan_text import SYMBOLS, reason_rows, verdict
from encore_provisioner.cli.render.style import count, plain, value_text, visible

_LONGEST: Final = 200
_MEANS_SOMETHING: Final = re.compile(r"[\\`*_|\[\]~@]")


def plan_markdown(plan: Plan) -> str:
    """The whole plan as one Markdown text."""
    blocks = [f"### Plan for {escape(plan.app)} in {escape(plan.environment)}"]
    if plan.mode == "offline":
        blocks.append("Offline: compared with the last known state, not with what is really there.")
    blocks.append(f"**{escape(plain([verdict(plan)]).strip())}**")
    blocks += _losses(plan)
    blocks += _secrets(plan)
    if plan.changes:
        blocks.append("\n".join(_table(plan)))
        blocks += [block for step in plan.changes if (block := _details(step))]
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """``text`` as itself, in a paragraph or in a table's cell."""
    safe = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
    return re.sub(r"([\\`*_\[\]|#~@!])", r"\\\1", safe)


def code(text: str) -> str:
    """``text`` as code, in a paragraph or in a table's cell."""
    flat = visible(text).replace("\n", " ")
    flat = flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}…"
    safe = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _MEANS_SOMETHING.sub(lambda m: f"&#{ord(m.group())};", safe)
    return f"<code>{safe}</code>"


def _table(plan: Plan) -> list[str]:
    rows = ["| | resource | declared in | why |", "|---|---|---|---|"]
    for step in plan.changes:
        at = step.declaration.at if step.declaration else None
        place = code(f"{at.file}:{at.line}") if at else ""
        resource = f"{code(step.type)} {escape(step.name)}"
        why = escape("\n".join(reason_rows(step)))
        why = f"**{why}**" if step.data_loss else why
        rows.append(f"| `{SYMBOLS[step.op]}` {step.op} | {resource} | {place} | {why} |")
    return rows


def _details(step: Step) -> str:
    if not step.diff or step.op == "delete":
        return ""
    title = f"<summary>{SYMBOLS[step.op]} {code(step.type)} {code(step.name)}</summary>"
    head = "| property | before | after |\n|---|---|---|"
    rows = "\n".join(_property(item) for item in step.diff)
    return f"<details>{title}\n\n{head}\n{rows}\n\n</details>"


def _property(item: PropertyDiff) -> str:
    before = "" if item.before is None else code(value_text(item.before))
    after = "" if item.after is None else code(value_text(item.after))
    forced = " (forces replacement)" if item.forces_replacement else ""
    return f"| {code(item.path)} | {before} | {after}{forced} |"


def _losses(plan: Plan) -> list[str]:
    if not plan.losses:
        return []
    listed = "\n".join(f"- {code(f'--allow-data-loss {name}')}" for name in plan.losses)
    return [f"**DATA LOSS**: this deletes data for good. Apply wants it by name:\n\n{listed}"]


def _secrets(plan: Plan) -> list[str]:
    missing = plan.missing_secrets
    if not missing:
        return []
    listed = "\n".join(f"- {code(name)}" for name in missing)
    return [f"{count(len(missing), 'secret')} without a value; apply wants one first:\n\n{listed}"]

"""A plan as Markdown, for a comment on a pull request: never longer than GitHub takes.

In: a ``Plan``. Out: text. Names and values are data: what Markdown or HTML would act on is
escaped.
"""

from __future__ import annotations

from typing import Final

from encore_config.plan import Plan, PropertyDiff, Step
from encore_provisioner.cli.render import plan_grouped_markdown as grouped
from encore_provisioner.cli.render.markdown import code, cut_rows, escape, fitted, joined
from encore_provisioner.cli.render.plan_parts import OFFLINE, SYMBOLS, is_grouped, unknown_told
from encore_provisioner.cli.render.plan_text import reason_rows, verdict
from encore_provisioner.cli.render.style import count, plain, value_text

_LISTED: Final = 6_000
_TABLE: Final = 30_000


def plan_markdown(plan: Plan, *, needs_secrets: bool = True) -> str:
    """The whole plan as one Markdown text. ``needs_secrets``: apply is refused without them."""
    head = [f"### Plan for {escape(plan.app)} in {escape(plan.environment)}"]
    if plan.mode == "offline":
        head.append(OFFLINE[plan.against])
    said = f"**{escape(plain([verdict(plan)]).strip())}**"
    told = [*_losses(plan), *_listed(plan), *_secrets(plan, needed=needs_secrets)]
    if is_grouped(plan):
        head += [f"{said} {unknown_told(plan)}".strip(), *told]
        needed = joined([*head, *grouped.overview(plan), grouped.note(plan)])
        return fitted(needed, grouped.details(plan), what="declaration")
    head += [said, *told]
    if not plan.changes:
        return fitted(head, (), what="resource")
    return fitted(
        [*head, _table(plan)],
        joined(_details(step) for step in plan.changes),
        what="resource",
    )


def _table(plan: Plan) -> str:
    rows = []
    for step in plan.changes:
        at = step.declaration.at if step.declaration else None
        place = code(f"{at.file}:{at.line}") if at else ""
        resource = f"{code(step.type)} {escape(step.name)}"
        why = escape("\n".join(reason_rows(step)))
        why = f"**{why}**" if step.data_loss else why
        rows.append(f"| `{SYMBOLS[step.op]}` {step.op} | {resource} | {place} | {why} |")
    return cut_rows(["| | resource | declared in | why |", "|---|---|---|---|"], rows, _TABLE)


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
    listed = cut_rows((), [f"- {code(f'--allow-data-loss {n}')}" for n in plan.losses], _LISTED)
    return [f"**DATA LOSS**: this deletes data for good. Apply wants it by name:\n\n{listed}"]


def _listed(plan: Plan) -> list[str]:
    """What is kept on purpose, and what a person should know."""
    kept = cut_rows((), [f"- {escape(item)}" for item in plan.kept], _LISTED)
    warnings = cut_rows((), [f"- {escape(item)}" for item in plan.warnings], _LISTED)
    return [
        *([f"**Kept**:\n\n{kept}"] if plan.kept else []),
        *([f"**Warning**:\n\n{warnings}"] if plan.warnings else []),
    ]


def _secrets(plan: Plan, *, needed: bool) -> list[str]:
    missing = plan.missing_secrets
    if not missing:
        return []
    listed = cut_rows((), [f"- {code(name)}" for name in missing], _LISTED)
    wants = "apply wants one first" if needed else "to be set once applied"
    return [f"{count(len(missing), 'secret')} without a value; {wants}:\n\n{listed}"]

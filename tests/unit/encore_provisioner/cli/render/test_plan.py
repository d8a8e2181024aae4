"""One plan with everything that a plan can say, in each of its forms."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest
from tests.support.golden import CASES, assert_golden

from encore_config.plan import (
    SECRET,
    UNKNOWN,
    DeclarationRef,
    Op,
    Plan,
    PropertyDiff,
    Step,
    summarise,
)
from encore_config.position import At
from encore_provisioner.cli.render.plan_html import plan_html
from encore_provisioner.cli.render.plan_markdown import plan_markdown
from encore_provisioner.cli.render.plan_text import plan_lines
from encore_provisioner.cli.render.style import plain

FOLDER = CASES / "render"
NASTY = 'or|ders`<b>"\x1b[31m\n*x*'


def step(op: Op, kind: str, name: str, *diff: PropertyDiff, **more: object) -> Step:
    at = None if op == "delete" else At(file=f"{kind}s/db.ts", line=12, column=3)
    return Step(
        op=op,
        type=f"local:{kind}:{kind.title()}",
        name=name,
        urn=f"urn:encore:shop:local::{kind}::{name}",
        declaration=DeclarationRef(kind=kind, name=name, at=at),
        diff=diff,
        data_loss=bool(more.get("data_loss", False)),
        reason=str(more.get("reason", "")),
    )


def diff(path: str, before: object, after: object, *, forces: bool = False) -> PropertyDiff:
    return PropertyDiff(path=path, before=before, after=after, forces_replacement=forces)


def plan_of(*steps: Step, offline: bool = False, missing: tuple[str, ...] = ()) -> Plan:
    return Plan(
        app="shop",
        environment="staging",
        provider="local",
        mode="offline" if offline else "preview",
        summary=summarise(steps),
        steps=steps,
        missing_secrets=missing,
    )


EVERYTHING = plan_of(
    step(
        "create",
        "database",
        "orders",
        diff("name", None, "orders"),
        diff("password", None, SECRET),
        diff("port", None, UNKNOWN),
        diff("tags", None, {"a": [1, True, None], "key": SECRET}),
        diff("comment", None, "long " * 60),
        reason="does not exist",
    ),
    step("update", "server", "postgres", reason="not running"),
    step("update", "server", "aws", reason="not running"),
    step(
        "update",
        "bucket",
        "uploads",
        diff("versioned", False, True),
        diff("cors", None, ["*"]),
        reason="differs in versioned",
    ),
    step(
        "replace",
        "topic",
        "events",
        diff("fifo", False, True, forces=True),
        data_loss=True,
        reason="fifo cannot be changed in place",
    ),
    step("delete", "database", "old", data_loss=True, reason="DATA LOSS: it is not declared"),
    step("delete", "secret", NASTY, reason=f"{NASTY} is not declared"),
    step("create", "bucket", "日本", diff(NASTY, None, NASTY), reason="two\nlines"),
    step("same", "cache", "sessions", reason="is as declared"),
    offline=True,
    missing=("PayKey", "Other"),
)
UNCHANGED = plan_of(step("same", "cache", "sessions", reason="is as declared"))
PLANS = {"everything": EVERYTHING, "unchanged": UNCHANGED}
TOLD = msgspec.structs.replace(
    plan_of(step("same", "cache", "sessions", reason="is as declared"), missing=("PayKey", "B")),
    warnings=("the state is kept in a folder of this machine", NASTY),
    kept=("the final snapshot of database/orders", NASTY),
)
"""What is told beside the steps; its provider does not wait for secrets."""
REFRESHED = plan_of(
    step("update", "bucket", "uploads", diff("versioned", True, False), reason="was changed"),
    step("delete", "database", "old", reason="is not there any more"),
    step("same", "cache", "sessions", reason="is as remembered"),
)


def command(name: str) -> str:
    return f"encore-infra secret set {name} --env staging"


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("columns", [None, 80])
def test_text(name: str, columns: int | None) -> None:
    text = plain(plan_lines(PLANS[name], columns=columns, set_secret=command, unchanged=True))
    assert_golden(FOLDER / f"plan-{name}{f'-{columns}' if columns else ''}.txt", text)


def test_text_of_a_destruction() -> None:
    losing = plan_of(*(s for s in EVERYTHING.steps if s.op == "delete"))
    text = plain(plan_lines(losing, columns=None, set_secret=command, purpose="destroy"))
    assert_golden(FOLDER / "plan-destroy.txt", text)


def test_what_is_told_beside_the_steps() -> None:
    lines = plan_lines(TOLD, columns=None, set_secret=command, needs_secrets=False)
    assert_golden(FOLDER / "plan-told.txt", plain(lines))
    assert_golden(FOLDER / "plan-told.md", plan_markdown(TOLD, needs_secrets=False))
    assert_golden(FOLDER / "plan-told.html", plan_html(TOLD, needs_secrets=False))


@pytest.mark.parametrize(("name", "found"), [("found", REFRESHED), ("as-remembered", UNCHANGED)])
def test_text_of_a_refresh(name: str, found: Plan) -> None:
    lines = plan_lines(found, columns=None, set_secret=command, purpose="refresh")
    assert_golden(FOLDER / f"refresh-{name}.txt", plain(lines))


@pytest.mark.parametrize("name", PLANS)
def test_markdown(name: str) -> None:
    assert_golden(FOLDER / f"plan-{name}.md", plan_markdown(PLANS[name]))


def test_no_cell_of_a_markdown_table_breaks_it() -> None:
    rows = [row for row in plan_markdown(EVERYTHING).splitlines() if row.startswith("|")]
    unescaped = [row.replace("\\|", "").count("|") for row in rows]
    assert set(unescaped) == {4, 5}


@pytest.mark.parametrize("name", PLANS)
def test_html(name: str) -> None:
    assert_golden(FOLDER / f"plan-{name}.html", plan_html(PLANS[name]))


class Elements(HTMLParser):
    """The elements that were opened and not closed, and all that were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name in ("src", "href", "onclick")]
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_whole_and_needs_nothing_else() -> None:
    elements = Elements()
    elements.feed(plan_html(EVERYTHING))
    elements.close()
    assert elements.open == []
    assert not elements.seen & {"script", "link", "img", "iframe", "b"}


@pytest.mark.parametrize("render", [plan_markdown, plan_html])
def test_nothing_that_steers_a_terminal_gets_through(render: object) -> None:
    assert callable(render)
    assert "\x1b" not in render(EVERYTHING) + render(TOLD)

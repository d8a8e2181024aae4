"""Offline plans as a reviewer reads them: of the example, and of one app with one option each.

Each case is an environment file beside a plan in words: what the option changes in the plan of
``base``. ``base`` itself and the example's plans are whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from tests.support.aws_cases import APP, AWS, target
from tests.support.golden import assert_golden
from tests.support.tool import SHOP

from encore_aws import bundle, offline
from encore_config import codec
from encore_config.diagnostics import Diagnostic
from encore_config.plan import Plan
from encore_provisioner.cli.render.diagnostics import Sources, diagnostics_lines
from encore_provisioner.cli.render.plan_text import plan_lines
from encore_provisioner.cli.render.style import plain

OPTIONS: Final = sorted(
    path.name for path in AWS.iterdir() if path.name not in ("app", "base", "errors", "shop")
)
COLUMNS: Final = 120


CODE: Final = bundle.build()


def steady(text: str) -> str:
    """Without what changes with each change of the function's source."""
    shown = {CODE.filename: "function-CONTENT.zip", CODE.code_sha256: "HASH"}
    for found, kept in shown.items():
        text = text.replace(found, kept)
    return text


def words(plan: Plan, findings: tuple[Diagnostic, ...], root: Path) -> str:
    told = plan_lines(
        plan, columns=COLUMNS, set_secret=lambda name: f"secret set {name}", unchanged=False
    )
    return steady(plain([*diagnostics_lines(findings, Sources(root=root)), *told]))


def document(plan: Plan) -> str:
    return steady(codec.encode(plan).decode())


@pytest.fixture(scope="module")
def base() -> Plan:
    return offline.make_plan(target(APP, AWS / "base", "production"))


def test_the_plan_that_others_are_compared_with(base: Plan) -> None:
    findings = offline.findings(target(APP, AWS / "base", "production"))
    assert_golden(AWS / "base" / "plan.txt", words(base, findings, APP))
    assert_golden(AWS / "base" / "plan.json", document(base))


@pytest.mark.parametrize("option", OPTIONS)
def test_what_an_option_changes(option: str, base: Plan) -> None:
    wanted = target(APP, AWS / option, "production")
    changed = offline.plan(wanted, base)
    assert changed.changes or changed.permissions != base.permissions, "the option does nothing"
    assert_golden(AWS / option / "changes.txt", words(changed, offline.findings(wanted), APP))


@pytest.mark.parametrize("environment", ["production", "staging", "pr-42"])
def test_the_example(environment: str) -> None:
    wanted = target(SHOP, SHOP, environment)
    plan = offline.make_plan(wanted)
    assert plan.summary.create == len(plan.steps) > 50
    assert_golden(AWS / "shop" / f"{environment}.txt", words(plan, offline.findings(wanted), SHOP))
    assert_golden(AWS / "shop" / f"{environment}.json", document(plan))

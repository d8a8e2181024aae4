"""Two people on one environment: what somebody applies between another's plan and their yes.

Nothing in an ephemeral environment is protected, so all that stands between what the other one made
and its end is that a plan is only carried out on what it was made from.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from tests.support.aws_applied import ENVIRONMENT, change, tiny
from tests.support.aws_world import World
from tests.support.person import Person, person
from tests.support.tool import TIMEOUT, Tool

ON = ("--env", ENVIRONMENT)
BUCKET = "aws:s3/bucket:"
STALE = "somebody else has changed this environment since the plan was made"
DECLARED = """import {{ Bucket }} from "encore.dev/storage/objects";
export const {name} = new Bucket("{name}");
"""


@dataclass(frozen=True, kw_only=True)
class Two:
    """Two checkouts of one app, both at what is applied; each test ends there again."""

    world: World
    mine: Tool
    theirs: Tool

    def declare(self, name: str) -> None:
        """They do."""
        (self.theirs.app / "orders" / f"{name}.ts").write_text(DECLARED.format(name=name))

    def apply_theirs(self) -> None:
        self.theirs.ok("apply", *ON, "--yes")

    def take_over(self) -> None:
        """Their source, and apply it; they take over the environment file."""
        shutil.copytree(self.theirs.app / "orders", self.mine.app / "orders", dirs_exist_ok=True)
        shutil.copy(self.mine.app / "encore.infra.yaml", self.theirs.app)
        self.mine.ok("apply", *ON, "--yes")

    def has(self, name: str) -> bool:
        buckets = self.world.client("s3").list_buckets()["Buckets"]
        return any(name in each["Name"] for each in buckets)


@pytest.fixture(scope="module")
def two(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    world.forget()
    mine = tiny(world, tmp_path_factory.mktemp("mine") / "tiny")
    mine.ok("apply", *ON, "--yes")
    theirs = tmp_path_factory.mktemp("theirs") / "tiny"
    shutil.copytree(mine.app, theirs)
    yield Two(world=world, mine=mine, theirs=replace(mine, app=theirs))
    world.forget()


def answer(someone: Person, question: str, words: str, two: Two) -> int:
    """They apply while the question stands; then it is answered. The exit code."""
    someone.until(question)
    two.apply_theirs()
    someone.type(f"{words}\n")
    return someone.end()


def test_a_yes_to_what_is_no_longer_so_changes_nothing(two: Two) -> None:
    change(two.mine, "tags", "{team: a}")
    two.declare("first")
    with person(two.mine, "apply", *ON) as someone:
        code = answer(someone, "Type yes to go on:", "yes", two)
        assert (code, STALE in someone.text) == (1, True), someone.text
        assert "run it again" in someone.text
    assert two.has("first")
    again = two.mine("apply", *ON, "--yes", "--format", "json")
    assert again.json()["error"]["code"] == "data-loss"
    assert "bucket/first" in again.json()["error"]["message"]
    two.take_over()


def test_the_end_of_what_was_not_shown_is_refused(two: Two) -> None:
    two.declare("second")
    with person(two.mine, "destroy", *ON) as someone:
        code = answer(someone, f"{ENVIRONMENT}: ", ENVIRONMENT, two)
        assert (code, STALE in someone.text) == (1, True), someone.text
    assert two.has("second")
    two.take_over()


def test_who_waits_plans_again_when_the_other_is_done(two: Two) -> None:
    change(two.mine, "tags", "{team: b}")
    two.declare("third")
    two.world.fault(BUCKET, "third", sleep=6)
    other = two.theirs.start("apply", *ON, "--yes")
    while not any("third" in str(deed.get("urn")) for deed in two.world.journal()):
        assert other.poll() is None, other.communicate()
    waited = two.mine("apply", *ON, "--yes", "--lock-timeout", str(TIMEOUT))
    out, err = other.communicate(timeout=TIMEOUT)
    assert other.returncode == 0, out + err
    assert waited.code == 1
    assert "planning again" in waited.err
    assert "--allow-data-loss bucket/third" in waited.err
    assert two.has("third")
    two.take_over()
    assert not two.mine.ok("plan", *ON, "--format", "json").json()["summary"]["delete"]


def test_an_apply_that_changes_nothing_makes_no_plan_stale(two: Two) -> None:
    """It writes the state anew, with everything encrypted anew."""
    change(two.mine, "tags", "{team: c}")
    with person(two.mine, "apply", *ON) as someone:
        assert answer(someone, "Type yes to go on:", "yes", two) == 0, someone.text

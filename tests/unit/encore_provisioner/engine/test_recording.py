"""A program in this process: what it asked for comes out as data, the same each time."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from encore_config.plan import SECRET, UNKNOWN
from encore_provisioner.engine.recording import Recording, record


class Thing(pulumi.CustomResource):
    """A resource of a cloud that does not exist."""

    made: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any):
        super().__init__("test:index:Thing", name, {"made": None, **inputs}, opts)


class Group(pulumi.ComponentResource):
    def __init__(self, name: str):
        super().__init__("test:index:Group", name)


def run(program: Any, **options: Any) -> Recording:
    return record(program, project="shop", stack="production", **options)


def urn(name: str) -> str:
    return f"urn:pulumi:production::shop::test:index:Thing::{name}"


def test_inputs_are_plain_and_what_only_apply_knows_is_marked() -> None:
    def program() -> Mapping[str, Any]:
        first = Thing("first", size=3, ratio=0.5, on=True, tags={"b": "x", "a": None}, none=None)
        Thing("second", uses=first.made, text=pulumi.Output.concat("arn:", first.made))
        return {"made": first.made, "fixed": "yes"}

    found = run(program)
    first, second = found.resources
    assert first.inputs == {"on": True, "ratio": 0.5, "size": 3, "tags": {"b": "x"}}
    assert second.inputs == {"text": UNKNOWN, "uses": UNKNOWN}
    assert second.depends_on == (urn("first"),)
    assert found.outputs == {"fixed": "yes", "made": UNKNOWN}
    assert first.urn == urn("first")
    assert first.type == "test:index:Thing"


def test_what_the_program_leaves_alone_later_is_told() -> None:
    def program() -> Mapping[str, Any]:
        Thing("first", size=3, opts=pulumi.ResourceOptions(ignore_changes=["size", "mode"]))
        Thing("second", size=3)
        return {}

    assert [found.ignored for found in run(program).resources] == [("mode", "size"), ()]


def test_inputs_come_back_as_outputs_at_once() -> None:
    def program() -> Mapping[str, Any]:
        first = Thing("first", made="shop-orders")
        Thing("second", text=pulumi.Output.concat("name:", first.made))
        return {}

    assert run(program).resources[1].inputs == {"text": "name:shop-orders"}


def test_a_program_can_be_run_as_if_all_were_made() -> None:
    def program() -> Mapping[str, Any]:
        first = Thing("first", size=3)
        Thing("second", text=pulumi.Output.concat(first.made, "/", first.id))
        return {"made": first.made}

    def made(kind: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"id": f"id-{name}", "made": f"{kind}:{inputs.get('size')}"}

    found = run(program, made=made)
    assert found.resources[1].inputs == {"text": "test:index:Thing:3/id-first"}
    assert found.outputs == {"made": "test:index:Thing:3"}


def test_a_secret_is_nowhere_shown() -> None:
    def program() -> Mapping[str, Any]:
        hush = pulumi.Output.secret("hush")
        Thing("one", password=hush, inside={"deep": [hush, "plain"]})
        return {"password": hush}

    found = run(program)
    assert "hush" not in repr(found)
    assert found.resources[0].inputs == {
        "inside": {"deep": [SECRET, "plain"]},
        "password": SECRET,
    }
    assert found.outputs == {"password": SECRET}


def test_what_others_need_comes_first_and_threads_leave_no_trace() -> None:
    def program() -> Mapping[str, Any]:
        last = Thing("a-last")
        middle = Thing("m-middle", opts=pulumi.ResourceOptions(depends_on=[last]))
        Thing("z-first", uses=middle.made)
        for number in range(40):
            Thing(f"other{number:02}")
        return {}

    found = [run(program) for _ in range(3)]
    assert found[0] == found[1] == found[2]
    names = [resource.name for resource in found[0].resources]
    assert names.index("a-last") < names.index("m-middle") < names.index("z-first")
    assert names[:2] == ["a-last", "other00"]


def test_children_know_their_parent() -> None:
    def program() -> Mapping[str, Any]:
        Thing("child", opts=pulumi.ResourceOptions(parent=Group("group"), protect=True))
        return {}

    group, child = run(program).resources
    assert (group.type, group.name) == ("test:index:Group", "group")
    assert child.parent == group.urn
    assert child.protect
    assert child.urn == ("urn:pulumi:production::shop::test:index:Group$test:index:Thing::child")


def test_an_invoke_is_unknown_but_where_it_is_answered() -> None:
    def program() -> Mapping[str, Any]:
        zones: pulumi.Output[Any] = pulumi.runtime.invoke_output("test:index:zones", {"n": 2})
        Thing("one", zone=zones.apply(lambda found: found["names"][0]))
        return {}

    assert run(program).resources[0].inputs == {"zone": UNKNOWN}
    answered = run(program, answers={"test:index:zones": lambda given: {"names": [given["n"]]}})
    assert answered.resources[0].inputs == {"zone": 2}


def test_two_resources_of_one_name_are_an_error() -> None:
    def program() -> Mapping[str, Any]:
        Thing("same")
        Thing("same")
        return {}

    with pytest.raises(ValueError, match=r"two resources are called .*::same"):
        run(program)


def test_what_a_program_raises_is_raised_and_the_next_run_is_clean() -> None:
    def broken() -> Mapping[str, Any]:
        Thing("one")
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        run(broken)
    assert [r.name for r in run(lambda: {"a": Thing("two").urn}).resources] == ["two"]


@pytest.mark.parametrize("was_on", [True, False])
def test_garbage_is_left_alone_during_a_run_and_collected_after_it_as_before(was_on: bool) -> None:
    """With it, five thousand resources take four times as long; ``bench/plan.py`` has figures."""
    seen: list[bool] = []

    def program() -> Mapping[str, Any]:
        seen.append(gc.isenabled())
        raise LookupError

    (gc.enable if was_on else gc.disable)()
    try:
        with pytest.raises(LookupError):
            run(program)
        assert (seen, gc.isenabled()) == ([False], was_on)
    finally:
        gc.enable()

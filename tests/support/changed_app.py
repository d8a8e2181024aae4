"""A small app in AWS that is changed while it stands there: whole commands, and what they leave.

In: a world and files. Out: plans as the command line prints them, refusals, the state as it lies in
its bucket. An environment is made of as little as the rules allow, so that an apply is short.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.aws_world import World
from tests.support.moto_server import ACCOUNT, REGION
from tests.support.tool import Result, Tool, write_app

from encore_config import codec
from encore_config.plan import Permission, Plan, Step
from encore_provisioner.engine.state import Kept, State, read

APP = "changing"
_APP_FILE = json.dumps({"id": APP, "lang": "typescript"})


def service(name: str) -> str:
    return (
        f'import {{ Service }} from "encore.dev/service";\nexport default new Service("{name}");\n'
    )


def entry(text: str = "", *, name: str = "production", kind: str = "production") -> str:
    """The environment file with one environment in it; ``text`` in YAML's flow style."""
    more = f", {text}" if text else ""
    return (
        "environments:\n"
        f"  {name}: {{provider: aws, type: {kind}, region: {REGION}, account: '{ACCOUNT}', "
        f"id: k3f9, network: {{nat: instance, zones: 2}}{more}}}\n"
    )


@dataclass(frozen=True, kw_only=True)
class ChangedApp:
    """``environment`` is the one that commands are for."""

    world: World
    tool: Tool
    environment: str = "production"

    # --- the source --------------------------------------------------------------------------

    def write(self, files: Mapping[str, str]) -> None:
        write_app(self.tool.app, {"encore.app": _APP_FILE, **files})

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.tool.app / file
        text = path.read_text()
        assert old in text, f"{file} does not hold {old!r}"
        path.write_text(text.replace(old, new))

    # --- commands ----------------------------------------------------------------------------

    def run(self, command: str, *args: str) -> Result:
        return self.tool(command, "--env", self.environment, *args)

    def plan(self, *args: str) -> Plan:
        found = self.tool.ok("plan", "--env", self.environment, "--format", "json", *args)
        return codec.decode(found.out.encode(), Plan)

    def apply(self, *losses: str) -> Plan:
        """What it planned and did, where these may be lost."""
        done = self.tool.ok(
            "apply", "--env", self.environment, "--yes", "--format", "json", *allowing(*losses)
        )
        return codec.decode(json.dumps(done.json()["plan"]).encode(), Plan)

    def refused(self, command: str, *args: str) -> dict[str, Any]:
        """The error of a command that fails; ``--yes`` is given where it could change something."""
        yes = ("--yes",) if command in ("apply", "destroy", "migrate") else ()
        result = self.run(command, "--format", "json", *yes, *args)
        assert result.code == 1, result.text
        assert "Traceback" not in result.text
        found: dict[str, Any] = result.json()["error"]
        return found

    def deeds(self) -> list[dict[str, Any]]:
        """What was made, changed and deleted in AWS since the account was empty."""
        did = ("create", "update", "delete")
        return [line for line in self.world.journal() if line["operation"] in did]

    # --- what is there -----------------------------------------------------------------------

    def state(self) -> State:
        """As it lies in the bucket."""
        client = self.world.client("s3")
        ends = f".pulumi/stacks/{APP}/{self.environment}.json"
        for bucket in client.list_buckets()["Buckets"]:
            for item in client.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
                if item["Key"].endswith((ends, f"{ends}.gz")):
                    body = client.get_object(Bucket=bucket["Name"], Key=item["Key"])["Body"].read()
                    plain = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
                    return read(json.loads(plain)["checkpoint"]["latest"])
        return State()

    def kept(self, name: str) -> Kept:
        """One resource of the state, by what the program calls it."""
        (found,) = (item for item in self.state().resources if item.name == name)
        return found

    def protected(self) -> set[str]:
        return {item.name for item in self.state().resources if item.protect}


def new_app(world: World, folder: Path, files: Mapping[str, str]) -> ChangedApp:
    app = ChangedApp(world=world, tool=Tool(app=folder, env=world.environ))
    app.write(files)
    return app


def allowing(*losses: str) -> tuple[str, ...]:
    return tuple(word for loss in losses for word in ("--allow-data-loss", loss))


def changed(plan: Plan) -> set[str]:
    """``op name`` of what is done."""
    return {f"{step.op} {step.name}" for step in plan.changes}


def step_of(plan: Plan, name: str) -> Step:
    (found,) = (step for step in plan.steps if step.name == name)
    return found


def differences(step: Step) -> dict[str, tuple[Any, Any]]:
    return {item.path: (item.before, item.after) for item in step.diff}


def permissions(plan: Plan, change: str) -> set[str]:
    """``service kind/name operation`` of those that are gained or lost."""
    return {_told(item) for item in plan.permissions if item.change == change}


def _told(item: Permission) -> str:
    return f"{item.service} {item.kind}/{item.name} {item.operation}"

"""Whole commands that go wrong: small apps to apply, and a command read event by event.

The apps lie in a network that is there already, so that an apply takes seconds. A :class:`Running`
command tells its progress as JSON, so a test can act at a moment that it names.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from tests.support.aws_world import World
from tests.support.moto_server import ACCOUNT, REGION
from tests.support.tool import TIMEOUT, Tool, write_app

ENVIRONMENT: Final = "cloud"
HERE: Final = ("--env", ENVIRONMENT)
SERVICE: Final = (
    'import { Service } from "encore.dev/service";\nexport default new Service("mail");\n'
)
THINGS: Final = """import { Topic, Subscription } from "encore.dev/pubsub";
import { Bucket } from "encore.dev/storage/objects";
import { secret } from "encore.dev/config";

export const orders = new Topic<{ id: string }>("orders", { deliveryGuarantee: "at-least-once" });
export const letters = new Topic<{ id: string }>("letters", { deliveryGuarantee: "at-least-once" });
const _ = new Subscription(orders, "send", { handler: async () => {} });
export const receipts = new Bucket("receipts", { versioned: true });
export const key = secret("PayKey");
"""
DATABASE: Final = {
    "mail/db.ts": 'import { SQLDatabase } from "encore.dev/storage/sqldb";\n'
    'export const db = new SQLDatabase("books", { migrations: "./migrations" });\n',
    "mail/migrations/1_books.up.sql": "CREATE TABLE books (id bigint PRIMARY KEY);\n",
}


def broken_app(
    world: World, folder: Path, files: Mapping[str, str], *, type_: str = "ephemeral"
) -> Tool:
    """An app of one service, ``mail``, with ``files`` by their path, and one environment in AWS."""
    settings = (
        f"environments:\n  {ENVIRONMENT}:\n    provider: aws\n    type: {type_}\n"
        f'    region: {REGION}\n    id: t3st\n    account: "{ACCOUNT}"\n'
        f"    network: {network(world)}\n"
    )
    base = {
        "encore.app": '{"id": "post", "lang": "typescript"}\n',
        "encore.infra.yaml": settings,
        "mail/encore.service.ts": SERVICE,
    }
    return Tool(app=write_app(folder, {**base, **files}), env=world.environ)


def network(world: World) -> str:
    """One that was made by hand, as the environment file names it."""
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    one, two, three = (
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.7.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("aab")
    )
    return f"{{vpc: {vpc}, subnets: {{compute: [{one}], storage: [{two}, {three}]}}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A command that has ended. ``text`` is what stands on stderr beside the events."""

    code: int
    out: str
    text: str
    events: tuple[dict[str, Any], ...]

    def names(self, event: str) -> set[str]:
        return {each["name"] for each in self.of(event)}

    def of(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == event]

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return self.document["error"]


class Running:
    """A command with ``--format json``, in a session of its own, while it runs."""

    def __init__(self, tool: Tool, *words: str) -> None:
        self.process = tool.start(*words, *HERE, "--format", "json")
        self._events: list[dict[str, Any]] = []
        self._text: list[str] = []
        self._out: list[str] = []
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self._reader.start()
        self._dog = threading.Timer(TIMEOUT, self.process.kill)
        self._dog.start()

    def until(self, event: str, name: str = "") -> dict[str, Any]:
        """Read on to this event; of this resource, where one is named."""
        for found in self._lines():
            if found["event"] == event and name in ("", found.get("name")):
                return found
        raise AssertionError(f"ended before {event} {name}: {self._events}\n{self._text}")

    def interrupt(self, number: int = signal.SIGINT) -> None:
        os.kill(self.process.pid, number)

    def end(self) -> Told:
        for _ in self._lines():
            pass
        self.close()
        return Told(
            code=self.process.returncode,
            out="".join(self._out),
            text="".join(self._text),
            events=tuple(self._events),
        )

    def close(self) -> None:
        self._dog.cancel()
        if self.process.stderr is not None and self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _lines(self) -> Iterator[dict[str, Any]]:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            if not isinstance(found, dict):
                self._text.append(line)
                continue
            self._events.append(found)
            yield found

    def _read(self, pipe: IO[str]) -> None:
        self._out.append(pipe.read())


@contextmanager
def running(tool: Tool, *words: str) -> Iterator[Running]:
    made = Running(tool, *words)
    try:
        yield made
    finally:
        made.close()


def told(tool: Tool, *words: str) -> Told:
    """A command from its beginning to its end."""
    return Running(tool, *words).end()


def summary(tool: Tool, *words: str) -> dict[str, int]:
    """Of a plan now."""
    found: dict[str, int] = tool.ok("plan", *HERE, *words, "--format", "json").json()["summary"]
    return found


def changes(tool: Tool, *words: str) -> int:
    """How many steps a plan has now."""
    return sum(number for op, number in summary(tool, *words).items() if op != "same")


def made(world: World, operation: str = "create") -> list[str]:
    """The names of what the plugin did without an error, in order."""
    return [
        each["urn"].split("::")[-1]
        for each in world.journal()
        if each.get("operation") == operation and not each.get("error")
    ]

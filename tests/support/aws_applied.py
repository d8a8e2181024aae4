"""Apps for whole commands, small and smaller, and what a test asks of AWS after an apply.

``SMALL`` has one of everything that holds a secret, in two containers; ``TINY`` has neither network
nor server, so that applying it takes seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.support.aws_world import World
from tests.support.moto_server import ACCOUNT, REGION
from tests.support.moto_wire import Call
from tests.support.tool import Tool, write_app

ENVIRONMENT: Final = "preview"

_TINY: Final = {
    "encore.app": '{"id": "tiny", "lang": "typescript"}\n',
    "orders/encore.service.ts": (
        'import { Service } from "encore.dev/service";\nexport default new Service("orders");\n'
    ),
    "orders/events.ts": (
        'import { Topic } from "encore.dev/pubsub";\n'
        "export const placed = new Topic<{ id: number }>("
        '"placed", { deliveryGuarantee: "at-least-once" });\n'
    ),
    "orders/key.ts": (
        'import { secret } from "encore.dev/config";\nexport const key = secret("PayKey");\n'
    ),
    "orders/api.ts": (
        'import { api } from "encore.dev/api";\n'
        'import { placed } from "./events";\n'
        'import { key } from "./key";\n'
        "export const pay = api({ expose: true }, async (): Promise<void> => {\n"
        "  key();\n"
        "  await placed.publish({ id: 1 });\n"
        "});\n"
    ),
}
_SMALL: Final = {
    "orders/db.ts": (
        'import { SQLDatabase } from "encore.dev/storage/sqldb";\n'
        'export const db = new SQLDatabase("orders", { migrations: "./migrations" });\n'
    ),
    "orders/migrations/1_create.up.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n",
    "orders/count.ts": (
        'import { api } from "encore.dev/api";\n'
        'import { CacheCluster, IntKeyspace } from "encore.dev/storage/cache";\n'
        'import { db } from "./db";\n'
        'const cluster = new CacheCluster("fast", { evictionPolicy: "allkeys-lru" });\n'
        'const seen = new IntKeyspace<string>(cluster, { keyPattern: "seen/:key" });\n'
        "export const count = api({ expose: true }, async (): Promise<{ n: number }> => {\n"
        '  await seen.increment("x");\n'
        "  const row = await db.queryRow`SELECT count(*)::int AS n FROM orders`;\n"
        "  return { n: row!.n };\n"
        "});\n"
    ),
    "mail/encore.service.ts": (
        'import { Service } from "encore.dev/service";\nexport default new Service("mail");\n'
    ),
    "mail/mail.ts": (
        'import { secret } from "encore.dev/config";\n'
        'import { Subscription } from "encore.dev/pubsub";\n'
        'import { placed } from "../orders/events";\n'
        'const key = secret("MailKey");\n'
        'const _ = new Subscription(placed, "mail", { handler: async () => { key(); } });\n'
    ),
}
_READING: Final = (
    *("Describe", "Get", "Head", "List"),
    # The first decrypts the state's key; the second runs in the function, which asks the databases.
    *("Decrypt", "Invoke"),
)
_STATE: Final = frozenset({("s3", "PutObject"), ("s3", "DeleteObject")})


def tiny(
    world: World, folder: Path, settings: Mapping[str, str] | None = None, *, name: str = "tiny"
) -> Tool:
    """``settings`` are further keys of the environment, as YAML; two names share nothing."""
    files = {**_TINY, "encore.app": f'{{"id": "{name}", "lang": "typescript"}}\n'}
    return _app(world, folder, files, {"network": _network(world), **(settings or {})})


def small(world: World, folder: Path) -> Tool:
    settings = {"network": "{nat: none}", "containers": "{layout: per-service}"}
    return _app(world, folder, {**_TINY, **_SMALL}, settings)


def _app(world: World, folder: Path, files: Mapping[str, str], settings: Mapping[str, str]) -> Tool:
    entry = {
        "provider": "aws",
        "type": "ephemeral",
        "region": REGION,
        "id": "tiny26",
        "account": f'"{ACCOUNT}"',
        **settings,
    }
    lines = "".join(f"    {key}: {value}\n" for key, value in entry.items())
    file = f"environments:\n  {ENVIRONMENT}:\n{lines}"
    return Tool(write_app(folder, {**files, "encore.infra.yaml": file}), env=world.environ)


def _network(world: World) -> str:
    """One that is there already: a third of the resources."""
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")
        for n, zone in enumerate("abab")
    ]
    ids = [each["Subnet"]["SubnetId"] for each in made]
    return f"{{vpc: {vpc}, subnets: {{compute: [{ids[0]}], storage: [{ids[1]}, {ids[2]}]}}}}"


def outputs(tool: Tool, environment: str = ENVIRONMENT) -> Any:
    return tool.ok("outputs", "--env", environment, "--format", "json").json()["outputs"]


def change(tool: Tool, key: str, value: str) -> None:
    """A further key of the environment, or another value for one that is there."""
    file = tool.app / "encore.infra.yaml"
    kept = [line for line in file.read_text().splitlines() if not line.startswith(f"    {key}:")]
    file.write_text("\n".join([*kept, f"    {key}: {value}", ""]))


def all_of(world: World, service: str, operation: str, key: str) -> list[dict[str, Any]]:
    """Every page of a list."""
    pages = world.client(service).get_paginator(operation).paginate()
    return [item for page in pages for item in page[key]]


def changing(calls: Sequence[Call], *, state: bool = False) -> list[Call]:
    """Those that may have changed something; ``state``: the state's objects may be written."""
    return [
        call
        for call in calls
        if not call.operation.startswith(_READING)
        and not (state and (call.service, call.operation) in _STATE)
    ]


def tags(pairs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}


def statements(policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def only_by_tls(policy: str) -> bool:
    """Whether everything is denied to everybody who comes without TLS."""
    return any(
        each["Effect"] == "Deny"
        and each["Principal"] in ("*", {"AWS": "*"})
        and each["Action"] in ("s3:*", "sqs:*", "sns:*")
        and each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for each in statements(policy)
    )

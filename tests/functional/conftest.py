"""Apps and environments for the functional tests: real servers, always removed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.tool import SHOP, Tool, copy_app, write_app

SMALL_APP = {
    "orders/encore.service.ts": (
        'import { Service } from "encore.dev/service";\nexport default new Service("orders");\n'
    ),
    "orders/db.ts": (
        'import { SQLDatabase } from "encore.dev/storage/sqldb";\n'
        'export const db = new SQLDatabase("orders", { migrations: "./migrations" });\n'
    ),
    "orders/files.ts": (
        'import { Bucket } from "encore.dev/storage/objects";\n'
        'export const receipts = new Bucket("receipts", { versioned: true });\n'
    ),
    "orders/api.ts": (
        'import { api } from "encore.dev/api";\n'
        'import { db } from "./db";\n'
        'import { receipts } from "./files";\n'
        "export const count = api({ expose: true }, async (): Promise<{ n: number }> => {\n"
        "  await receipts.list({});\n"
        "  const row = await db.queryRow`SELECT count(*)::int AS n FROM orders`;\n"
        "  return { n: row!.n };\n"
        "});\n"
    ),
    "orders/migrations/1_create.up.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, x text);\n",
}
"""A database with a migration and a versioned bucket: the two kinds that hold data."""


def removed(tool: Tool) -> None:
    """Destroy, whatever a test left; and end what even that could not find."""
    if tool.app.exists():
        tool("destroy", "--yes", "--env", "local")
    tool.kill_servers()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Tool]:
    """A small app with no environment yet."""
    tool = Tool(write_app(tmp_path / "small", SMALL_APP))
    yield tool
    removed(tool)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Tool]:
    """A copy of examples/shop with its secrets set and no environment yet."""
    tool = Tool(copy_app(SHOP, tmp_path / "shop"))
    tool.set_secrets()
    yield tool
    removed(tool)


@pytest.fixture(scope="module")
def running_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    """A copy of examples/shop, applied once for a module. Tests leave it as they found it."""
    tool = Tool(copy_app(SHOP, tmp_path_factory.mktemp("shop") / "shop"))
    tool.set_secrets()
    tool.apply()
    yield tool
    removed(tool)

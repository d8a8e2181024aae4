"""An app whose provider is the fake one: every command runs as a process, no server does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.fakes import install_fake
from tests.support.tool import ROOT, Tool, write_app

FILES = {
    "encore.infra.yaml": (
        "environments:\n"
        "  local: {provider: fake}\n"
        "  production: {provider: fake, type: production}\n"
        "  cloud: {provider: cloud}\n"
        "  cracked: {provider: broken}\n"
        "  poor: {provider: lacking}\n"
    ),
    "orders/encore.service.ts": (
        'import { Service } from "encore.dev/service";\nexport default new Service("orders");\n'
    ),
    "orders/db.ts": (
        'import { SQLDatabase } from "encore.dev/storage/sqldb";\n'
        'export const db = new SQLDatabase("orders", { migrations: "./migrations" });\n'
    ),
    "orders/migrations/1_create.up.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n",
    "orders/files.ts": (
        'import { Bucket } from "encore.dev/storage/objects";\n'
        'export const receipts = new Bucket("receipts");\n'
    ),
    "orders/key.ts": (
        'import { secret } from "encore.dev/config";\nexport const key = secret("PayKey");\n'
    ),
    "orders/api.ts": (
        'import { api } from "encore.dev/api";\n'
        'import { db } from "./db";\n'
        'import { receipts } from "./files";\n'
        'import { key } from "./key";\n'
        "export const count = api({ expose: true }, async (): Promise<{ n: number }> => {\n"
        "  await receipts.list({});\n"
        "  key();\n"
        "  const row = await db.queryRow`SELECT count(*)::int AS n FROM orders`;\n"
        "  return { n: row!.n };\n"
        "});\n"
    ),
}
BROKEN = (
    'import { SQLDatabase } from "encore.dev/storage/sqldb";\nconst x = new SQLDatabase(name);\n'
)


@pytest.fixture
def bare(tmp_path: Path) -> Tool:
    """The app with nothing set and nothing applied."""
    env = install_fake(tmp_path / "plugin", ROOT)
    return Tool(write_app(tmp_path / "demo", FILES), env=env)


@pytest.fixture
def app(bare: Tool) -> Tool:
    """The app with its secret set."""
    bare.state.mkdir(parents=True)
    (bare.state / "fake.json").write_text('{"secrets": {"PayKey": "s3cret-value"}}')
    return bare


@pytest.fixture
def applied(app: Tool) -> Tool:
    app.apply()
    return app


@pytest.fixture
def broken(app: Tool) -> Tool:
    """The app with an error in its source."""
    (app.app / "orders" / "bad.ts").write_text(BROKEN)
    return app


def with_env(tool: Tool, **more: str) -> Tool:
    """The same app with further variables."""
    return Tool(tool.app, env={**tool.env, **more})

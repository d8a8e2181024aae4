"""A finding helps: the word that was meant, the other place that belongs to it, the line itself.

``MEANT`` has a misspelled word for each kind of name that people write; ``PLACES`` the findings
that are about two places.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.pages import WRONG, App, apps, known_declarations, small_app
from tests.support.tool import write_app

from encore_config.diagnostics import Diagnostic
from encore_config.rules.generate import PAGE, read_page
from encore_provisioner.analysis import analyse
from encore_provisioner.cli.render.diagnostics import Sources, diagnostic_lines
from encore_provisioner.cli.render.style import plain

TEXT = PAGE.read_text(encoding="utf-8")
KNOWN = known_declarations(TEXT)
RULES = {rule.code: rule for rule in read_page(TEXT)}

MEANT = {
    'const b = new Bucket("b", { publik: true });': ("E0309", "public"),
    'const b = new SQLDatabase("b", { migration: "./m" });': ("E0309", "migrations"),
    'const t = new Topic<Placed>("t", { deliveryGarantee: "exactly-once" });': (
        "E0309",
        "deliveryGuarantee",
    ),
    'new Subscription(placed, "s", { handler: send, ackDeadlin: "1s" });': (
        "E0309",
        "ackDeadline",
    ),
    'new Subscription(placed, "s", { handler: send, retryPolicy: { maxRetrys: 3 } });': (
        "E0309",
        "maxRetries",
    ),
    'new CronJob("j", { endpoint: clean, evry: "1h", every: "1h" });': ("E0309", "every"),
    'const c = new CacheCluster("c", { evictionPolcy: "noeviction" });': (
        "E0309",
        "evictionPolicy",
    ),
    'const k = new StringKeyspace<string>(cluster, { keyPatern: "a", keyPattern: "a/:key" });': (
        "E0309",
        "keyPattern",
    ),
    "export const e = api({ exposed: true }, handler);": ("E0309", "expose"),
    "export const g = new Gateway({ authHandlr: auth });": ("E0309", "authHandler"),
    'const b = new SQLDatabase("b", { migrations: { path: ".", sorce: "prisma" } });': (
        "E0309",
        "source",
    ),
    'const b = new SQLDatabase("b", { migrations: { path: ".", source: "prsma" } });': (
        "E0602",
        "prisma",
    ),
    'const t = new Topic<Placed>("t", { deliveryGuarantee: "at-least-one" });': (
        "E0604",
        "at-least-once",
    ),
    'const c = new CacheCluster("c", { evictionPolicy: "allkeys-lro" });': (
        "E0609",
        "allkeys-lru",
    ),
    'export const e = api({ method: "get" }, handler);': ("E0505", "GET"),
    'export const e = api({ method: ["PSOT"] }, handler);': ("E0505", "POST"),
    'const a = new SQLDatabase("orders", {}); const b = SQLDatabase.named("ordrs");': (
        "E0207",
        "orders",
    ),
    'const a = new Bucket("files"); const b = Bucket.named("flies");': ("E0207", "files"),
    'const a = new CacheCluster("cache", {}); const b = CacheCluster.named("cahce");': (
        "E0207",
        "cache",
    ),
    'await files.uplod("a.txt", data);': ("E0709", "upload"),
    "interface Change { cartId: Attribute<string> }\n"
    'const c = new Topic<Change>("c", { deliveryGuarantee: "at-least-once", '
    'orderingAttribute: "cartid" });': ("W0604", "cartId"),
    'export const e = api({ path: "/o/:idd" }, async (p: { id: string }) => {});': (
        "E0511",
        "id",
    ),
    'const k = new StringKeyspace<{ user: string }>(cluster, { keyPattern: "a/:user/:usr" });': (
        "E0624",
        "user",
    ),
    'import { oders } from "~encore/clients";\nexport const f = () => oders.list();': (
        "W0715",
        "orders",
    ),
    'import { orders } from "~encore/clients";\nexport const list = api({}, handler);\n'
    "export const f = () => orders.lst();": ("W0716", "list"),
}
PLACES = {
    **{code: "the first one" for code in RULES if code.startswith("E08") and code != "E0809"},
    "E0809": "endpoint `one`",
    "E0405": "the first one",
    "E0406": "service `orders`",
    "E0407": "the first one",
    "E0512": "its type",
    "E0702": "the bucket",
    "E0710": "the bucket",
    "W0706": "the database",
}


def findings(app: App, root: Path) -> tuple[Diagnostic, ...]:
    return analyse(write_app(root, app)).diagnostics


@pytest.mark.parametrize("source", MEANT)
def test_the_word_that_was_meant_is_named(source: str, tmp_path: Path) -> None:
    code, meant = MEANT[source]
    [found] = findings(small_app(source, KNOWN), tmp_path)
    assert (found.code, found.hint) == (code, f"did you mean `{meant}`?")


@pytest.mark.parametrize("code", PLACES)
def test_the_other_place_is_shown(code: str, tmp_path: Path) -> None:
    [found] = findings(apps(RULES[code], KNOWN)[WRONG], tmp_path)
    [other] = found.related
    assert other.message == PLACES[code]
    assert other.at != found.at
    told = plain(diagnostic_lines(found, Sources(tmp_path)))
    assert f"= note: {other.message}: {other.at}\n" in told


def test_the_source_line_is_shown_and_its_part_underlined(tmp_path: Path) -> None:
    """For every code of the source; what is missing altogether stands nowhere."""
    bare = []
    for code, rule in RULES.items():
        if code[1:3] in ("80", "90", "91", "92") or code in ("E0102", "W0103"):
            continue
        root = tmp_path / code
        for found in findings(apps(rule, KNOWN)[WRONG], root):
            told = plain(diagnostic_lines(found, Sources(root)))
            if found.end is None or "^" not in told or " | " not in told:
                bare.append(code)
    assert bare == ["E0107", "E1004"]

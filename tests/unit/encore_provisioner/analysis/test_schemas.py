"""Which parts of a type Encore refuses; each was tried with Encore's own parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tool import write_app

from encore_provisioner.analysis import analyse

DECLARED = """
interface Item { id: string }
class Basket { items!: string[] }
abstract class Shelf { abstract items: string[] }
enum State { Open }
type Alias = Basket;
type Box<T> = { value: T };
import Imported = Item;
interface Tree { children: Tree[]; label?: string }
interface Named { name: string }
interface Called extends Named { call: () => void }
declare const limits: { low: number };
"""

GOOD = (
    "{ a: string | undefined; b?: number | null }",
    "{ a: readonly string[]; b: Array<Item>; c: Item[] }",
    "{ a: Date; b: bigint; c: any; d: unknown; e: true; f: -1; g: null }",
    "{ a: State; b: keyof Item; c: Item['id']; d: typeof limits }",
    "{ [key: string]: string }",
    "{ [K in 'a' | 'b']: string }",
    "{ a: string extends string ? string : () => void }",
    "{ a: Pick<Item, 'id'>; b: Partial<Item>; c: Required<Item>; d: Readonly<Item> }",
    "{ a: Record<string, number>; b: Exclude<Item | string, string> }",
    "{ (): void }",
    "Box<string>",
    "Tree",
    "{ a: (string) }",
    "{ [K in 'a' | 'b']: { name: K } }",
    "Imported",
)
UNREAD = (
    "{ a: () => void }",
    "{ a?: new () => Item }",
    "{ new (): Item }",
    "{ a: void }",
    "{ a: undefined }",
    "{ a: never; }",
    "{ a: object | string }",
    "{ a: symbol[] }",
    "{ a: unique symbol }",
    "{ a: `x${string}` }",
    "{ a: Map<string, string> }",
    "{ a: Buffer[] }",
    "{ a: Awaited<Item> }",
    "{ a: NodeJS.Timeout }",
    "{ a: State.Open }",
    "{ a; b: string }",
    "{ 1: string }",
    "{ [Symbol.iterator]: string }",
    "{ get a(): string }",
    "{ [key: string]: () => void }",
    "{ [K in 'a']: () => void }",
    "Box<() => void>",
    "Record<string, () => void>",
    "Pick<{ a: string; b: () => void }, 'a'>",
    "Item & { a: () => void }",
    "Called",
    "Uint8Array",
    "{ a: HTMLElement }",
    "{ a: Nowhere }",
    "{ a: T }",
)
UNSAID = (
    "Basket",
    "{ a: Basket[] }",
    "{ a: Shelf | null }",
    "{ a?: Alias }",
    "{ a: [string, number] }",
    "{ a: Promise<string> }",
    "{ a(): void }",
    "{ a?(): void }",
    "{ a: this }",
    "Record<string, Basket>",
    "{ [key: string]: Basket }",
)


def codes(root: Path, declaration: str) -> list[str]:
    source = 'import { Topic } from "encore.dev/pubsub";\n'
    source += 'import { CacheCluster, StructKeyspace } from "encore.dev/storage/cache";\n'
    source += f'const cluster = new CacheCluster("c");\n{DECLARED}\n{declaration}\n'
    service = 'import { Service } from "encore.dev/service";\nexport default new Service("a");\n'
    files = {"a/encore.service.ts": service, "a/a.ts": source}
    app = write_app(root, {"encore.app": '{ "lang": "typescript" }', **files})
    return [found.code for found in analyse(app).diagnostics]


def message(root: Path, given: str) -> list[str]:
    return codes(root, f'new Topic<{given}>("t", {{}});')


def value(root: Path, given: str) -> list[str]:
    wrapped = f"{{ v: {given} }}"
    pattern = '{ keyPattern: "a/:key" }'
    return codes(root, f"new StructKeyspace<string, {wrapped}>(cluster, {pattern});")


@pytest.mark.parametrize("given", GOOD)
def test_what_encore_describes(tmp_path: Path, given: str) -> None:
    assert message(tmp_path, given) == []
    assert value(tmp_path, given) == []


@pytest.mark.parametrize("given", UNREAD)
def test_what_it_cannot_read(tmp_path: Path, given: str) -> None:
    assert set(message(tmp_path, given)) == {"E0629"}
    assert set(value(tmp_path, given)) == {"E0629"}


@pytest.mark.parametrize("given", UNSAID)
def test_what_it_reads_and_cannot_describe(tmp_path: Path, given: str) -> None:
    assert set(message(tmp_path, given)) == {"E0629"}
    assert value(tmp_path, given) == []


FIELDS = st.lists(
    st.sampled_from(("string", "() => void", "Basket", "Item[]", "void", "Map<string, Item>")),
    max_size=6,
)


@given(FIELDS, st.sampled_from(("; ", ", ", "\n", ";\n  ")))
def test_a_plain_object_is_judged_as_any_other(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], between: str
) -> None:
    fields = between.join(f"f{number}: {kind}" for number, kind in enumerate(kinds))
    refused = any(kind not in ("string", "Item[]") for kind in kinds)
    found = message(tmp_path_factory.mktemp("app"), f"{{ {fields} }}")
    assert set(found) == ({"E0629"} if refused else set())

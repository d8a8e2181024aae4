"""What was read before is used again where it holds, and never where it does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from encore_provisioner.analysis import analyse
from encore_provisioner.analysis.cache import FactsCache
from encore_provisioner.analysis.collect import Reader, Stamp, collect
from encore_provisioner.analysis.files import SourceFile
from encore_provisioner.analysis.imports import ImportResolver, Paths
from encore_provisioner.analysis.library import digest
from encore_provisioner.user_cache import default_folder

ROOT = Path(__file__).parents[4]
SHOP = ROOT / "examples" / "shop"
CASES = ROOT / "tests" / "cases" / "ts"
SERVICE = 'import { Service } from "encore.dev/service";\nexport default new Service("a");\n'
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


def copy(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target, ignore=shutil.ignore_patterns(".encore")))


def packs(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.pack"))


@pytest.mark.parametrize("name", NAMES)
def test_neither_cache_nor_processes_change_the_result(name: str, tmp_path: Path) -> None:
    plain = analyse(CASES / name)
    assert analyse(CASES / name, cache=tmp_path) == plain
    assert analyse(CASES / name, cache=tmp_path) == plain
    assert analyse(CASES / name, processes=2) == plain


def test_what_holds_is_not_read_again(tmp_path: Path) -> None:
    """The second time the files are not where they are said to be, and nobody notices."""
    files = {"a.ts": b'import { b } from "./b"; b();', "b.ts": b"export function b() {}"}
    stamps = {path: Stamp(digest(raw), len(raw)) for path, raw in files.items()}
    imports = ImportResolver(tmp_path, frozenset(files), Paths())
    for path, raw in files.items():
        (tmp_path / path).write_bytes(raw)
    there = {path: SourceFile(path, str(tmp_path / path)) for path in files}
    gone = {path: SourceFile(path, str(tmp_path / "gone" / path)) for path in files}

    def run(found: dict[str, SourceFile], stamps: dict[str, Stamp]) -> object:
        cache = FactsCache(tmp_path / "cache", "app", len(files))
        return collect(stamps, Reader(found, imports), cache, None)

    first = run(there, stamps)
    assert run(gone, stamps) == first
    changed = {**stamps, "b.ts": Stamp(digest(b"other"), 5)}
    assert run(gone, changed) != first


def test_a_change_in_a_consulted_file_is_seen(tmp_path: Path) -> None:
    app, cache = copy(SHOP, tmp_path / "shop"), tmp_path / "cache"
    analyse(app, cache=cache)
    for file in sorted(app.rglob("*.ts")):
        before = file.read_bytes()
        file.write_bytes(before.replace(b"export const", b"const").replace(b"string", b"number"))
        assert analyse(app, cache=cache) == analyse(app)
        file.unlink()
        assert analyse(app, cache=cache) == analyse(app)
        file.write_bytes(before)
    assert analyse(app, cache=cache) == analyse(app)


def test_what_stands_on_disk_beside_the_source_is_asked_anew(tmp_path: Path) -> None:
    app, cache = copy(SHOP, tmp_path / "shop"), tmp_path / "cache"
    analyse(app, cache=cache)
    [first, *_] = sorted(app.rglob("*.up.sql"))
    first.rename(first.with_name("wrong.sql"))
    found = analyse(app, cache=cache)
    assert "E0617" in [d.code for d in found.diagnostics]
    assert found == analyse(app)


def test_a_new_file_can_catch_an_import(tmp_path: Path) -> None:
    """``./x`` leads to x/index.ts until there is an x.ts."""
    (tmp_path / "encore.app").write_text('{"lang": "typescript"}')
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.ts").write_text('import { b } from "./x";\nb.list();\n')
    declared = 'import { Bucket } from "encore.dev/storage/objects";\n'
    (tmp_path / "a" / "x").mkdir()
    (tmp_path / "a" / "x" / "index.ts").write_text(f'{declared}export const b = new Bucket("b");')
    cache = tmp_path / "cache"
    (tmp_path / "a" / "encore.service.ts").write_text(SERVICE)
    assert [use.name for use in analyse(tmp_path, cache=cache).graph.uses] == ["b"]
    (tmp_path / "a" / "x.ts").write_text("export const b = { list: String };")
    found = analyse(tmp_path, cache=cache)
    assert found == analyse(tmp_path)
    assert found.graph.uses == ()


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


def _flip(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 0x40
    file.write_bytes(raw)


def _garbage(file: Path) -> None:
    file.write_bytes(b"\x93encfacts" * 100)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("damage", [_truncate, _flip, _garbage, _folder, Path.unlink])
def test_a_damaged_cache_is_an_empty_one(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    plain = analyse(SHOP)
    analyse(SHOP, cache=tmp_path)
    assert packs(tmp_path)
    for pack in packs(tmp_path):
        damage(pack)
    assert analyse(SHOP, cache=tmp_path) == plain
    assert analyse(SHOP, cache=tmp_path) == plain


def test_a_well_formed_pack_with_other_things_in_it_is_ignored(tmp_path: Path) -> None:
    analyse(SHOP, cache=tmp_path)
    for pack in packs(tmp_path):
        keys = msgspec.msgpack.decode(pack.read_bytes()[24:], type=dict[bytes, bytes])
        body = msgspec.msgpack.encode(dict.fromkeys(keys, msgspec.msgpack.encode([1, "x"])))
        pack.write_bytes(b"encfacts" + digest(body) + body)
    assert analyse(SHOP, cache=tmp_path) == analyse(SHOP)


def test_a_folder_that_takes_nothing_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert analyse(SHOP, cache=tmp_path / "file") == analyse(SHOP)


def test_clones_share_a_cache(tmp_path: Path) -> None:
    one, other = copy(SHOP, tmp_path / "1" / "shop"), copy(SHOP, tmp_path / "2" / "shop")
    cache = tmp_path / "cache"
    analyse(one, cache=cache)
    before = {pack: pack.stat().st_mtime_ns for pack in packs(cache)}
    assert analyse(other, cache=cache) == analyse(other)
    assert {pack: pack.stat().st_mtime_ns for pack in packs(cache)} == before


def test_a_pack_does_not_grow_without_bound(tmp_path: Path) -> None:
    app, cache = copy(SHOP, tmp_path / "shop"), tmp_path / "cache"
    analyse(app, cache=cache)
    [pack] = packs(cache)
    size, file = pack.stat().st_size, app / "orders" / "orders.ts"
    file = file if file.exists() else next(app.rglob("*.ts"))
    for number in range(60):
        file.write_text(f"{file.read_text('utf-8')}// {number}\n", encoding="utf-8")
        analyse(app, cache=cache)
    assert pack.stat().st_size < 3 * size


PIECES = tuple(sorted(path.read_bytes() for path in CASES.glob("*/*/*.ts")))
FILE = st.sampled_from(["a/a.ts", "a/b.ts", "b/a.ts", "b/index.ts", "shared.ts"])


@examples(40)
@given(steps=st.lists(st.tuples(FILE, st.none() | st.sampled_from(PIECES)), max_size=8))
def test_any_history_of_edits_gives_what_a_fresh_look_gives(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes | None]]
) -> None:
    root = tmp_path_factory.mktemp("app")
    (root / "encore.app").write_text('{"lang": "typescript"}')
    for name, text in steps:
        file = root / name
        file.parent.mkdir(exist_ok=True)
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(text)
        assert analyse(root, cache=root / ".cache") == analyse(root)


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"ENCORE_INFRA_CACHE": "/x", "HOME": "/h"}, Path("/x")),
        ({"ENCORE_INFRA_CACHE": "off", "HOME": "/h"}, None),
        ({"ENCORE_INFRA_CACHE": "", "HOME": "/h"}, None),
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, Path("/c/encore-infra")),
        ({"HOME": "/h"}, Path("/h/.cache/encore-infra")),
        ({}, None),
    ],
)
def test_where_the_cache_is(environ: dict[str, str], folder: Path | None) -> None:
    assert default_folder(environ) == folder

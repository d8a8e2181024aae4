"""The state document: kept whole, rebuilt when broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec import structs

from encore_config.plan import DeclarationRef
from encore_local.state import Record, State, identity, is_copy, load_state, save_state

FULL = State(
    ports={"app": 20001, "cache/Main": 20002},
    resources={
        "urn:encore:shop:local::local:sql:Database::orders": Record(
            type="local:sql:Database",
            name="orders",
            declaration=DeclarationRef(kind="database", name="orders"),
            properties={"owner": "orders", "password": {"secret": True}, "n": [1, None]},
        )
    },
)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    save_state(path, FULL)
    loaded = load_state(path)
    assert loaded.state == FULL
    assert loaded.notes == ()


def test_the_same_state_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    save_state(one, FULL)
    save_state(two, State(resources=FULL.resources, ports=dict(reversed(FULL.ports.items()))))
    assert one.read_bytes() == two.read_bytes()


def test_no_file_is_an_empty_state_without_a_note(tmp_path: Path) -> None:
    loaded = load_state(tmp_path / "state.json")
    assert loaded.state == State()
    assert loaded.notes == ()


BROKEN = {
    "empty": b"",
    "half": b'{"schema": 1, "resources": {"x',
    "bytes": b"\x00\xff\xfe" * 9,
    "list": b"[]",
    "other version": b'{"schema": 2}',
    "unknown key": b'{"schema": 1, "surprise": 1}',
    "wrong type": b'{"schema": 1, "ports": {"app": "x"}}',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_moved_aside_and_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.json"
    (tmp_path / "state.json.broken-1").write_bytes(b"an older one")
    path.write_bytes(content)
    loaded = load_state(path)
    assert loaded.state == State()
    assert not path.exists()
    assert (tmp_path / "state.json.broken-2").read_bytes() == content
    assert (tmp_path / "state.json.broken-1").read_bytes() == b"an older one"
    assert len(loaded.notes) == 1
    assert "state.json.broken-2" in loaded.notes[0]
    assert str(path) in loaded.notes[0]


def test_a_plan_reads_past_a_broken_file_and_leaves_it(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"{")
    loaded = load_state(path, move_aside=False)
    assert loaded.state == State()
    assert len(loaded.notes) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["state.json"]


def test_a_copied_app_is_noticed_and_a_moved_one_is_the_same(tmp_path: Path) -> None:
    original = tmp_path / "app"
    original.mkdir()
    state = State(app=identity(original))
    copied = Path(shutil.copytree(original, tmp_path / "copy"))
    assert not is_copy(state, original)
    assert is_copy(state, copied)
    assert not is_copy(state, original.rename(tmp_path / "moved"))
    assert not is_copy(State(), copied)


def test_a_reboot_that_numbers_the_disks_anew_makes_no_copy(tmp_path: Path) -> None:
    known = identity(tmp_path)
    renumbered = structs.replace(known, device=known.device + 1)
    assert not is_copy(State(app=renumbered), tmp_path)

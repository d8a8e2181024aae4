"""What is remembered of each start."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from encore_local.servers.registry import Registry, ServerRecord


def record(number: int) -> ServerRecord:
    return ServerRecord(
        pid=number, started=f"b/{number}", data="d", properties={"port": 20000 + number}
    )


def test_put_get_drop(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "servers.json")
    assert registry.get("aws") is None
    registry.put("postgres", record(1))
    registry.put("aws", record(2))
    registry.put("aws", record(3))
    registry.drop("postgres")
    registry.drop("never-there")
    again = Registry(tmp_path / "servers.json")
    assert again.get("aws") == record(3)
    assert again.get("postgres") is None
    assert again.ports() == {"aws": 20003}


def test_a_record_without_a_port_has_none(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "servers.json")
    registry.put("aws", ServerRecord(pid=1, started="s", data="d", properties={"port": "x"}))
    assert registry.ports() == {}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b'{"schema": 2}', b"[]"])
def test_a_broken_file_is_as_good_as_none_and_written_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "servers.json"
    path.write_bytes(content)
    registry = Registry(path)
    assert registry.get("aws") is None
    assert registry.ports() == {}
    registry.put("aws", record(1))
    assert Registry(path).get("aws") == record(1)


def test_threads_do_not_lose_each_others_records(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "servers.json")
    threads = [
        threading.Thread(target=registry.put, args=(f"cache/{n}", record(n))) for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registry.ports()) == 16

"""The benchmark's apps: valid, the same for the same seed, and no two services alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import apps

from encore_provisioner.analysis import analyse

SERVICES = 12


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "app"
    apps.write_app(root, SERVICES)
    return root


def texts(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files}


def test_an_app_has_no_finding_and_every_kind_that_can_be_declared(app: Path) -> None:
    found = analyse(app)
    assert found.diagnostics == ()
    graph = found.graph
    assert len(graph.services) == SERVICES + 1
    assert len(graph.databases) == SERVICES
    for kind in ("topics", "subscriptions", "buckets", "caches", "keyspaces", "secrets"):
        assert getattr(graph, kind), kind
    assert graph.metrics
    assert graph.cron_jobs
    assert {use.kind for use in graph.uses} >= {"database", "topic", "bucket", "cache", "endpoint"}


def test_the_same_seed_gives_the_same_bytes(app: Path, tmp_path: Path) -> None:
    apps.write_app(tmp_path, SERVICES)
    assert texts(tmp_path) == texts(app)


def test_another_seed_gives_another_app(app: Path, tmp_path: Path) -> None:
    apps.write_app(tmp_path, SERVICES, seed=2)
    assert texts(tmp_path).keys() != texts(app).keys()


def test_no_placeholder_is_left(app: Path) -> None:
    assert [name for name, text in texts(app).items() if apps.TOKEN.search(text)] == []


def test_no_two_files_are_equal(app: Path) -> None:
    files = [text for name, text in texts(app).items() if name.endswith(".ts")]
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("count", [0, 1, apps.LARGEST + 1])
def test_a_size_that_cannot_be_made_is_refused(count: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 to"):
        apps.write_app(tmp_path, count)

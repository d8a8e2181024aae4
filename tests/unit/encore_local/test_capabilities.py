"""What this machine gives differently from what is declared, and what it cannot give."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.graphs import AppFolder, at, settings

from encore_config.environment import Postgres
from encore_config.plan import DeclarationRef
from encore_local.capabilities import capabilities, missing_extensions
from encore_local.layout import Layout, prepare
from encore_local.model import DATABASE, MIGRATION
from encore_local.state import AppIdentity, Record, State, save_state


def test_only_what_is_missing_is_refused() -> None:
    wanted = [("vector", at(line=1)), ("postgis", at(line=2))]
    (found,) = missing_extensions(wanted, frozenset({"vector", "plpgsql"}))
    assert (found.code, found.severity, found.at) == ("E9010", "error", at(line=2))
    assert "postgres: {bin: DIR}" in (found.hint or "")


@pytest.fixture
def geo(tmp_path: Path) -> AppFolder:
    """An app that wants PostGIS, on an installation of PostgreSQL that has only vector."""
    programs = tmp_path / "postgres" / "bin"
    extensions = tmp_path / "postgres" / "share" / "extension"
    for folder in (programs, extensions):
        folder.mkdir(parents=True)
    for program in ("initdb", "postgres"):
        (programs / program).write_text("#!/bin/sh\n")
        (programs / program).chmod(0o700)
    (extensions / "vector.control").touch()
    app = AppFolder(
        root=tmp_path,
        databases={"orders": "default"},
        environment=settings(postgres=Postgres(bin=str(programs))),
    )
    app.migration("orders", "1_vector.up.sql", "CREATE EXTENSION vector;")
    app.migration("orders", "2_geo.up.sql", "SELECT 1;\nCREATE EXTENSION postgis;")
    return app


def test_extensions_are_looked_up_in_the_chosen_installation(geo: AppFolder) -> None:
    (found,) = capabilities(geo.target)
    assert (found.code, str(found.at)) == ("E9010", "migrations/orders/2_geo.up.sql:2:1")
    assert not geo.target.state_dir.exists()


def test_what_has_run_needs_no_extension_any_more(geo: AppFolder) -> None:
    layout = Layout(folder=geo.target.state_dir)
    prepare(layout)
    ref = DeclarationRef(kind="database", name="orders")
    row = {"version": 2, "filename": "2_geo.up.sql", "sha256": "x", "applied_at": "2026-01-01"}
    save_state(
        layout.state,
        State(
            resources={
                "a": Record(type=DATABASE, name="orders", declaration=ref),
                "b": Record(
                    type=MIGRATION, name="orders/2_geo.up.sql", declaration=ref, properties=row
                ),
            }
        ),
    )
    assert [d.code for d in capabilities(geo.target)] == []


def test_an_odd_state_folder_is_told(tmp_path: Path) -> None:
    app = AppFolder(root=tmp_path)
    layout = Layout(folder=app.target.state_dir)
    prepare(layout)
    assert capabilities(app.target) == ()
    layout.state.write_text("{")
    layout.secrets.write_text("{}")
    layout.secrets.chmod(0o644)
    assert [d.code for d in capabilities(app.target)] == ["W9030", "W9032"]
    assert layout.state.read_text() == "{"

    save_state(layout.state, State(app=AppIdentity(path="/elsewhere", device=1, inode=2)))
    layout.secrets.chmod(0o600)
    (found,) = capabilities(app.target)
    assert found.code == "W9031"
    assert "/elsewhere" in found.message

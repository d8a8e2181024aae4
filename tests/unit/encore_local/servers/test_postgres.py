"""What is decided about PostgreSQL without starting it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from encore_local.layout import Layout, prepare
from encore_local.secrets import LocalSecrets
from encore_local.servers.managed import Host
from encore_local.servers.postgres import PostgresServer, locale, wheel_folder
from encore_local.servers.process import system_processes
from encore_local.servers.registry import Registry
from encore_provisioner.errors import InfraError


def server(folder: Path, bin_folder: Path | None = None) -> PostgresServer:
    layout = Layout(folder=folder / "local")
    prepare(layout)
    host = Host(
        layout=layout,
        secrets=LocalSecrets(layout.secrets, declared={}),
        registry=Registry(layout.servers),
        processes=system_processes(),
    )
    return PostgresServer(host, port=20001, bin_folder=bin_folder)


def script(folder: Path, **programs: str) -> Path:
    folder.mkdir()
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_wheel_holds_the_programs() -> None:
    assert os.access(wheel_folder() / "initdb", os.X_OK)
    assert os.access(wheel_folder() / "postgres", os.X_OK)


def test_extensions_are_listed_without_a_server(tmp_path: Path) -> None:
    extensions = server(tmp_path).extensions()
    assert {"plpgsql", "vector", "pg_trgm", "citext"} <= extensions
    assert "pgcrypto" not in extensions


def test_a_folder_without_programs_is_named(tmp_path: Path) -> None:
    with pytest.raises(InfraError) as caught:
        server(tmp_path, tmp_path).desired()
    assert caught.value.code == "postgres-missing"
    assert f"no program initdb in {tmp_path}" in caught.value.message


@pytest.mark.parametrize(
    ("says", "version"),
    [("initdb (PostgreSQL) 16.4 (Debian 16.4-1.pgdg120+1)", "16"), ("initdb (X) 19beta2", "19")],
)
def test_another_installation_says_its_version(tmp_path: Path, says: str, version: str) -> None:
    folder = script(tmp_path / "bin", initdb=f"echo '{says}'", postgres="")
    assert server(tmp_path, folder).desired() == {"port": 20001, "version": version}


def test_a_program_that_does_not_run_is_an_error(tmp_path: Path) -> None:
    folder = script(tmp_path / "bin", initdb="echo wrong machine >&2; exit 126", postgres="")
    with pytest.raises(InfraError, match="does not say its version: wrong machine"):
        server(tmp_path, folder).desired()


@pytest.mark.parametrize(("version", "word"), [(16, "--locale="), (17, "builtin"), (18, "builtin")])
def test_text_follows_unicode_in_every_version(version: int, word: str) -> None:
    assert any(word in argument and "UTF-8" in argument for argument in locale(version))


def test_a_folder_that_is_no_database_is_never_initialised(tmp_path: Path) -> None:
    made = server(tmp_path)
    made.data.mkdir()
    (made.data / "precious").write_text("1")
    with pytest.raises(InfraError) as caught:
        made.prepare()
    assert caught.value.code == "postgres-data"
    assert (made.data / "precious").read_text() == "1"


def test_data_of_another_major_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    made = server(tmp_path)
    made.data.mkdir()
    (made.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(InfraError) as caught:
        made.prepare()
    assert caught.value.code == "postgres-version"
    assert "made by PostgreSQL 15" in caught.value.message
    assert caught.value.hint is not None
    assert "pg_dump" in caught.value.hint

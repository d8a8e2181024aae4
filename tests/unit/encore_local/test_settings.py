"""Which keys of the environment file mean something on this machine."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from encore_config.environment import (
    Adopt,
    Containers,
    Environment,
    EnvironmentEntry,
    MetricsSettings,
    Network,
    Ports,
    Postgres,
    SecretSettings,
)
from encore_local.settings import MEANT, NO_MEANING, LocalSettings, fixed_ports, settings
from encore_provisioner.errors import EnvironmentFileError

ROOT = Path("app")


def environment(entry: EnvironmentEntry) -> Environment:
    return Environment(name="local", type="ephemeral", settings=entry)


def test_an_empty_entry_is_all_defaults() -> None:
    made = settings(environment(EnvironmentEntry()), root=ROOT)
    assert made == LocalSettings(environment="local", type="ephemeral")


def test_ports_and_programs() -> None:
    entry = EnvironmentEntry(
        ports=Ports(app=4000, caches={"main": 4001}), postgres=Postgres(bin="pg/bin")
    )
    made = settings(environment(entry), root=ROOT)
    assert made.postgres_bin == ROOT / "pg/bin"
    assert fixed_ports(made.ports) == {"app": 4000, "cache/main": 4001}


def test_an_absolute_folder_of_programs_stays() -> None:
    entry = EnvironmentEntry(postgres=Postgres(bin="/opt/pg/bin"))
    assert settings(environment(entry), root=ROOT).postgres_bin == Path("/opt/pg/bin")


FOREIGN = EnvironmentEntry(
    account="111122223333",
    adopt=Adopt(),
    buckets={},
    caches={},
    compute="none",
    containers=Containers(),
    databases={},
    id="k3",
    key="arn:aws:kms:eu-north-1:111122223333:key/1",
    metrics=MetricsSettings(),
    network=Network(),
    protect=False,
    region="eu-north-1",
    secrets=SecretSettings(),
    state="s3://x",
    tags={},
    trust="ecs",
)


@pytest.mark.parametrize("key", sorted(NO_MEANING))
def test_a_key_of_the_clouds_is_refused_by_name(key: str) -> None:
    entry = msgspec.structs.replace(EnvironmentEntry(), **{key: getattr(FOREIGN, key)})
    with pytest.raises(EnvironmentFileError) as caught:
        settings(environment(entry), root=ROOT)
    assert caught.value.code == "setting-not-local"
    assert f"environments.local.{key} has no meaning" in caught.value.message
    assert NO_MEANING[key] in caught.value.message


def test_every_key_has_a_meaning_or_a_reason() -> None:
    assert set(EnvironmentEntry.__struct_fields__) == {*MEANT, *NO_MEANING}


def test_one_port_for_two_servers_is_refused() -> None:
    entry = EnvironmentEntry(ports=Ports(postgres=4000, caches={"main": 4000}))
    with pytest.raises(EnvironmentFileError, match="4000 to both postgres and cache/main"):
        settings(environment(entry), root=ROOT)

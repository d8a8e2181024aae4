"""What the function is asked, from the outputs of a whole program."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import aws_made
from tests.support.aws_program import ACCOUNT, NAMES, REGION
from tests.support.graphs import at, cache, graph

from encore_aws import asking
from encore_aws.function.documents import Doctor, PasswordPlace
from encore_config.environment import (
    Adopt,
    AdoptedCache,
    AdoptedDatabase,
    DatabaseSettings,
    Environment,
    EnvironmentEntry,
)
from encore_config.graph import Database
from encore_provisioner.errors import RefusedError
from encore_provisioner.postgres.judging import MigrationFile

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
ORDERS, AUDIT, OLD = (
    Database(name=name, migrations=None, at=at()) for name in ("orders", "audit", "old")
)
APP = graph(databases=(ORDERS, AUDIT, OLD), caches=(cache("sessions"), cache("theirs")))
ADOPT = Adopt(
    databases={"old": AdoptedDatabase(instance="o", username="u", password=f"{SECRET}:o-AbCdEf")},
    caches={"theirs": AdoptedCache(group="g")},
)


def outputs(layout: Any = "shared") -> dict[str, Any]:
    entry = EnvironmentEntry(
        region=REGION, account=ACCOUNT, id=NAMES.id, adopt=ADOPT,
        databases={"defaults": DatabaseSettings(layout=layout)},
    )  # fmt: skip
    environment = Environment(name="production", provider="aws", type="production", settings=entry)
    return aws_made.outputs(aws_made.target(APP, environment))


def test_every_server_is_asked_of_what_lies_on_it() -> None:
    assert asking.by_server(outputs(), (ORDERS, AUDIT)) == {"shared": [ORDERS, AUDIT]}
    assert asking.by_server(outputs("separate"), (ORDERS, AUDIT)) == {
        "database/audit": [AUDIT],
        "database/orders": [ORDERS],
    }


def test_a_server_is_trusted_by_the_root_of_its_databases() -> None:
    made = outputs()
    found = asking.server(made, "shared")
    assert found.ca == aws_made.ROOT
    assert (found.host, found.port) == (made["servers"]["shared"]["host"], 5432)
    assert found.admin_secret == made["servers"]["shared"]["admin_secret"]


def test_a_database_has_its_names_and_the_place_of_its_password() -> None:
    made = outputs()
    found = asking.wanted(made, "orders")
    place = made["generated"]["INFRA_SQL_orders_PASSWORD"]
    assert (found.database, found.role) == ("orders", "orders")
    assert found.password == PasswordPlace(
        secret=place["secret"], length=64, exclude=place["exclude"]
    )
    gone = asking.dropped(made, "orders")
    assert (gone.name, gone.database, gone.role) == ("orders", "orders", "orders")


def test_files_go_by_number_name_path_and_hash() -> None:
    file = MigrationFile(number=1, filename="1_a.up.sql", path="m/1_a.up.sql", text="x", sha256="h")
    (sent,) = asking.migrated(outputs(), ORDERS, (file,)).migrations.files
    assert (sent.number, sent.filename, sent.path, sent.sha256) == (
        1, "1_a.up.sql", "m/1_a.up.sql", "h",
    )  # fmt: skip


def test_the_doctor_looks_at_what_is_ours() -> None:
    made = outputs()
    found = asking.doctor(made)
    assert [one.name for one in found.databases] == ["audit", "orders"]
    assert [one.name for one in found.caches] == ["sessions"]
    (session,) = found.caches
    assert session.username == made["caches"]["sessions"]["username"]
    assert session.password == made["variables"]["INFRA_REDIS_sessions_PASSWORD"]
    assert found.databases[1].password == made["variables"]["INFRA_SQL_orders_PASSWORD"]


@pytest.mark.parametrize("missing", ["database", "server", "root"])
def test_what_no_apply_has_made_is_not_asked(missing: str) -> None:
    made = outputs()
    match missing:
        case "database":
            del made["databases"]["orders"]
        case "server":
            made["servers"] = {}
        case "root":
            made["certificates"] = {}
    assert not asking.is_there(made, "orders")
    with pytest.raises(RefusedError) as caught:
        asking.by_server(made, (ORDERS,))
    assert caught.value.code == "not-applied"
    assert "orders" in caught.value.message


def test_before_the_first_apply_nothing_is_there() -> None:
    assert not asking.is_there({}, "orders")
    assert asking.doctor({}) == Doctor()

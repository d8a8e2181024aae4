"""Logical databases and migrations as an apply runs them: from outputs through the call of Lambda
to a real server, and back as steps, places and checks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.functional.aws.function.conftest import BUCKET, Inside
from tests.support.called import Called
from tests.support.graphs import AppFolder
from tests.support.migrated_app import MigratedApp, environment, names, place

from encore_aws import inside as callers
from encore_aws import migrating, shipping
from encore_aws.account import Account
from encore_aws.function.handler import answer
from encore_aws.given import Files
from encore_provisioner.errors import ApplyError, RefusedError

FILES = Files(bucket=BUCKET, prefix="shop/through-lambda")


class S3:
    """The session of an account that can do nothing but S3."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str, **_: Any) -> Any:
        assert service == "s3"
        return self._client


class Environment:
    """An app, the outputs of its apply with the addresses of what is really there."""

    def __init__(self, root: Path, inside: Inside) -> None:
        self.inside = inside
        folder = AppFolder(root=root, databases={"orders": "default"}, environment=environment())
        self.app = MigratedApp(folder=folder)
        self.account = Account(
            id="1", region="eu-north-1", partition="aws", who="me", session=S3(inside.objects)
        )

    @property
    def lambda_(self) -> callers.Inside:
        return Called(lambda event: answer(event, self.inside.doors)).inside

    @property
    def outputs(self) -> dict[str, Any]:
        found, wanted = self.app.outputs, self.inside.wanted()
        server = {"host": self.inside.rds.host, "port": self.inside.rds.port}
        found["servers"]["shared"] |= {**server, "admin_secret": self.inside.admin}
        names_inside = {"database": wanted.database, "username": wanted.role}
        found["databases"]["orders"] |= {**server, **names_inside}
        variable = found["databases"]["orders"]["password"]
        found["generated"][variable]["secret"] = wanted.password.secret
        found["variables"][variable] = wanted.password.secret
        roots = dict.fromkeys(found["certificates"], self.inside.rds.authority.pem)
        return {**found, "certificates": roots}

    def apply(self) -> list[str]:
        """Prepared and migrated; the steps of the plan."""
        app, outputs = self.app, self.outputs
        found = migrating.status(app.target, outputs, self.lambda_)
        steps = migrating.steps(app.target, found)
        migrating.prepare(app.target, outputs, self.lambda_, steps, app.on_progress)
        shipping.migrate(
            app.target, outputs, self.lambda_, FILES, self.account, steps, app.on_progress
        )
        return names(steps)


@pytest.fixture
def made(tmp_path: Path, inside: Inside) -> Environment:
    found = Environment(tmp_path, inside)
    found.app.files(
        orders={"1_a": "CREATE TABLE a (id int PRIMARY KEY);", "2_b": "INSERT INTO a VALUES (7);"}
    )
    return found


def test_from_nothing_to_rows_and_to_nothing_more_to_do(made: Environment) -> None:
    assert made.apply() == ["create orders/1_a.up.sql", "create orders/2_b.up.sql"]
    assert made.inside.sql("SELECT id FROM a") == [(7,)]
    assert made.apply() == []
    found = migrating.status(made.app.target, made.outputs, made.lambda_)
    (standing,) = migrating.standing(made.app.target, found)
    assert (standing.exists, standing.version, standing.pending) == (True, 2, ())
    (check,) = migrating.doctor(made.outputs, made.lambda_)
    assert check.ok, check.reason
    assert "migrated to 2" in check.detail


def test_a_mistake_is_told_with_its_line_and_column_and_the_next_apply_goes_on(
    made: Environment,
) -> None:
    made.app.files(orders={"3_c": "CREATE TABLE c (id int);\nSELEC 1;"})
    with pytest.raises(ApplyError) as caught:
        made.apply()
    assert place(caught.value) == ("migrations/orders/3_c.up.sql", 2, 1)
    assert made.app.told[-1] == "failed orders/3_c.up.sql"
    made.app.files(orders={"3_c": "CREATE TABLE c (id int);\nSELECT 1;"})
    assert made.apply() == ["create orders/3_c.up.sql"]
    assert made.inside.sql("SELECT count(*) FROM c") == [(0,)]


def test_an_edited_file_is_refused_by_the_plan_already(made: Environment) -> None:
    made.apply()
    made.app.files(orders={"1_a": "CREATE TABLE other (id int);"})
    with pytest.raises(RefusedError) as caught:
        made.apply()
    assert caught.value.code == "migrations-refused"
    assert "1_a.up.sql was changed after it had been applied" in caught.value.message


def test_a_lost_database_is_deleted_when_it_may_be(made: Environment) -> None:
    made.apply()
    (done,) = migrating.drop(made.app.target, made.outputs, made.lambda_, ["orders"])
    assert done.changed == ("database deleted", "role deleted")
    found = migrating.status(made.app.target, made.outputs, made.lambda_)
    assert not found.databases[0].exists

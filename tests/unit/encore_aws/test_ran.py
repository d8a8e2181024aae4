"""Which migrations have run, as the last apply saw it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.aws_program import NAMES
from tests.support.graphs import AppFolder
from tests.support.moto_server import MotoServer

from encore_aws import ran
from encore_aws.account import Account, AwsError
from encore_aws.given import Files
from encore_config.environment import Environment, EnvironmentEntry

AWS = Environment(
    name=NAMES.environment,
    provider="aws",
    type="production",
    settings=EnvironmentEntry(region="eu-north-1", id=NAMES.id),
)
OUTPUTS: dict[str, Any] = {
    "certificates": {"rds": "PEM"},
    "servers": {"shared": {"admin_secret": "arn:first"}},
    "databases": {"orders": {"server": "shared", "database": "orders", "ca_identifier": "rds"}},
}


@pytest.fixture
def app(tmp_path: Path) -> AppFolder:
    made = AppFolder(root=tmp_path, databases={"orders": "default"}, environment=AWS)
    made.migration("orders", "1_a.up.sql", "CREATE TABLE a (id int);")
    return made


@pytest.fixture
def files(account: Account) -> Files:
    place = {"LocationConstraint": account.region}
    account.client("s3").create_bucket(Bucket="state", CreateBucketConfiguration=place)
    return Files(bucket="state", prefix="shop", owner=account.id)


def test_what_was_remembered_is_known(app: AppFolder, account: Account, files: Files) -> None:
    assert ran.read(files, account) == {}
    ran.write(files, account, ran.now(app.target, OUTPUTS))
    assert ran.is_known(app.target, OUTPUTS, ran.read(files, account))


def test_a_file_more_or_another_text_is_asked_for(app: AppFolder) -> None:
    memory = ran.now(app.target, OUTPUTS)
    app.migration("orders", "1_a.up.sql", "CREATE TABLE a (id bigint);")
    assert not ran.is_known(app.target, OUTPUTS, memory)
    app.migration("orders", "1_a.up.sql", "CREATE TABLE a (id int);")
    assert ran.is_known(app.target, OUTPUTS, memory)
    app.migration("orders", "2_b.up.sql", "CREATE TABLE b (id int);")
    assert not ran.is_known(app.target, OUTPUTS, memory)


@pytest.mark.parametrize(
    "changes",
    [
        {"servers": {"shared": {"admin_secret": "arn:second"}}},
        {"servers": {}},
        {"certificates": {}},
        {"databases": {}},
    ],
)
def test_another_server_is_asked(app: AppFolder, changes: dict[str, Any]) -> None:
    memory = ran.now(app.target, OUTPUTS)
    assert not ran.is_known(app.target, {**OUTPUTS, **changes}, memory)


def test_a_database_that_nobody_remembers_is_asked(app: AppFolder) -> None:
    assert not ran.is_known(app.target, OUTPUTS, {})


def test_what_was_forgotten_is_asked_for(app: AppFolder, account: Account, files: Files) -> None:
    ran.write(files, account, ran.now(app.target, OUTPUTS))
    ran.forget(files, account)
    ran.forget(files, account)
    assert ran.read(files, account) == {}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"schema": 2, "databases": {"a": 1}}'])
def test_a_memory_that_cannot_be_read_is_none(
    account: Account, files: Files, content: bytes
) -> None:
    key = "shop/migrations/ran.json"
    account.client("s3").put_object(Bucket="state", Key=key, Body=content)
    assert ran.read(files, account) == {}


def test_a_memory_that_may_not_be_read_is_told(
    account: Account, files: Files, moto: MotoServer
) -> None:
    moto.fail("GetObject", "AccessDenied", status=403)
    with pytest.raises(AwsError):
        ran.read(files, account)

"""The function as it runs in AWS: a server of RDS, Secrets Manager and S3, a cache; all real, but
for AWS's own, which is moto behind HTTP.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import boto3
import pytest
from tests.support import moto_server
from tests.support.moto_server import CREDENTIALS, REGION, MotoServer
from tests.support.rds import Rds, rds

from encore_aws.function import documents
from encore_aws.function.documents import (
    File,
    MigratedDatabase,
    Migrations,
    Objects,
    PasswordPlace,
    Server,
    WantedDatabase,
)
from encore_aws.function.doors import S3, Doors, SecretsManager
from encore_aws.function.handler import answer
from encore_provisioner.postgres.judging import digest

BUCKET, PREFIX = "state-of-the-test", "shop/production/migrations"
T = TypeVar("T", bound=documents.Answer)
_NUMBERS = itertools.count(1)
_NUMBER = re.compile(r"\d+")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rds]:
    with rds(tmp_path_factory.mktemp("rds")) as made:
        yield made


@pytest.fixture(scope="session")
def aws() -> Iterator[MotoServer]:
    with moto_server.running() as running:
        client(running, "s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield running


def client(aws: MotoServer, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=aws.url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@dataclass(frozen=True, kw_only=True)
class Inside:
    """One environment: names of its own on a server that all tests share."""

    rds: Rds
    aws: MotoServer
    secrets: Any
    objects: Any
    number: int
    admin: str
    log: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    # --- what is asked for -------------------------------------------------------------------

    @property
    def server(self) -> Server:
        return Server(
            host=self.rds.host,
            port=self.rds.port,
            ca=self.rds.authority.pem,
            admin_secret=self.admin,
        )

    def wanted(self, name: str = "orders", *, database: str | None = None) -> WantedDatabase:
        physical = database or f"{name}{self.number}"
        return WantedDatabase(
            name=name,
            database=physical,
            role=physical,
            password=PasswordPlace(secret=self.place(name), exclude='!"#$%&'),
        )

    def place(self, name: str) -> str:
        """The ARN of a secret, which is made where it is missing."""
        if name not in self.places:
            full = f"shop-{self.number}-{name}"
            self.places[name] = str(self.secrets.create_secret(Name=full)["ARN"])
        return self.places[name]

    def password(self, name: str = "orders") -> str:
        return str(self.secrets.get_secret_value(SecretId=self.place(name))["SecretString"])

    def files(
        self, texts: dict[str, str], *, name: str = "orders", source: str = "default"
    ) -> MigratedDatabase:
        """The migrations of a database, put where the function looks for them."""
        files = []
        for filename, text in texts.items():
            sha256 = digest(text)
            self.objects.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{sha256}", Body=text.encode())
            number = _NUMBER.match(filename)
            assert number
            path = f"{name}/migrations/{filename}"
            files.append(File(number=int(number[0]), filename=filename, path=path, sha256=sha256))
        physical = self.wanted(name).database
        return MigratedDatabase(
            name=name,
            database=physical,
            role=physical,
            migrations=Migrations(source=source, files=tuple(files)),
        )

    # --- asking ------------------------------------------------------------------------------

    def doors(self) -> Doors:
        made = Doors(
            secrets=SecretsManager(self.secrets),
            objects=S3(self.objects),
            remaining=lambda: 900.0,
            log=self.log.append,
        )
        return replace(made, **self.changes)

    def raw(self, event: object) -> dict[str, Any]:
        """As Lambda would: JSON in, JSON out."""
        found = answer(json.loads(json.dumps(event)), self.doors)
        copied: dict[str, Any] = json.loads(json.dumps(found))
        return copied

    def ask(self, request: documents.Request, kind: type[T]) -> T:
        found = documents.answer(self.raw(documents.event(request)))
        assert isinstance(found, kind)
        return found

    def prepare(self, *wanted: WantedDatabase) -> documents.Prepared:
        databases = wanted or (self.wanted(),)
        request = documents.Prepare(server=self.server, databases=databases)
        return self.ask(request, documents.Prepared)

    def request(self, texts: dict[str, str], **options: Any) -> documents.Migrate:
        return documents.Migrate(
            server=self.server,
            database=self.files(texts, **options),
            objects=Objects(bucket=BUCKET, prefix=PREFIX),
        )

    def migrate(self, texts: dict[str, str], **options: Any) -> documents.Migrated:
        return self.ask(self.request(texts, **options), documents.Migrated)

    def status(self, texts: dict[str, str], **options: Any) -> documents.DatabaseStatus:
        request = documents.Status(server=self.server, databases=(self.files(texts, **options),))
        found = self.ask(request, documents.StatusAnswer)
        assert found.error is None
        (database,) = found.databases
        return database

    # --- looking -----------------------------------------------------------------------------

    def sql(self, text: str, *, name: str = "orders") -> list[tuple[Any, ...]]:
        """As the app."""
        physical = self.wanted(name).database
        return self.rds.sql_as(physical, self.password(name), physical, text)

    def sql_as_root(self, text: str, *, name: str = "orders") -> list[tuple[Any, ...]]:
        return self.rds.sql(text, database=self.wanted(name).database)

    def but(self, **changes: Any) -> Inside:
        """With other doors."""
        return replace(self, changes={**self.changes, **changes})


@pytest.fixture
def inside(server: Rds, aws: MotoServer) -> Iterator[Inside]:
    number = next(_NUMBERS)
    secrets = client(aws, "secretsmanager")
    admin = secrets.create_secret(Name=f"admin-{number}", SecretString=server.first_user())["ARN"]
    made = Inside(
        rds=server,
        aws=aws,
        secrets=secrets,
        objects=client(aws, "s3"),
        number=number,
        admin=admin,
    )
    yield made
    aws.heal()
    ours = server.sql(
        "SELECT datname FROM pg_database WHERE datname NOT IN ('postgres') AND NOT datistemplate"
    )
    for (name,) in ours:
        quoted = '"' + name.replace('"', '""') + '"'
        server.sql(f"DROP DATABASE {quoted} WITH (FORCE)")


@pytest.fixture
def ready(inside: Inside) -> Inside:
    """With the database ``orders``."""
    assert inside.prepare().error is None
    return inside


def wait_for_statement(inside: Inside, part: str) -> int:
    """The process of the server that runs a text with ``part`` in it."""
    asking = (
        f"SELECT pid FROM pg_stat_activity WHERE query LIKE '%{part}%' AND state = 'active'"
        " AND pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        # The last one: before it runs, the text is parsed alone.
        if found := inside.rds.sql(asking + " AND wait_event = 'PgSleep'"):
            return int(found[0][0])
        time.sleep(0.02)
    raise AssertionError(f"nobody runs {part}")

"""A real server for S3, SNS and SQS, for one module of tests."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from encore_local.layout import Layout, prepare
from encore_local.secrets import S3_KEY, LocalSecrets
from encore_local.servers.fleet import make_fleet
from encore_local.settings import LocalSettings
from encore_provisioner.clients.s3 import S3
from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.sns import Sns
from encore_provisioner.clients.sqs import Sqs


@dataclass(frozen=True, slots=True, kw_only=True)
class Aws:
    endpoint: str
    credentials: Credentials
    sns: Sns
    sqs: Sqs
    s3: S3


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    layout = Layout(folder=tmp_path_factory.mktemp("clients") / ".encore" / "infra" / "local")
    prepare(layout)
    secrets = LocalSecrets(layout.secrets, declared={})
    settings = LocalSettings(environment="local", type="development")
    fleet = make_fleet(layout, settings, secrets, ports={"aws": free_port()}, caches={})
    [server] = fleet.all
    try:
        server.start()
        key = secrets.generated(S3_KEY) or ""
        credentials = Credentials(access_key_id="encore-local", secret_access_key=key)
        region = "us-east-1"
        made = Aws(
            endpoint=server.endpoint,
            credentials=credentials,
            sns=Sns(endpoint=server.endpoint, region=region, credentials=credentials),
            sqs=Sqs(endpoint=server.endpoint, region=region, credentials=credentials),
            s3=S3(endpoint=server.endpoint, region=region, credentials=credentials),
        )
        yield made
        for door in (made.sns, made.sqs, made.s3):
            door.close()
    finally:
        server.remove()

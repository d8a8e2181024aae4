"""The server for S3, SNS and SQS: ``ministack`` in a process of its own.

In: nothing but a port and the environment's S3 key. Out: one HTTP endpoint on 127.0.0.1 for the
three, account ``000000000000``, region ``us-east-1``; it listens on nothing else.

What it keeps over a stop, a ``kill -9`` and a reboot: objects with their metadata, tags, ACLs,
versions and delete markers (``stored_objects``). Gone are queues, topics, subscriptions,
messages, empty buckets, and all settings of buckets (versioning, policies, CORS): the next apply
puts back what is declared. A power cut may take the objects of the last seconds.

Who does not sign with the environment's key reads nothing but public buckets, as in a cloud:
``ministack_process`` checks every signature and closes the server's administration.
"""

from __future__ import annotations

import http.client
import importlib.metadata
import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any

from encore_local.files import PRIVATE_FOLDER, clear_errors
from encore_local.secrets import S3_KEY
from encore_local.servers.managed import Host, ManagedServer
from encore_local.servers.ministack_process import HEALTH, OBJECTS
from encore_local.servers.process import Launch, ProcessInfo
from encore_local.servers.server import HOST
from encore_provisioner.errors import InfraError

REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY_ID = "encore-local"
_OBJECTS, _TEMPORARY = "buckets", "tmp"
_PROGRAM = "encore_local.servers.ministack_process"
_TIMEOUT = 2.0


class AwsServer(ManagedServer):
    type = "local:server:Aws"

    def __init__(self, host: Host, *, port: int) -> None:
        super().__init__(host, name="aws", data=host.layout.objects, port=port, password=S3_KEY)

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def desired(self) -> dict[str, Any]:
        return {"port": self.port, "version": version(), "region": REGION, "account": ACCOUNT}

    def prepare(self) -> Launch:
        with clear_errors(self.data, "make the folder"):
            for folder in (self.data, self.data / _OBJECTS, self.data / _TEMPORARY):
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        key = self.host.secrets.ensure([S3_KEY])[S3_KEY]
        return Launch(
            argv=(sys.executable, "-I", "-m", _PROGRAM),
            folder=self.data,
            log=self.log,
            environment=environment(self.port, self.data, key),
        )

    def answers(self) -> bool:
        # http.client asks no proxy, whatever the variables of the shell say.
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_TIMEOUT)
        try:
            connection.request("GET", HEALTH)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def is_program(self, process: ProcessInfo) -> bool:
        return _PROGRAM in process.command


def environment(port: int, folder: Path, secret_key: str) -> dict[str, str]:
    """The variables that make ``ministack`` serve these three services and nothing else."""
    temporary = str(folder / _TEMPORARY)
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "BIND_HOST": HOST,
        # A socket that is not there: it would look for containers of its own in Docker.
        "DOCKER_HOST": f"unix://{temporary}/no-docker",
        OBJECTS: str(folder / _OBJECTS),
        "GATEWAY_PORT": str(port),
        "HOME": temporary,
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "SERVICES": "s3,sns,sqs",
        "SFTP_ENABLED": "0",
        "TMPDIR": temporary,
    }


@cache
def version() -> str:
    """The version of the installed ``ministack``."""
    if importlib.util.find_spec("ministack") is None:
        raise InfraError(
            "the server for S3, SNS and SQS is not installed (Python package ministack)",
            code="ministack-missing",
            hint="Install it: pip install 'encore-infra[local]'.",
        )
    return importlib.metadata.version("ministack")

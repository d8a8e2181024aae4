"""The server for S3, SNS and SQS: ``ministack`` in a process of its own.

In: nothing but a port and the environment's S3 key. Out: one HTTP endpoint on 127.0.0.1 for the
three, account ``000000000000``, region ``us-east-1``. Objects lie in the data folder.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
import urllib.error
import urllib.request
from functools import cache
from typing import Any

from encore_local.files import PRIVATE_FOLDER, clear_errors
from encore_local.secrets import S3_KEY
from encore_local.servers.managed import Host, ManagedServer
from encore_local.servers.process import Launch, ProcessInfo
from encore_local.servers.server import HOST
from encore_provisioner.errors import InfraError

REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY_ID = "encore-local"
_TIMEOUT = 2.0


class AwsServer(ManagedServer):
    type = "local:server:Aws"

    def __init__(self, host: Host, *, port: int) -> None:
        super().__init__(host, name="aws", data=host.layout.objects, port=port)

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def desired(self) -> dict[str, Any]:
        return {"port": self.port, "version": version(), "region": REGION, "account": ACCOUNT}

    def prepare(self) -> Launch:
        with clear_errors(self.data, "make the folder"):
            self.data.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        key = self.host.secrets.ensure([S3_KEY])[S3_KEY]
        return Launch(
            argv=(sys.executable, "-I", "-m", "ministack"),
            folder=self.data,
            log=self.log,
            environment=environment(self.port, str(self.data), key),
        )

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=_TIMEOUT):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def is_program(self, process: ProcessInfo) -> bool:
        return "ministack" in process.command


def environment(port: int, folder: str, secret_key: str) -> dict[str, str]:
    """The variables that make ``ministack`` serve these three services and nothing else."""
    return {
        "ACCOUNT_ID": ACCOUNT,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "HOME": folder,
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "S3_DATA_DIR": folder,
        "S3_PERSIST": "1",
        "SERVICES": "s3,sns,sqs",
        "SFTP_ENABLED": "0",
        "TMPDIR": folder,
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

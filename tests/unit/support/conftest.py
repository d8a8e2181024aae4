"""AWS on this machine with real servers in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.support import moto_server
from tests.support.aws_inside import Inside
from tests.support.moto_server import CREDENTIALS, REGION, MotoServer

Client = Callable[[str], Any]

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stands in for AWS is tried together with what runs on it: ``make test-engine``."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker("engine")


@pytest.fixture(scope="session")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    made = Inside(tmp_path_factory.mktemp("inside"), REGION)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def running(inside: Inside) -> Iterator[MotoServer]:
    with moto_server.running(inside) as server:
        yield server


@pytest.fixture
def aws(running: MotoServer) -> Iterator[MotoServer]:
    """An empty account."""
    running.forget()
    yield running
    running.forget()


@pytest.fixture
def client(aws: MotoServer) -> Client:
    def made(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=aws.url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )

    return made


@pytest.fixture
def network(client: Client) -> dict[str, Any]:
    """``vpc``, two ``subnets``, and the group ``storage`` that ``compute`` may reach."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    groups = {
        name: ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("storage", "compute")
    }
    return {"vpc": vpc, "subnets": subnets, **groups}

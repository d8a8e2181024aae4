"""The world of these tests: a command line in it finds its AWS, its engine, its trust."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.aws_world import World, arguments
from tests.support.moto_server import ACCOUNT, REGION

from encore_aws.account import open_account
from encore_aws.authority import root_certificate
from encore_aws.settings import settings
from encore_config.environment import Environment, EnvironmentEntry


def run(world: World, text: str) -> str:
    """A program of Python in the environment of a command."""
    done = subprocess.run(
        [sys.executable, "-c", text],
        env=world.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_account_is_the_same_in_here_and_out_there(aws: World) -> None:
    entry = EnvironmentEntry(region=REGION, account=ACCOUNT, id="k3f9")
    chosen = settings(
        Environment(name="production", provider="aws", type="production", settings=entry)
    )
    assert open_account(chosen).id == ACCOUNT
    text = f"import boto3; print(boto3.client('sts', '{REGION}').get_caller_identity()['Account'])"
    assert run(aws, text) == ACCOUNT
    assert "AWS_REGION" not in aws.environ, "the environment file says it"


def test_no_way_leads_out(aws: World) -> None:
    text = """
import urllib.request
try:
    urllib.request.urlopen("https://example.com", timeout=5)
except OSError as error:
    print(error)
"""
    assert "refused" in run(aws, text)


def test_the_engine_is_on_the_path_and_keeps_to_the_folder(aws: World) -> None:
    done = subprocess.run(
        ["pulumi", "version"], env=aws.environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"v{aws.engine.shown}"
    assert list(aws.pulumi_home.glob("plugins/resource-aws-v*"))
    for name in ("HOME", "TMPDIR", "ENCORE_INFRA_CACHE"):
        assert aws.environ[name].startswith(str(aws.folder))


def test_the_roots_of_its_servers_are_those_of_its_trust_store(aws: World) -> None:
    (found,) = aws.client("rds").describe_certificates(CertificateIdentifier="rds-ca-rsa4096-g1")[
        "Certificates"
    ]
    pem = root_certificate(
        REGION, "rds-ca-rsa4096-g1", lambda _: aws.bundle, thumbprint=found["Thumbprint"]
    )
    assert pem in aws.bundle.decode()
    assert Path(aws.environ["ENCORE_INFRA_RDS_BUNDLE"]).read_bytes() == aws.bundle


def test_a_copy_of_an_app_belongs_to_this_account(aws: World, tmp_path: Path) -> None:
    tool = aws.app(tmp_path / "shop")
    assert f'account: "{ACCOUNT}"' in (tool.app / "encore.infra.yaml").read_text()
    found = tool.ok("plan", "--env", "production", "--offline", "--format", "json").json()
    assert found["steps"]


def test_what_spills_is_found(aws: World, tmp_path: Path) -> None:
    client = aws.client("secretsmanager")
    client.create_secret(Name="a", SecretString="of-the-app")
    client.create_secret(Name="b", SecretString=json.dumps({"username": "u", "password": "of-b"}))
    assert aws.secret_values() == {"of-the-app", "of-b"}
    assert aws.spilled(aws.secret_values()) == []
    (Path(aws.environ["TMPDIR"]) / "pulumi.log").write_text("login with of-b")
    (tmp_path / "plan.json").write_text("of-the-app")
    aws.client("s3").create_bucket(
        Bucket="state", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    aws.client("s3").put_object(Bucket="state", Key="stack.json", Body=b"of-the-app")
    assert [Path(name).name for name in aws.spilled(aws.secret_values(), tmp_path)] == [
        "pulumi.log",
        "plan.json",
        "stack.json",
    ]


def test_arguments_of_processes_are_seen(aws: World) -> None:
    with arguments() as seen:
        run(aws, "import time; time.sleep(0.3)  # a-word-of-ours")
    assert any("a-word-of-ours" in each for each in seen)


def test_an_empty_account_has_nothing_of_the_test_before(aws: World) -> None:
    aws.fault("aws:sqs/queue", message="no")
    aws.client("sqs").create_queue(QueueName="q")
    (Path(aws.environ["TMPDIR"]) / "left").touch()
    aws.forget()
    assert "QueueUrls" not in aws.client("sqs").list_queues()
    assert not list(Path(aws.environ["TMPDIR"]).iterdir())
    assert not Path(aws.environ["AWS_DOUBLE_FAULTS"]).exists()


@pytest.mark.skipif(os.environ.get("ENCORE_TEST_AWS_PLUGIN") == "real", reason="of our plugin")
def test_a_fault_is_written_as_the_plugin_reads_it(aws: World) -> None:
    aws.fault("aws:sqs/queue", "orders", message="no", times=2)
    aws.fault("aws:sns", operation="delete", when="after", kill=True)
    found = json.loads(Path(aws.environ["AWS_DOUBLE_FAULTS"]).read_text())
    assert [each["operation"] for each in found] == ["create", "delete"]
    assert found[0] == {
        "type": "aws:sqs/queue",
        "name": "orders",
        "operation": "create",
        "when": "before",
        "message": "no",
        "times": 2,
    }

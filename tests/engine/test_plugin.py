"""Our double of the plugin for AWS, started by Pulumi's real CLI: it does what its words say."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pulumi
import pytest
from pulumi.automation import EngineEvent
from tests.support.aws_plugin.process import GRACE
from tests.support.aws_world import World
from tests.support.moto_server import ACCOUNT, OTHER_ACCOUNT, REGION
from tests.support.until import until

from encore_aws.cloud import cloudwatch, ec2, iam, lambda_, rds, root, s3, secretsmanager, sns, sqs
from encore_provisioner.engine.command import Command
from encore_provisioner.engine.deployment import Backend, Deployment, Folders, Happened

Program = Callable[[], Mapping[str, Any]]
Make = Callable[[pulumi.ResourceOptions], Mapping[str, Any]]
SERVER = "aws:rds/instance:Instance"
QUEUE = "aws:sqs/queue"


class Stack:
    """One stack on this machine; ``events`` are those of the last operation."""

    def __init__(self, world: World, folder: Path) -> None:
        self.folder = folder
        (folder / "state").mkdir()
        self._deployment = Deployment(
            project="double",
            stack="test",
            backend=Backend(
                url=f"file://{folder}/state",
                secrets_provider="passphrase",
                variables={"PULUMI_CONFIG_PASSPHRASE": "words"},
            ),
            folders=Folders(work=folder / "work", home=world.pulumi_home),
            command=Command(world.engine, environ=world.environ),
        )
        self.events: list[EngineEvent] = []

    def preview(self, make: Make, **provider: Any) -> Counter[str]:
        return self._fine(self._run("preview", program(make, **provider)))

    def up(self, make: Make, **provider: Any) -> Counter[str]:
        return self._fine(self._run("up", program(make, **provider)))

    def fail(self, make: Make, **provider: Any) -> str:
        """What is told of a deployment that must fail."""
        assert self._run("up", program(make, **provider)).failure
        return self.errors

    def refresh(self) -> Counter[str]:
        return self._fine(self._run("refresh"))

    def destroy(self) -> Counter[str]:
        return self._fine(self._run("destroy"))

    def fail_to_destroy(self) -> str:
        assert self._run("destroy").failure
        return self.errors

    @property
    def errors(self) -> str:
        told = (event.diagnostic_event for event in self.events)
        return "\n".join(each.message for each in told if each and each.severity == "error")

    @property
    def diffs(self) -> dict[str, dict[str, str]]:
        """By the resource's name: what differs, and how."""
        steps = (event.resource_pre_event for event in self.events)
        return {
            step.metadata.urn.split("::")[-1]: {
                path: each.diff_kind.value for path, each in step.metadata.detailed_diff.items()
            }
            for step in steps
            if step and step.metadata.detailed_diff
        }

    @property
    def checkpoint(self) -> Mapping[str, Any]:
        (file,) = (self.folder / "state").glob(".pulumi/stacks/double/test.json")
        found: Mapping[str, Any] = json.loads(file.read_text())["checkpoint"]["latest"]
        return found

    def state(self, name: str) -> Mapping[str, Any]:
        """Of one resource, as it was saved."""
        (found,) = (
            item for item in self.checkpoint["resources"] if item["urn"].endswith(f"::{name}")
        )
        assert isinstance(found, dict)
        return found

    def _run(self, operation: str, *programs: Program) -> Happened:
        self.events = []
        happened: Happened = getattr(self._deployment, operation)(
            *programs, on_event=self.events.append
        )
        return happened

    def _fine(self, happened: Happened) -> Counter[str]:
        """How often each was done, without the stack and the provider themselves."""
        assert not happened.failure, self.errors
        done = Counter[str]()
        for event in self.events:
            step = event.resource_pre_event
            if step and not step.metadata.type.startswith("pulumi:"):
                done[step.metadata.op.value] += 1
        return done


def program(make: Make, **provider: Any) -> Program:
    def run() -> Mapping[str, Any]:
        made = root.Provider("aws", region=REGION, **provider)
        return make(pulumi.ResourceOptions(provider=made, delete_before_replace=True))

    return run


@pytest.fixture
def stack(aws: World, tmp_path: Path) -> Stack:
    return Stack(aws, tmp_path)


def queue(name: str = "orders", **properties: Any) -> Make:
    def make(options: pulumi.ResourceOptions) -> Mapping[str, Any]:
        made = sqs.Queue("queue", name=name, opts=options, **properties)
        return {"url": made.url, "arn": made.arn}

    return make


def nothing(_: pulumi.ResourceOptions) -> Mapping[str, Any]:
    return {}


def test_made_left_alone_changed_replaced_and_removed(stack: Stack, aws: World) -> None:
    def queues() -> list[str]:
        urls = aws.client("sqs").list_queues().get("QueueUrls", [])
        return [url.rpartition("/")[2] for url in urls]

    assert stack.preview(queue()) == {"create": 1}
    assert queues() == []
    assert stack.up(queue()) == {"create": 1}
    assert queues() == ["orders"]
    assert stack.up(queue()) == {"same": 1}
    assert stack.up(queue(visibility_timeout_seconds=60, tags={"a:b": "c"})) == {"update": 1}
    assert stack.diffs == {"queue": {"tags": "add", "visibilityTimeoutSeconds": "update"}}
    assert stack.state("queue")["outputs"]["visibilityTimeoutSeconds"] == 60
    replaced = {"delete-replaced": 1, "replace": 1, "create-replacement": 1}
    assert stack.up(queue("others")) == replaced
    assert stack.diffs["queue"]["name"] == "update-replace"
    assert queues() == ["others"]
    assert stack.destroy() == {"delete": 1}
    assert queues() == []


def test_outputs_are_those_of_aws_and_inputs_say_what_nobody_gave(stack: Stack) -> None:
    stack.up(queue())
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
    made = stack.state("queue")
    assert made["outputs"]["arn"] == arn
    assert made["id"] == made["outputs"]["url"]
    assert made["outputs"]["region"] == REGION
    assert made["inputs"]["delaySeconds"] == 0
    assert "delaySeconds" in made["inputs"]["__defaults"]
    assert "name" not in made["inputs"]["__defaults"]


def test_what_nobody_named_gets_a_name_that_stays(stack: Stack) -> None:
    def make(options: pulumi.ResourceOptions) -> Mapping[str, Any]:
        return {"name": sns.Topic("news", opts=options).name}

    stack.up(make)
    name = stack.state("news")["outputs"]["name"]
    assert name.startswith("news-")
    assert stack.up(make) == {"same": 1}
    assert stack.state("news")["outputs"]["name"] == name


def test_in_a_preview_only_apply_knows_what_aws_will_say(stack: Stack) -> None:
    def make(options: pulumi.ResourceOptions) -> Mapping[str, Any]:
        home = ec2.Vpc("home", cidr_block="10.0.0.0/16", opts=options)
        ec2.Subnet("subnet", vpc_id=home.id, cidr_block="10.0.1.0/24", opts=options)
        return {}

    stack.preview(make)
    steps = [event.resource_pre_event for event in stack.events if event.resource_pre_event]
    (subnet,) = (step.metadata for step in steps if step.metadata.type.endswith(":Subnet"))
    assert subnet.new is not None
    assert subnet.new.inputs is not None
    assert subnet.new.inputs["vpcId"] == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert stack.up(make) == {"create": 2}
    assert stack.state("subnet")["inputs"]["vpcId"] == stack.state("home")["id"]
    assert stack.destroy() == {"delete": 2}


def test_a_refusal_has_the_shape_of_the_genuine_plugin(stack: Stack, aws: World) -> None:
    aws.aws.fail("CreateQueue", "AccessDenied", words="not authorized", status=403)
    told = stack.fail(queue())
    whole = "creating SQS Queue (orders): operation error SQS: CreateQueue, https response error"
    assert (
        f"sdk-v2/provider2.go:572: sdk.helper_schema: {whole} StatusCode: 403, RequestID: " in told
    )
    assert f"1 error occurred:\n\t* {whole}" in told
    assert "api error AccessDenied: not authorized: provider=aws@" in told


def test_another_account_is_refused(stack: Stack) -> None:
    told = stack.fail(queue(), allowed_account_ids=[OTHER_ACCOUNT])
    assert f"AWS account ID not allowed: {ACCOUNT}" in told
    assert stack.up(queue(), allowed_account_ids=[ACCOUNT]) == {"create": 1}


def test_faults_before_and_after_the_call(stack: Stack, aws: World) -> None:
    aws.fault(QUEUE, "::queue", message="not today")
    assert "\t* not today" in stack.fail(queue())
    assert "QueueUrls" not in aws.client("sqs").list_queues()
    aws.fault(QUEUE, when="after", message="the answer is lost")
    assert "\t* the answer is lost" in stack.fail(queue())
    assert aws.client("sqs").list_queues()["QueueUrls"]
    assert [line["error"] for line in aws.journal() if line["operation"] == "create"] == [
        "not today",
        "the answer is lost",
    ]
    assert stack.up(queue()) == {"create": 1}, "SQS takes the same queue a second time"


def test_a_program_whose_operation_failed_leaves_no_loop(stack: Stack, aws: World) -> None:
    """Pulumi's SDK leaves it open where a registration never had its answer."""
    aws.fault(QUEUE, message="not today")
    stack.fail(queue())
    loops = [each for each in gc.get_objects() if isinstance(each, asyncio.BaseEventLoop)]
    assert [loop for loop in loops if not loop.is_closed()] == []


def test_a_fault_is_met_as_often_as_it_says(stack: Stack, aws: World) -> None:
    aws.fault(QUEUE, message="no", times=2)
    for _ in range(2):
        stack.fail(queue())
    assert stack.up(queue()) == {"create": 1}


def test_a_plugin_that_dies_leaves_what_no_state_knows(stack: Stack, aws: World) -> None:
    aws.fault(QUEUE, when="after", kill=True)
    stack.fail(queue())
    assert not stack.checkpoint.get("pending_operations"), "the engine was there to the end"
    assert not [item for item in stack.checkpoint["resources"] if item["type"].startswith(QUEUE)]
    assert aws.client("sqs").list_queues()["QueueUrls"]


def test_what_was_made_in_part_is_kept_and_finished_later(stack: Stack, aws: World) -> None:
    def make(options: pulumi.ResourceOptions) -> Mapping[str, Any]:
        cloudwatch.LogGroup("log", name="log", retention_in_days=7, opts=options)
        return {}

    aws.aws.fail("PutRetentionPolicy", "ServiceUnavailableException", status=503)
    assert "setting CloudWatch Logs Log Group (log)" in stack.fail(make)
    assert stack.state("log")["initErrors"]
    assert stack.up(make) == {"update": 1}
    (group,) = aws.client("logs").describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 7


def test_a_refresh_sees_what_went_and_what_somebody_changed(stack: Stack, aws: World) -> None:
    def make(options: pulumi.ResourceOptions) -> Mapping[str, Any]:
        made = queue(visibility_timeout_seconds=30)(options)
        sns.Topic("news", name="news", opts=options)
        return made

    stack.up(make)
    client = aws.client("sqs")
    url = stack.state("queue")["id"]
    client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "90"})
    aws.client("sns").delete_topic(TopicArn=stack.state("news")["id"])
    assert stack.preview(make) == {"same": 2}, "a plan that does not refresh sees nothing"
    stack.refresh()
    assert [item["urn"].split("::")[-1] for item in stack.checkpoint["resources"][2:]] == ["queue"]
    assert stack.up(make) == {"create": 1, "update": 1}
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["VisibilityTimeout"] == "30"


def test_what_is_there_is_imported_by_its_id_alone(stack: Stack, aws: World) -> None:
    """As an apply would find out what a create without an end has made."""
    url = aws.client("sqs").create_queue(QueueName="orders", Attributes={"DelaySeconds": "3"})

    def make(options: pulumi.ResourceOptions) -> Mapping[str, Any]:
        known = pulumi.ResourceOptions(import_=url["QueueUrl"])
        return queue(delay_seconds=3)(pulumi.ResourceOptions.merge(options, known))

    assert stack.up(make) == {"import": 1}
    assert stack.up(queue(delay_seconds=3)) == {"same": 1}


def test_a_bucket_goes_only_empty_or_when_told_so(stack: Stack, aws: World) -> None:
    def bucket(*, force: bool) -> Make:
        def make(options: pulumi.ResourceOptions) -> Mapping[str, Any]:
            s3.Bucket("bucket", bucket="shop-pictures", force_destroy=force, opts=options)
            return {}

        return make

    stack.up(bucket(force=False))
    aws.client("s3").put_object(Bucket="shop-pictures", Key="a", Body=b"x")
    assert "api error BucketNotEmpty: " in stack.fail_to_destroy()
    assert stack.up(bucket(force=True)) == {"update": 1}
    assert stack.destroy() == {"delete": 1}
    assert aws.client("s3").list_buckets()["Buckets"] == []


def test_a_secret_keeps_its_name_for_its_recovery_window(stack: Stack, aws: World) -> None:
    def secret(days: int) -> Make:
        def make(options: pulumi.ResourceOptions) -> Mapping[str, Any]:
            secretsmanager.Secret("secret", name="key", recovery_window_in_days=days, opts=options)
            return {}

        return make

    stack.up(secret(7))
    stack.destroy()
    assert "scheduled for deletion" in stack.fail(secret(7))
    aws.client("secretsmanager").restore_secret(SecretId="key")
    aws.client("secretsmanager").delete_secret(SecretId="key", ForceDeleteWithoutRecovery=True)
    assert stack.up(secret(0)) == {"create": 1}
    stack.destroy()
    assert stack.up(secret(0)) == {"create": 1}


def test_a_protected_server_stays_and_another_leaves_a_snapshot(stack: Stack, aws: World) -> None:
    def server(*, protected: bool) -> Make:
        def make(options: pulumi.ResourceOptions) -> Mapping[str, Any]:
            made = rds.Instance(
                "server",
                identifier="shop",
                engine="postgres",
                engine_version="17",
                instance_class="db.t4g.micro",
                allocated_storage=20,
                username="admin_of_all",
                manage_master_user_password=True,
                deletion_protection=protected,
                final_snapshot_identifier="shop-final",
                apply_immediately=True,
                opts=options,
            )
            return {"secret": made.master_user_secrets.apply(lambda found: found[0].secret_arn)}

        return make

    assert stack.up(server(protected=True)) == {"create": 1}
    assert stack.state("server")["outputs"]["engineVersion"] == "17"
    assert "Cannot delete protected DB Instance" in stack.fail_to_destroy()
    assert stack.up(server(protected=False)) == {"update": 1}
    assert stack.destroy() == {"delete": 1}
    rds_ = aws.client("rds")
    assert rds_.describe_db_instances()["DBInstances"] == []
    (snapshot,) = rds_.describe_db_snapshots()["DBSnapshots"]
    assert snapshot["DBSnapshotIdentifier"] == "shop-final"


def test_the_code_of_a_function_lies_where_the_cli_works(stack: Stack) -> None:
    def function(text: str) -> Make:
        (stack.folder / "work" / "code").mkdir(exist_ok=True)
        (stack.folder / "work" / "code" / "main.py").write_text(text)

        def make(options: pulumi.ResourceOptions) -> Mapping[str, Any]:
            trust = {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
            role = iam.Role(
                "role",
                name="role",
                assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
                opts=options,
            )
            lambda_.Function(
                "function",
                name="function",
                role=role.arn,
                runtime="python3.13",
                handler="main.handle",
                code=pulumi.FileArchive("code"),
                opts=options,
            )
            return {}

        return make

    stack.up(function("def handle(event, context): return 1"))
    before = stack.state("function")["outputs"]["codeSha256"]
    assert stack.up(function("def handle(event, context): return 1")) == {"same": 2}
    assert stack.up(function("def handle(event, context): return 2")) == {"same": 1, "update": 1}
    assert list(stack.diffs["function"]) == ["code"]
    assert stack.state("function")["outputs"]["codeSha256"] != before
    assert stack.destroy() == {"delete": 2}


def test_the_plugin_ends_with_the_engine(stack: Stack, aws: World) -> None:
    """And what it was at is done: nobody is there to be told."""
    aws.fault(QUEUE, sleep=3.0)
    thread = threading.Thread(target=stack.fail, args=(queue(),))
    thread.start()
    until(lambda: _plugins(aws) and aws.spent)
    (plugin,) = _plugins(aws)
    engine = plugin.parent()
    assert engine is not None
    assert engine.name() == "pulumi"
    engine.kill()
    thread.join()
    plugin.wait(timeout=GRACE)
    assert aws.client("sqs").list_queues()["QueueUrls"]


def _plugins(world: World) -> list[psutil.Process]:
    return [each for each in psutil.Process().children(recursive=True) if _is_plugin(each, world)]


def _is_plugin(process: psutil.Process, world: World) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:  # it has just ended
        return False
    return any("pulumi-resource-aws" in word for word in words) and any(
        str(world.pulumi_home) in word for word in words
    )

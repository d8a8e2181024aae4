"""The parts of the plugin's double that need no engine."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support.aws_plugin.compare import differences
from tests.support.aws_plugin.faults import FaultError, Faults
from tests.support.aws_plugin.functions import zipped
from tests.support.aws_plugin.install import install, version
from tests.support.aws_plugin.plugin import KINDS
from tests.support.aws_plugin.store import Store
from tests.support.aws_plugin.wire import DEFAULTS, UNKNOWN, plain, struct

from encore_aws.replacement import RULES

QUEUE = "aws:sqs/queue:Queue"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
CORS = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
Found = dict[str, str]


def found(type_: str, state: dict[str, Any], now: dict[str, Any], **before: Any) -> Found:
    """By path: the word of the protocol."""
    return {
        each.path: f"{each.op}_REPLACE" if each.replaces else each.op
        for each in differences(type_, state, before or state, now)
    }


def test_every_type_of_the_program_is_known() -> None:
    wanted = {type_ for type_ in RULES if type_.startswith("aws:")}
    assert wanted <= set(KINDS)


@pytest.mark.parametrize(
    ("type_", "state", "now", "expected"),
    [
        (QUEUE, {"name": "a"}, {"name": "a"}, {}),
        (QUEUE, {"name": "a"}, {"name": "b"}, {"name": "UPDATE_REPLACE"}),
        (QUEUE, {"delaySeconds": 0}, {"delaySeconds": 3}, {"delaySeconds": "ADD"}),
        (QUEUE, {"delaySeconds": 3}, {}, {"delaySeconds": "DELETE"}),
        (QUEUE, {"maxMessageSize": 3}, {}, {}),
        (QUEUE, {"url": "u"}, {"url": UNKNOWN}, {"url": "UPDATE"}),
        (
            QUEUE,
            {"tags": {"a": "1"}},
            {"tags": {"b:c": "1"}},
            {"tags.a": "DELETE", 'tags["b:c"]': "ADD"},
        ),
        (QUEUE, {"redrivePolicy": '{"a": 1, "b": [2]}'}, {"redrivePolicy": '{"b":2,"a":1}'}, {}),
        (GROUP, {"engineVersion": "8.2"}, {"engineVersion": "8.10"}, {"engineVersion": "UPDATE"}),
        (
            GROUP,
            {"engineVersion": "8.10"},
            {"engineVersion": "8.2"},
            {"engineVersion": "UPDATE_REPLACE"},
        ),
        (RULE, {"cidrIpv4": "1.0.0.0/8"}, {"cidrIpv4": "2.0.0.0/8"}, {"cidrIpv4": "UPDATE"}),
        (RULE, {}, {"cidrIpv4": "2.0.0.0/8"}, {"cidrIpv4": "ADD_REPLACE"}),
        (RULE, {"securityGroupId": "a"}, {"securityGroupId": "a", DEFAULTS: ["x"]}, {}),
        (GROUP, {"securityGroupIds": ["a", "b"]}, {"securityGroupIds": ["b", "a"]}, {}),
        (GROUP, {"port": 6379, "more": 1}, {"port": 6379.0}, {"more": "DELETE"}),
    ],
)
def test_differences(
    type_: str, state: dict[str, Any], now: dict[str, Any], expected: Found
) -> None:
    assert found(type_, state, now) == expected


def test_what_aws_knows_beyond_what_was_asked_for_is_no_difference() -> None:
    state = {"rules": [{"id": "a", "status": "Enabled"}], "arn": "arn"}
    now = {"rules": [{"id": "a", DEFAULTS: []}]}
    assert (
        found("aws:s3/bucketCorsConfiguration:BucketCorsConfiguration", state, now, rules=1) == {}
    )


def test_values_come_over_the_wire_and_back() -> None:
    props = {"a": [1, 2.5, None, True], "b": {"c": "text", "d": {}}, "e": UNKNOWN}
    assert plain(struct(props)) == props
    assert isinstance(plain(struct({"a": 1}))["a"], int)
    with pytest.raises(TypeError, match="set is nothing that Pulumi has"):
        struct({"a": {1}})


def test_a_zip_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    (tmp_path / "code" / "sub").mkdir(parents=True)
    (tmp_path / "code" / "main.py").write_text("x")
    (tmp_path / "code" / "sub" / "more.py").write_text("y")
    code = {"path": str(tmp_path / "code")}
    first = zipped(code)
    (tmp_path / "code" / "main.py").touch()
    assert zipped(code) == first
    assets = {"main.py": {"text": "x"}, "sub/more.py": {"text": "y"}}
    assert zipped({"assets": assets}) == first
    (tmp_path / "made.zip").write_bytes(first)
    assert zipped({"path": str(tmp_path / "made.zip")}) == first


def test_faults_are_counted_down_in_their_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    faults = Faults(file)
    faults.meet("before", "create", QUEUE, "urn::orders")
    file.write_text(json.dumps([{"type": "aws:sqs", "name": "orders", "message": "no"}]))
    faults.meet("after", "create", QUEUE, "urn::orders")
    faults.meet("before", "create", QUEUE, "urn::others")
    with pytest.raises(FaultError, match="no"):
        faults.meet("before", "create", QUEUE, "urn::orders")
    faults.meet("before", "create", QUEUE, "urn::orders")
    assert json.loads(file.read_text())[0]["times"] == 0


def test_a_fault_may_wait_before_it_fails(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([{"sleep": 0.2, "message": "late"}]))
    began = time.monotonic()
    with pytest.raises(FaultError, match="late"):
        Faults(file).meet("before", "delete", QUEUE, "urn")
    assert time.monotonic() - began >= 0.2


def test_the_store_keeps_by_type_and_id(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert store.read(QUEUE, "a") is None
    store.write(QUEUE, "a", {"name": "a"})
    assert store.read(QUEUE, "a") == {"name": "a"}
    assert store.read(GROUP, "a") is None
    assert store.remove(QUEUE, "a")
    assert not store.remove(QUEUE, "a")


def test_it_lies_where_the_cli_looks_for_it(tmp_path: Path) -> None:
    executable = install(tmp_path, "/usr/bin/python3")
    folder = tmp_path / "plugins"
    assert executable == folder / f"resource-aws-v{version()}" / "pulumi-resource-aws"
    assert (folder / f"resource-aws-v{version()}.lock").exists()
    assert executable.read_text().startswith("#!/usr/bin/python3\n")
    assert executable.stat().st_mode & 0o100

"""The S3, SNS and SQS server: what it keeps, what it refuses, what it listens on."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, CopySource, Tags
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.versioningconfig import VersioningConfig
from tests.support.disk import small_disk
from tests.support.servers import Place, kill, make_place, pid_of

from encore_local.secrets import S3_KEY
from encore_local.servers.aws import ACCESS_KEY_ID, REGION
from encore_provisioner.clients.aws import AwsError
from encore_provisioner.clients.s3 import S3
from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.sns import Sns
from encore_provisioner.clients.sqs import Sqs


def client(place: Place) -> Minio:
    return Minio(
        f"127.0.0.1:{place.aws.port}",
        access_key=ACCESS_KEY_ID,
        secret_key=place.secrets.generated(S3_KEY),
        secure=False,
        region=REGION,
        http_client=urllib3.PoolManager(retries=False, timeout=10),
    )


def put(s3: Minio, key: str, body: bytes) -> None:
    s3.put_object("bucket", key, io.BytesIO(body), len(body))


def get(s3: Minio, key: str, version: str | None = None) -> bytes:
    response = s3.get_object("bucket", key, version_id=version)
    try:
        return response.data
    finally:
        response.release_conn()


def ask(place: Place, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", place.aws.port, timeout=10)
    with contextlib.closing(connection):
        connection.request(method, path)
        return connection.getresponse().status


@pytest.fixture
def running(place: Place) -> Place:
    place.aws.start()
    client(place).make_bucket("bucket")
    return place


def test_it_listens_on_one_port_of_this_machine_only(running: Place) -> None:
    listening = [
        (entry.laddr.ip, entry.laddr.port)
        for process in running.processes()
        for entry in psutil.Process(process.pid).net_connections("all")
        if entry.status == psutil.CONN_LISTEN
    ]
    assert listening == [("127.0.0.1", running.aws.port)]
    assert len(running.processes()) == 1


def test_its_key_is_on_no_command_line_and_in_no_log(running: Place) -> None:
    key = running.secrets.generated(S3_KEY)
    assert key is not None
    put(client(running), "a", b"1")
    assert key not in " ".join(running.processes()[0].command)
    assert key.encode() not in running.aws.log.read_bytes()


ODD_KEYS = (
    *("plain.txt", "a/b/c", "a", "a//b/c", "A", "a.json", "a.meta.json"),
    *("ünï ✓+%2F", "trailing/", "k" * 900, "k/" * 500),
)


def test_every_answered_object_survives_kill_9_in_the_middle_of_writes(running: Place) -> None:
    answered: dict[str, bytes] = {}

    def write() -> None:
        s3 = client(running)
        for number in range(10_000):
            body = os.urandom(number % 5000)
            try:
                put(s3, f"folder/{number}", body)
            except (urllib3.exceptions.HTTPError, S3Error):
                return
            answered[f"folder/{number}"] = body

    writer = threading.Thread(target=write)
    writer.start()
    while len(answered) < 100 and writer.is_alive():
        pass
    kill(running.aws)
    writer.join(30)
    assert running.aws.status() == "stopped"
    running.aws.start()
    s3 = client(running)
    assert len(answered) >= 100
    assert {key: get(s3, key) for key in answered} == answered


def test_names_metadata_and_versions_survive_too(running: Place) -> None:
    s3 = client(running)
    s3.set_bucket_versioning("bucket", VersioningConfig(ENABLED))
    tags = Tags.new_object_tags()
    tags["who"] = "ü"
    for key in ODD_KEYS:
        put(s3, key, f"old {key}".encode())
        put(s3, key, f"new {key}".encode())
    s3.put_object(
        "bucket", "meta", io.BytesIO(b"x"), 1, content_type="text/x", metadata={"who": "me"}
    )
    s3.set_object_tags("bucket", "meta", tags)
    s3.remove_object("bucket", "a/b/c")
    running.reboot()
    running.aws.start()
    current = {item.object_name for item in s3.list_objects("bucket", recursive=True)}
    assert current == {*ODD_KEYS, "meta"} - {"a/b/c"}
    versions = [
        (item.object_name, get(s3, str(item.object_name), item.version_id))
        for item in s3.list_objects("bucket", recursive=True, include_version=True)
        if not item.is_delete_marker and item.object_name != "meta"
    ]
    expected = [(key, f"{age} {key}".encode()) for key in ODD_KEYS for age in ("new", "old")]
    assert sorted(versions) == sorted(expected)
    stat = s3.stat_object("bucket", "meta")
    assert stat.content_type == "text/x"
    assert stat.metadata is not None
    assert stat.metadata["x-amz-meta-who"] == "me"
    assert s3.get_object_tags("bucket", "meta") == tags


def test_a_large_object_in_parts_survives_and_is_read_in_ranges(running: Place) -> None:
    s3, body = client(running), os.urandom((5 << 20) + 7)
    s3.put_object("bucket", "large", io.BytesIO(body), -1, part_size=5 << 20)
    s3.copy_object("bucket", "copy", CopySource("bucket", "large"))
    running.reboot()
    running.aws.start()
    assert get(s3, "large") == get(s3, "copy") == body
    response = s3.get_object("bucket", "large", offset=5 << 20, length=7)
    assert response.data == body[-7:]
    response.release_conn()


def test_deleted_objects_and_buckets_leave_nothing(running: Place) -> None:
    s3 = client(running)
    for key in ODD_KEYS:
        put(s3, key, b"1")
    assert list(s3.remove_objects("bucket", map(DeleteObject, ODD_KEYS))) == []
    assert not any(path.is_file() for path in running.layout.objects.rglob("*"))
    s3.remove_bucket("bucket")
    running.reboot()
    running.aws.start()
    assert s3.list_buckets() == []


def test_settings_and_empty_buckets_have_to_be_put_back(running: Place) -> None:
    """What ``aws.py`` says is lost: the next apply counts on knowing it."""
    s3 = client(running)
    s3.make_bucket("empty")
    s3.set_bucket_versioning("bucket", VersioningConfig(ENABLED))
    put(s3, "a", b"1")
    running.aws.stop()
    running.aws.start()
    assert [bucket.name for bucket in s3.list_buckets()] == ["bucket"]
    assert s3.get_bucket_versioning("bucket").status != ENABLED


def test_its_administration_is_closed(running: Place) -> None:
    put(client(running), "a", b"1")
    for path in ("/_ministack/reset", "/_ministack/config", "/%5Fministack/reset"):
        assert ask(running, "POST", path) == 403
    assert get(client(running), "a") == b"1"


def test_who_does_not_sign_gets_nothing_done(running: Place) -> None:
    put(client(running), "a", b"1")
    for method, path in (
        *(("GET", "/"), ("GET", "/bucket"), ("GET", "/bucket/a"), ("HEAD", "/bucket/a")),
        *(("PUT", "/bucket/a"), ("PUT", "/new"), ("DELETE", "/bucket/a"), ("POST", "/bucket")),
        *(("POST", "/"), ("GET", "/?Action=ListQueues"), ("GET", "/?Action=ListTopics")),
        *(("PUT", "/bucket?policy"), ("POST", "/bucket?delete"), ("GET", "/health")),
    ):
        assert (path, ask(running, method, path)) == (path, 403)
    assert [bucket.name for bucket in client(running).list_buckets()] == ["bucket"]
    assert get(client(running), "a") == b"1"


@pytest.mark.parametrize("service", ["s3", "sns", "sqs"])
def test_who_signs_with_another_key_gets_nothing_done(running: Place, service: str) -> None:
    wrong = Credentials(access_key_id=ACCESS_KEY_ID, secret_access_key="another")
    make = {"s3": S3, "sns": Sns, "sqs": Sqs}[service]
    door = make(endpoint=running.aws.endpoint, region=REGION, credentials=wrong)
    calls = {"s3": "list_buckets", "sns": "list_topics", "sqs": "list_queues"}
    try:
        with pytest.raises(AwsError) as caught:
            list(getattr(door, calls[service])())
    finally:
        door.close()
    assert caught.value.status == 403


def test_a_second_start_does_nothing(running: Place) -> None:
    pid = pid_of(running.aws)
    running.aws.start()
    assert pid_of(running.aws) == pid
    assert running.aws.actual() == running.aws.desired()


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[Place]:
    """An environment whose disk becomes read-only after the start."""
    with small_disk(tmp_path / "disk", "20m") as disk:
        made = make_place(disk / "app")
        try:
            made.aws.start()
            client(made).make_bucket("bucket")
            yield made
        finally:
            made.reboot()


def fill_disk(place: Place) -> Path:
    filler = place.layout.folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 65536)
    return filler


def test_an_object_that_the_disk_refuses_is_not_answered_with_ok(unwritable: Place) -> None:
    s3 = client(unwritable)
    put(s3, "before", b"1" * 1000)
    filler = fill_disk(unwritable)
    with pytest.raises(S3Error) as caught:
        put(s3, "after", b"2" * 100_000)
    assert caught.value.code == "ServiceUnavailable"
    assert "No space left" in str(caught.value)
    filler.unlink()
    put(s3, "after", b"3" * 100_000)
    kill(unwritable.aws)
    unwritable.aws.start()
    assert (get(s3, "before"), get(s3, "after")) == (b"1" * 1000, b"3" * 100_000)

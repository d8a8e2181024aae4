"""The doctor in a process of its own, with messages that never arrive: to be interrupted.

Prints a line when the round trip and a bucket's check are in their middle.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from encore_provisioner.clients.s3 import S3
from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.sqs import Message, Sqs
from encore_provisioner.doctor import Doors, diagnose, read_inputs
from encore_provisioner.doctor.targets import AwsTarget, BucketTarget


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class SlowQueues(Sqs):
    def receive(
        self, url: str, *, limit: int = 1, wait: int = 0, visibility: int | None = None
    ) -> tuple[Message, ...]:
        say("receiving")
        time.sleep(0.3)
        return super().receive(url, limit=limit, wait=wait, visibility=visibility)[:0]


class SlowObjects(S3):
    def get(self, bucket: str, key: str, *, version_id: str | None = None) -> bytes:
        say("reading")
        time.sleep(0.5)
        return super().get(bucket, key, version_id=version_id)


def open_queues(target: AwsTarget, credentials: Credentials) -> Sqs:
    return SlowQueues(endpoint=target.sqs, region=target.region or "", credentials=credentials)


def open_objects(target: BucketTarget, credentials: Credentials) -> S3:
    return SlowObjects(endpoint=target.endpoint, region=target.region, credentials=credentials)


def main() -> None:
    inputs = read_inputs(Path(sys.argv[1]))
    doors = Doors(open_queues=open_queues, open_objects=open_objects)
    diagnose(inputs.config, inputs.environ, on_check=lambda _: None, doors=doors)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

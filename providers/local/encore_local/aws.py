"""The doors to S3, SNS and SQS of one environment, and the names that do not depend on them.

ARNs and URLs are functions of a name and the port, so that they are the same after every start.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from encore_provisioner.clients.s3 import S3
from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.sns import Sns
from encore_provisioner.clients.sqs import Sqs

REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY_ID = "encore-local"

KIND_TAG = "encore-infra:kind"
NAME_TAG = "encore-infra:name"
_TAG_VALUE = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,256}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Threads may share them."""

    endpoint: str
    sns: Sns
    sqs: Sqs
    s3: S3

    def queue_url(self, queue: str) -> str:
        return queue_url(self.endpoint, queue)

    def close(self) -> None:
        self.sns.close()
        self.sqs.close()
        self.s3.close()


def open_doors(endpoint: str, secret_key: str) -> Doors:
    """Doors to the server at ``endpoint`` (``http://127.0.0.1:PORT``); connects on first use."""
    credentials = Credentials(access_key_id=ACCESS_KEY_ID, secret_access_key=secret_key)
    return Doors(
        endpoint=endpoint,
        sns=Sns(endpoint=endpoint, region=REGION, credentials=credentials),
        sqs=Sqs(endpoint=endpoint, region=REGION, credentials=credentials),
        s3=S3(endpoint=endpoint, region=REGION, credentials=credentials),
    )


def topic_arn(topic: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"


def queue_arn(queue: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"


def queue_url(endpoint: str, queue: str) -> str:
    return f"{endpoint}/{ACCOUNT}/{queue}"


def queue_name(identity: str) -> str:
    """The name at the end of a queue's URL or of any ARN."""
    return re.split("[:/]", identity)[-1]


def own_tags(kind: str, declared: str) -> dict[str, str]:
    """The marks of what we made. A declared name that no tag can hold is left out."""
    tags = {KIND_TAG: kind}
    if _TAG_VALUE.fullmatch(declared):
        tags[NAME_TAG] = declared
    return tags

"""The doors of the function: secrets, objects, databases, caches, the time that is left.

In: nothing but what AWS gives to a function. Out: typed doors, handed to every action; a test hands
over its own. boto3 is imported when a door is first used.
"""

from __future__ import annotations

import json
import string
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from encore_aws.function import cache, postgres
from encore_aws.function.cache import CacheLogin
from encore_aws.function.documents import LARGEST_FILE
from encore_aws.function.errors import FunctionError
from encore_aws.function.postgres import Login, Postgres

NAMESPACE: Final = uuid.UUID("6f3c2f53-8a3d-5d0e-9d5b-0b6f2f5c7a11")
"""Of the version that a first value gets; the same as in ``encore_aws.generated``."""
_TRIES: Final = 5
_NETWORK: Final = (
    "The function's subnets must reach Secrets Manager and S3: look at `network.nat`, and at the "
    "routes and endpoints of a network of your own."
)


class Secrets(Protocol):
    """Secrets Manager. Every method may raise :class:`FunctionError`."""

    def read(self, arn: str) -> str | None:
        """The current value, None where there is none yet."""
        ...

    def ensure(self, arn: str, *, length: int, exclude: str) -> str:
        """The current value; where there is none, one made by AWS, which then is it."""
        ...


class Objects(Protocol):
    def read(self, bucket: str, key: str) -> bytes:
        """The object's content. May raise :class:`FunctionError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """``remaining``: the seconds until AWS ends this call; ``least``: those without which no second
    migration is begun in it. ``log`` takes lines for CloudWatch.
    """

    secrets: Secrets
    objects: Objects
    remaining: Callable[[], float]
    least: float = 60.0
    connect: Callable[[Login], Postgres] = postgres.connect
    look: Callable[[CacheLogin], str] = cache.look
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    log: Callable[[str], Any] = field(default=lambda line: sys.stderr.write(f"{line}\n"))


def in_aws(context: Any) -> Doors:
    """The real ones. ``context`` is that of Lambda's call."""
    return Doors(
        secrets=SecretsManager(client("secretsmanager")),
        objects=S3(client("s3")),
        remaining=lambda: context.get_remaining_time_in_millis() / 1000,
    )


def client(service: str) -> Any:
    """A client of boto3 that gives up within half a minute where the network leads nowhere."""
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 3}
    return boto3.client(service, config=Config(connect_timeout=5, read_timeout=10, retries=retries))


class SecretsManager:
    """The real :class:`Secrets`."""

    def __init__(self, aws: Any) -> None:
        self._aws = aws

    def read(self, arn: str) -> str | None:
        found = self._call("get_secret_value", arn, quiet="ResourceNotFoundException", SecretId=arn)
        if found is None:
            return None
        value = found.get("SecretString")
        if not isinstance(value, str):
            raise FunctionError(
                "secret-unreadable",
                f"the secret {arn} holds no text",
                "Give it a text: it was filled by something else.",
            )
        return value

    def ensure(self, arn: str, *, length: int, exclude: str) -> str:
        """Who comes first decides: a version's id is made from the secret's, and AWS gives an id
        one value only. An id that was used for a value that is no longer the current one is passed
        over.
        """
        for attempt in range(_TRIES):
            found = self.read(arn)
            if found is not None:
                return found
            self._call(
                "put_secret_value",
                arn,
                quiet="ResourceExistsException",
                SecretId=arn,
                SecretString=self._random(arn, length, exclude),
                ClientRequestToken=_version(arn, attempt),
            )
        found = self.read(arn)
        if found is None:
            raise FunctionError(
                "secret-empty",
                f"the secret {arn} has no current value and takes none",
                "Something takes its value away again and again: look at its versions.",
            )
        return found

    def _random(self, arn: str, length: int, exclude: str) -> str:
        unwanted, signs = set(exclude), set(string.punctuation)
        found = self._call(
            "get_random_password",
            arn,
            PasswordLength=length,
            ExcludePunctuation=signs <= unwanted,
            ExcludeCharacters="".join(sorted(unwanted - signs if signs <= unwanted else unwanted)),
            # With all signs excluded there would be none to include.
            RequireEachIncludedType=False,
        )
        value = found["RandomPassword"] if found else ""
        if len(value) != length:
            raise FunctionError(
                "secret-unreadable", "AWS made no password of the wanted length", "Apply again."
            )
        return str(value)

    def _call(
        self, operation: str, arn: str, *, quiet: str | None = None, **arguments: Any
    ) -> Mapping[str, Any] | None:
        """None where AWS answers with the error ``quiet``."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found: Mapping[str, Any] = getattr(self._aws, operation)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] == quiet:
                return None
            raise _refused(f"{operation} of the secret {arn}", error) from None
        except BotoCoreError as error:
            raise _silent("Secrets Manager", error) from None
        return found


def _version(arn: str, attempt: int) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{arn} {attempt}" if attempt else arn))


class S3:
    """The real :class:`Objects`."""

    def __init__(self, aws: Any) -> None:
        self._aws = aws

    def read(self, bucket: str, key: str) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._aws.get_object(Bucket=bucket, Key=key)
            size = int(found["ContentLength"])
            if size > LARGEST_FILE:
                raise FunctionError(
                    "file-too-large",
                    f"s3://{bucket}/{key} has {size:,} bytes; the function takes {LARGEST_FILE:,}",
                    "Split the migration, or load the rows another way: it is no schema change.",
                )
            with found["Body"] as body:
                content: bytes = body.read()
        except ClientError as error:
            raise _refused(f"get_object of s3://{bucket}/{key}", error) from None
        except BotoCoreError as error:
            raise _silent("S3", error) from None
        return content


def _refused(what: str, error: Any) -> FunctionError:
    """AWS's code and words; what was sent is in neither."""
    told = error.response["Error"]
    code = told["Code"]
    hint = "Run `encore-infra apply`; if it says the same, look at it in AWS."
    kind = "aws-refused"
    if code in ("AccessDenied", "AccessDeniedException"):
        hint = "The function's role may not do this: run `encore-infra apply` to set it right."
        # Whoever calls waits a little for this one: a right is not known everywhere at once.
        kind = "aws-denied"
    if code == "NoSuchKey":
        hint = "It was removed since it was put there: try again, and it is."
    return FunctionError(kind, f"{what}: {told.get('Message', '')} ({code})", hint)


def _silent(service: str, error: Exception) -> FunctionError:
    name = type(error).__name__
    return FunctionError("aws-unreachable", f"no answer from {service} ({name})", _NETWORK)


def admin_login(secrets: Secrets, arn: str) -> tuple[str, str]:
    """Name and password of a server's first user, as RDS keeps them now."""
    found = _fields(secrets.read(arn))
    try:
        return found["username"], found["password"]
    except KeyError:
        raise FunctionError(
            "admin-secret-unreadable",
            f"the secret {arn} holds no name and password of the server's first user",
            "RDS fills it when it has made the server: wait for that, then try again.",
        ) from None


def passwords_in(value: str) -> tuple[str, ...]:
    """The passwords inside a secret's value, where it is such a document."""
    found = _fields(value).get("password")
    return (found,) if found else ()


def _fields(value: str | None) -> dict[str, str]:
    try:
        found = json.loads(value or "")
    except ValueError:
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}

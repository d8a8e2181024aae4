"""Calls of AWS, and its refusals in the words of the genuine plugin.

In: the region. Out: the pages that boto3 gives. One session for the whole process; a client is made
at its first use, since each takes some hundredths of a second.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from tests.support.aws_plugin.wire import Props

_GONE: Final = re.compile(r"NotFound|NoSuch|NonExistent|DoesNotExist", re.IGNORECASE)
_LACKING: Final = ("404", "501")
"""Moto has no page for the call at all; S3 says the same of a bucket that is not there."""
_PATIENCE: Final = 30.0
_EVERY: Final = 0.05
_CONFIG: Final = Config(
    retries={"total_max_attempts": 1},
    max_pool_connections=32,
    s3={"addressing_style": "path"},
    # Sums of a body in a second place, which moto would have to take apart.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class AwsError(Exception):
    """A refusal. ``gone``: what was asked for is not there."""

    def __init__(self, message: str, *, code: str, gone: bool) -> None:
        super().__init__(message)
        self.code, self.gone = code, gone


class LackingError(Exception):
    """The AWS of these tests does not know the call."""


class Aws:
    """``account`` is known once the plugin was configured."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.account = ""
        self._lock = threading.Lock()
        self._session = boto3.session.Session(region_name=region)
        self._clients: dict[str, Any] = {}

    def call(self, service: str, operation: str, /, **given: Any) -> Props:
        """Raises ``AwsError``, or ``LackingError`` where moto and its guard lack the call."""
        try:
            found: Props = getattr(self._client(service), operation)(**given)
        except ClientError as error:
            raise _problem(error, self._client(service).meta.service_model.service_id) from error
        except ResponseParserError as error:
            # A page of HTML: moto, or what stands before it, has fallen over the call.
            raise AwsError(f"{service}: {operation}: {error}", code="", gone=False) from error
        return found

    def ask(self, service: str, operation: str, /, **given: Any) -> Props | None:
        """As :meth:`call`; None where what was asked for is not there."""
        try:
            return self.call(service, operation, **given)
        except AwsError as error:
            if error.gone:
                return None
            raise

    def arn(self, service: str, rest: str, *, is_global: bool = False) -> str:
        place = ":" if is_global else f"{self.region}:"
        return f"arn:aws:{service}:{place}{self.account}:{rest}"

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(service, config=_CONFIG)
            return self._clients[service]


def _problem(error: ClientError, service: str) -> Exception:
    found, page = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, words = str(found.get("Code", "")), str(found.get("Message", ""))
    status = int(page.get("HTTPStatusCode", 0))
    if code in _LACKING and service != "S3":
        return LackingError(f"{service}: {error.operation_name}: {code} {words}")
    host = f"HostID: {page.get('HostId', '')}, " if service == "S3" else ""
    return AwsError(
        f"operation error {service}: {error.operation_name}, https response error StatusCode: "
        f"{status}, RequestID: {page.get('RequestId', '')}, {host}api error {code}: {words}",
        code=code,
        gone=bool(_GONE.search(code)) or (service == "S3" and code == "404"),
    )


def wait(is_done: Callable[[], bool]) -> None:
    """Raises ``TimeoutError``. The genuine plugin waits for minutes, ours for nearly none."""
    until = time.monotonic() + _PATIENCE
    while not is_done():
        if time.monotonic() > until:
            raise TimeoutError("timeout while waiting for state to become as wanted")
        time.sleep(_EVERY)


def listed(tags: dict[str, str] | None) -> list[dict[str, str]]:
    """Tags as most of AWS writes them."""
    return [{"Key": key, "Value": value} for key, value in sorted((tags or {}).items())]


def told(tags: list[dict[str, str]] | None) -> Props:
    """And back: ``tags``, where there are any, and ``tagsAll``. AWS's own tags are nobody's."""
    found = {tag["Key"]: tag["Value"] for tag in tags or [] if not tag["Key"].startswith("aws:")}
    return tagged(found)


def tagged(found: dict[str, str] | None) -> Props:
    return {"tagsAll": found or {}, **({"tags": found} if found else {})}


def given(props: Props, *names: str, **others: str) -> Props:
    """The parameters of a call: of ``names`` in AWS's case, of ``others`` by the name there."""
    wanted = {**{name: upper(name) for name in names}, **others}
    return {to: props[name] for name, to in wanted.items() if props.get(name) is not None}


def found(page: Props, *names: str, **others: str) -> Props:
    """The other way: properties from an answer."""
    wanted = {**{name: upper(name) for name in names}, **others}
    return {name: page[of] for name, of in wanted.items() if page.get(of) is not None}


def upper(name: str) -> str:
    return name[:1].upper() + name[1:]


def lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def deep_upper(value: Any, **others: str) -> Any:
    """Nested properties in AWS's case; ``others`` are names that differ by more."""
    if isinstance(value, dict):
        return {
            others.get(name, upper(name)): deep_upper(item, **others)
            for name, item in value.items()
            if item is not None
        }
    return [deep_upper(item, **others) for item in value] if isinstance(value, list) else value


def deep_lower(value: Any, **others: str) -> Any:
    """And back, with the same ``others``."""
    back = {there: here for here, there in others.items()}
    if isinstance(value, dict):
        return {
            back.get(name, lower(name)): deep_lower(item, **others) for name, item in value.items()
        }
    return [deep_lower(item, **others) for item in value] if isinstance(value, list) else value

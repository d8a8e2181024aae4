"""What goes to AWS and what comes back: one call, one reply, whatever protocol a service speaks.

A call is known by the name that botocore has for it, so that a test can say ``fail("ModifyUser")``.
Services of the query protocol are read and answered by AWS's own model of them.
"""

from __future__ import annotations

import datetime
import functools
import io
import json
import re
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Page = Iterable[bytes]
Answer = tuple[int, str, str]
"""Status, AWS's code, AWS's words."""

_REST: Final = frozenset({"lambda", "cloudfront"})
_S3_PARTS: Final = (
    *("versioning", "encryption", "policy", "lifecycle", "publicAccessBlock", "tagging"),
    *("ownershipControls", "cors"),
)


class Refused(Exception):  # noqa: N818  what AWS says no to is no mistake of the guard
    """Of what the guard does itself."""

    def __init__(self, code: str, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.answer: Answer = (status, code, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    @property
    def is_fine(self) -> bool:
        return self.status < 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``operation`` as botocore calls it; for S3 the method and what is asked of.

    ``key``: the access key's id, ``region`` as the caller signed it.
    """

    service: str
    operation: str
    body: bytes = field(repr=False)
    key: str = ""
    region: str = ""
    environ: Environ = field(default_factory=dict, repr=False, compare=False)

    @property
    def given(self) -> Mapping[str, Any]:
        """The parameters, of the services that have them in the body."""
        if self.body.startswith(b"{"):
            found: Mapping[str, Any] = json.loads(self.body)
            return found
        return dict(urllib.parse.parse_qsl(self.body.decode(errors="replace")))

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of the query protocol, with lists, numbers and what lies inside."""
        operation = get_service_model(self.service).operation_model(self.operation)
        pairs = urllib.parse.parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)
        parser: Any = PROTOCOL_PARSERS["query"](operation)
        parsed: dict[str, Any] = parser.parse({"values": dict(pairs)})
        return parsed

    @property
    def rest_parameters(self) -> dict[str, Any]:
        """Those of the protocol rest-xml: of the address, the headers and the body."""
        operation = get_service_model(self.service).operation_model(self.operation)
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").title(): value
            for name, value in self.environ.items()
            if name.startswith("HTTP_")
        }
        query = dict(urllib.parse.parse_qsl(self.environ.get("QUERY_STRING", "")))
        parser: Any = PROTOCOL_PARSERS["rest-xml"](operation)
        parsed: dict[str, Any] = parser.parse(
            {
                "method": self.environ["REQUEST_METHOD"],
                "values": query,
                "headers": headers,
                "body": self.body,
                "url_path": self.path,
                "url_params": _held(operation.http["requestUri"], self.path),
            }
        )
        return parsed

    @property
    def path(self) -> str:
        return str(self.environ.get("PATH_INFO", ""))

    @property
    def bucket(self) -> str:
        """Of S3."""
        return self.path.lstrip("/").partition("/")[0]

    def but(self, body: bytes) -> Call:
        """With another body, which is what is then read."""
        environ = {
            **self.environ,
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
        }
        return Call(
            service=self.service,
            operation=self.operation,
            body=body,
            key=self.key,
            region=self.region,
            environ=environ,
        )


def call_of(environ: Environ) -> Call:
    """Reads the body, and puts it back."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
    key, region, service = (scope[0], scope[2], scope[3]) if len(scope) > 3 else ("", "", "")
    return Call(
        service=service,
        operation=_operation(service, environ, body),
        body=body,
        key=key,
        region=region,
        environ=environ,
    )


def _operation(service: str, environ: Environ, body: bytes) -> str:
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return str(target.rpartition(".")[2])
    if service == "s3":
        return _s3_operation(environ)
    if service in _REST:
        return _rest_operation(service, environ)
    return dict(urllib.parse.parse_qsl(body.decode(errors="replace"))).get("Action", "")


def _s3_operation(environ: Environ) -> str:
    """``HeadBucket``, ``PutBucket`` (CreateBucket), ``GetBucketVersioning`` and the like."""
    method = environ["REQUEST_METHOD"].capitalize()
    query = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    path = environ["PATH_INFO"].strip("/")
    if not path:
        return "ListBuckets"
    part = next((name for name in _S3_PARTS if name in query), "")
    kind = "Object" if "/" in path else "Bucket"
    return f"{method}{kind}{part[:1].upper()}{part[1:]}"


def _held(template: str, path: str) -> dict[str, str]:
    """What stands in the holes of an address."""
    pairs = zip(template.partition("?")[0].split("/"), path.split("/"), strict=False)
    return {hole[1:-1]: urllib.parse.unquote(text) for hole, text in pairs if hole[:1] == "{"}


def _rest_operation(service: str, environ: Environ) -> str:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    for name, verb, pattern in _rest_paths(service):
        if verb == method and pattern.fullmatch(path):
            return name
    return f"{method} {path}"


@functools.cache
def _rest_paths(service: str) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Those with the fewest holes first: ``/functions/{name}`` fits nearly everything."""
    found = []
    model = get_service_model(service)
    for name in model.operation_names:
        http = model.operation_model(name).http
        path = http["requestUri"].partition("?")[0].rstrip("/")
        pattern = "".join(
            ".+" if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{[^}]+\})", path)
        )
        found.append((path.count("{"), -len(path), name, http["method"], pattern))
    return tuple((n, verb, re.compile(f"{pattern}/?")) for _, _, n, verb, pattern in sorted(found))


def answered(call: Call, result: Mapping[str, Any]) -> Reply:
    """``result`` as the service's own model of ``call`` writes it. Only the query protocol."""
    operation = get_service_model(call.service).operation_model(call.operation)
    found = get_serializer_class(call.service, "query")(operation).serialize(dict(result))
    return xml(200, found["body"])


def rest_answered(call: Call, result: Mapping[str, Any]) -> Reply:
    """The same of the protocol rest-xml."""
    operation = get_service_model(call.service).operation_model(call.operation)
    found = get_serializer_class(call.service, "rest-xml")(operation).serialize(dict(result))
    headers = tuple((name, str(value)) for name, value in found["headers"].items())
    body = found["body"] if isinstance(found["body"], bytes) else found["body"].encode()
    return Reply(status=found["status_code"], headers=headers, body=body)


def failed(call: Call, answer: Answer) -> Reply:
    status, code, words = answer
    if call.service == "s3":
        text = f"<Error><Code>{escape(code)}</Code><Message>{escape(words)}</Message></Error>"
        return xml(status, "" if call.environ.get("REQUEST_METHOD") == "HEAD" else text)
    if call.service == "lambda":
        return json_reply(status, {"Message": words, "Type": "User"}, ("x-amzn-ErrorType", code))
    if "HTTP_X_AMZ_TARGET" in call.environ:
        return json_reply(status, {"__type": code, "message": words})
    if call.service == "ec2":
        return xml(
            status,
            f"<Response><Errors><Error><Code>{escape(code)}</Code>"
            f"<Message>{escape(words)}</Message></Error></Errors></Response>",
        )
    return xml(
        status,
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{escape(code)}</Code><Message>{escape(words)}</Message></Error></ErrorResponse>",
    )


def json_reply(status: int, page: Any, *headers: tuple[str, str]) -> Reply:
    kind = ("Content-Type", "application/x-amz-json-1.1")
    return Reply(status=status, headers=(kind, *headers), body=json.dumps(page).encode())


def xml(status: int, text: str | bytes) -> Reply:
    now = datetime.datetime.now(datetime.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    body = text if isinstance(text, bytes) else text.encode()
    return Reply(status=status, headers=(("Content-Type", "text/xml"), ("Date", now)), body=body)


def through(application: Callable[..., Page], environ: Environ) -> Reply:
    """What a WSGI application answers, whole."""
    told: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], None]:
        told[:] = [status, headers]
        return lambda _data: None

    body = b"".join(application(environ, start))
    status, headers = told
    return Reply(status=int(status.split()[0]), headers=tuple(headers), body=body)


def page(reply: Reply, start: StartResponse) -> Page:
    word = "OK" if reply.is_fine else "Failed"
    start(f"{reply.status} {word}", list(reply.headers))
    return [reply.body]


def complete(environ: Environ) -> Environ:
    usual = {
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "QUERY_STRING": "",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
    }
    return {**usual, **environ}

"""AWS on this machine: moto behind real HTTP on loopback, with a guard of ours before it.

The guard does what moto leaves out and the tests need: it refuses what AWS refuses and moto takes
(a bucket of another account, a deleted secret, a secret without a current version), it knows
``ModifyUser`` of ElastiCache and the dates of a secret's versions, and it fails where a test wants
it to. It runs in a thread of the test's own process, so a test may look into it; other processes
reach it by its address.
"""

from __future__ import annotations

import datetime
import io
import json
import socket
import threading
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape

from moto.backends import get_backend
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

ACCOUNT: Final = "123456789012"
"""That of all credentials, to moto."""
OTHER_ACCOUNT: Final = "999988887777"
REGION: Final = "eu-north-1"
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "only-for-moto",
}
CURRENT: Final = "AWSCURRENT"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Answer = tuple[int, str, str]
"""Status, AWS's code, AWS's words."""
Page = Iterable[bytes]


@dataclass(slots=True, kw_only=True)
class Fault:
    """``is_late``: moto does what was asked, and then this is answered; ``answer`` None: nothing
    is answered, the connection ends.
    """

    operation: str
    answer: Answer | None
    times: int
    is_late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``operation`` as botocore calls it; for S3 the method and what is asked of."""

    service: str
    operation: str
    body: bytes = field(repr=False)

    @property
    def given(self) -> Mapping[str, Any]:
        """The parameters, of the services that have them in the body."""
        if self.body.startswith(b"{"):
            found: Mapping[str, Any] = json.loads(self.body)
            return found
        return dict(urllib.parse.parse_qsl(self.body.decode(errors="replace")))


class MotoServer:
    """``calls``: the operations that were asked for, in their order, refused ones too."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._busy: dict[str, int] = {}
        self._policies: dict[str, bytes] = {}
        self.calls: list[Call] = []
        self.users_are_busy_for = 1
        """How often a user that was changed is seen as ``modifying``."""
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Silent
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """All that a process needs so that its AWS is this one, and nobody else's."""
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def fail(
        self,
        operation: str,
        code: str,
        *,
        words: str = "",
        status: int = 400,
        times: int = 1,
        late: bool = False,
    ) -> None:
        """Answer the next ``times`` calls of ``operation`` with this error."""
        answer = (status, code, words or f"{code} of the test")
        self._faults.append(Fault(operation=operation, answer=answer, times=times, is_late=late))

    def cut(self, operation: str, *, times: int = 1) -> None:
        """Do what the next ``times`` calls of ``operation`` ask for, and answer nothing."""
        self._faults.append(Fault(operation=operation, answer=None, times=times, is_late=True))

    def heal(self) -> None:
        self._faults.clear()

    def forget(self) -> None:
        """An empty account."""
        self.heal()
        self.calls.clear()
        self._busy.clear()
        self._policies.clear()
        self.users_are_busy_for = 1
        environ: Environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/moto-api/reset"}
        list(self._moto(_complete(environ), lambda *_: None))

    def _answer(self, environ: Environ, start: StartResponse) -> Page:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        call = _call(environ, body)
        with self._lock:
            self.calls.append(call)
            fault = self._fault(call.operation)
            refused = self._refusal(call, environ)
        if fault is not None and not fault.is_late and fault.answer is not None:
            return _failed(call, fault.answer, environ, start)
        if refused is not None:
            return _failed(call, refused, environ, start)
        if fault is None:
            return self._done(call, environ, start)
        list(self._done(call, environ, lambda *_: None))
        if fault.answer is None:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("the test cuts the connection")
        return _failed(call, fault.answer, environ, start)

    def _fault(self, operation: str) -> Fault | None:
        for fault in self._faults:
            if fault.operation == operation and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def _done(self, call: Call, environ: Environ, start: StartResponse) -> Page:
        if call.operation == "ModifyUser":
            return self._modify_user(call, environ, start)
        if call.operation == "ListSecretVersionIds" and secret_of(call.given["SecretId"]):
            return _versions(call.given, start)
        if call.operation in ("PutBucketPolicy", "DeleteBucketPolicy"):
            self._keep_policy(call, environ)
        if call.operation == "GetBucketPolicy" and _bucket(environ) in self._policies:
            start("200 OK", [("Content-Type", "application/json")])
            return [self._policies[_bucket(environ)]]
        if call.operation == "DescribeUsers":
            self._let_users_settle(call)
        page: Page = self._moto(environ, start)
        return page

    def _keep_policy(self, call: Call, environ: Environ) -> None:
        """Moto does what a policy says and knows no conditions, so it would refuse everything for
        want of TLS. It gets the policy without that; who asks for it gets all of it.
        """
        self._policies.pop(_bucket(environ), None)
        if call.operation == "DeleteBucketPolicy":
            return
        policy = json.loads(call.body)
        others = [each for each in policy["Statement"] if "SecureTransport" not in str(each)]
        body = json.dumps({**policy, "Statement": others}).encode()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        self._policies[_bucket(environ)] = call.body

    # What AWS refuses and moto takes.

    def _refusal(self, call: Call, environ: Environ) -> Answer | None:
        if call.service == "s3":
            return _of_another(environ)
        if call.service == "secretsmanager":
            return _of_secrets(call)
        return None

    # ElastiCache's users, which moto makes and does not change.

    def _modify_user(self, call: Call, environ: Environ, start: StartResponse) -> Page:
        given = call.given
        user = user_of(given["UserId"])
        passwords = [
            value for key, value in given.items() if key.startswith("AuthenticationMode.Passwords")
        ]
        refused = self._user_refusal(user, passwords, given)
        if refused is not None:
            return _failed(call, refused, environ, start)
        user.access_string = given.get("AccessString", user.access_string)
        user.authentication_type = given.get("AuthenticationMode.Type", user.authentication_type)
        user.no_password_required = False
        user.passwords = passwords
        user.status = "modifying"
        self._busy[user.id] = self.users_are_busy_for
        return _xml(200, _modified(user), start)

    def _user_refusal(
        self, user: Any, passwords: list[str], given: Mapping[str, Any]
    ) -> Answer | None:
        if user is None:
            return 404, "UserNotFound", f"User {given['UserId']} not found."
        if user.status != "active":
            return 400, "InvalidUserState", f"User {user.id} is not in active state."
        if given.get("AuthenticationMode.Type") == "password" and not all(
            16 <= len(value) <= 128 for value in passwords
        ):
            return 400, "InvalidParameterValue", "Passwords length must be between 16-128"
        return None

    def _let_users_settle(self, call: Call) -> None:
        name = call.given.get("UserId", "")
        if self._busy.get(name, 0) > 0:
            self._busy[name] -= 1
        elif name in self._busy:
            del self._busy[name]
            user_of(name).status = "active"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def running() -> Iterator[MotoServer]:
    server = MotoServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def user_of(name: str) -> Any:
    """A user of ElastiCache as moto has it, or None."""
    return get_backend("elasticache")[ACCOUNT][REGION].users.get(name)


def secret_of(name: str) -> Any:
    """A secret as moto has it, by name or ARN, or None."""
    secrets = get_backend("secretsmanager")[ACCOUNT][REGION].secrets
    return secrets.get(name)


def _of_another(environ: Environ) -> Answer | None:
    wanted = environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER")
    owner = _owner(_bucket(environ))
    if wanted is None or owner in (None, wanted):
        return None
    return 403, "AccessDenied", "Access Denied"


def _bucket(environ: Environ) -> str:
    return str(environ["PATH_INFO"]).lstrip("/").partition("/")[0]


def _owner(bucket: str) -> str | None:
    for account, backend in get_backend("s3").items():
        for region in backend.values():
            if bucket in region.buckets:
                return str(account)
    return None


def _of_secrets(call: Call) -> Answer | None:
    given = call.given
    secret = secret_of(given["SecretId"]) if "SecretId" in given else None
    if secret is None:
        return None
    reading = call.operation in ("DescribeSecret", "RestoreSecret", "DeleteSecret")
    if secret.is_deleted() and not reading:
        words = "You can't perform this operation on the secret because it was marked for deletion."
        return 400, "InvalidRequestException", words
    if call.operation == "PutSecretValue" and len(given.get("SecretString", "x")) > 65_536:
        return 400, "ValidationException", f"Value {given['SecretString']} is too long"
    if call.operation == "UpdateSecretVersionStage":
        return _of_stages(given, secret)
    return None


def _of_stages(given: Mapping[str, Any], secret: Any) -> Answer | None:
    stage, to = given["VersionStage"], given.get("MoveToVersionId")
    if stage == CURRENT and to is None:
        words = "You can only move staging label AWSCURRENT to a different secret version."
        return 400, "InvalidParameterException", words
    holder = next(
        (name for name, found in secret.versions.items() if stage in found["version_stages"]), None
    )
    if to is not None and holder not in (None, to, given.get("RemoveFromVersionId")):
        words = f"Staging label {stage} is currently attached to version {holder}."
        return 400, "InvalidParameterException", words
    return None


def _versions(given: Mapping[str, Any], start: StartResponse) -> Page:
    """With each version's own date, where moto tells today's; one to a page."""
    secret = secret_of(given["SecretId"])
    labelled = [each for each in secret.versions.values() if each["version_stages"]]
    first = int(given.get("NextToken", "0"))
    page = [
        {
            "VersionId": each["version_id"],
            "VersionStages": each["version_stages"],
            "CreatedDate": each["createdate"],
        }
        for each in labelled[first : first + 1]
    ]
    more = {"NextToken": str(first + 1)} if first + 1 < len(labelled) else {}
    return _json(200, {"ARN": secret.arn, "Name": secret.name, "Versions": page, **more}, start)


class _Silent(MotoRequestHandler):
    """Without a line on stderr for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        del type, message, args


def _complete(environ: Environ) -> Environ:
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


_S3_PARTS: Final = (
    *("versioning", "encryption", "policy", "lifecycle", "publicAccessBlock", "tagging"),
    "ownershipControls",
)


def _call(environ: Environ, body: bytes) -> Call:
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
    service = scope[3] if len(scope) > 3 else ""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return Call(service=service, operation=target.rpartition(".")[2], body=body)
    if service == "s3":
        return Call(service=service, operation=_s3_operation(environ), body=body)
    action = dict(urllib.parse.parse_qsl(body.decode(errors="replace"))).get("Action", "")
    return Call(service=service, operation=action, body=body)


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


def _failed(call: Call, answer: Answer, environ: Environ, start: StartResponse) -> Page:
    status, code, words = answer
    if call.service == "s3":
        text = f"<Error><Code>{escape(code)}</Code><Message>{escape(words)}</Message></Error>"
        return _xml(status, "" if environ["REQUEST_METHOD"] == "HEAD" else text, start)
    if "HTTP_X_AMZ_TARGET" in environ:
        return _json(status, {"__type": code, "message": words}, start)
    return _xml(
        status,
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{escape(code)}</Code><Message>{escape(words)}</Message></Error></ErrorResponse>",
        start,
    )


def _json(status: int, page: Mapping[str, Any], start: StartResponse) -> Page:
    start(f"{status} Answer", [("Content-Type", "application/x-amz-json-1.1")])
    return [json.dumps(page).encode()]


def _modified(user: Any) -> str:
    return (
        '<ModifyUserResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/">'
        f"<ModifyUserResult><UserId>{escape(user.id)}</UserId><Status>{user.status}</Status>"
        f"</ModifyUserResult></ModifyUserResponse>"
    )


def _xml(status: int, text: str, start: StartResponse) -> Page:
    now = datetime.datetime.now(datetime.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    start(
        f"{status} {'OK' if status < 400 else 'Failed'}",
        [("Content-Type", "text/xml"), ("Date", now)],
    )
    return [text.encode()]

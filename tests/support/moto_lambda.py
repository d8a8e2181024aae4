"""Lambda: moto keeps functions, and each call really runs in a process of its own.

The process has the rights of the function's role and no others: it gets an access key of its own,
and what is asked with it is held against the role's policies. It reaches what the function's
security groups let it reach, and finds of Python's packages those that Lambda brings along.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import secrets
import subprocess
import sys
import time
import urllib.parse
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from tests.support import moto_network as network
from tests.support import moto_rights as rights
from tests.support.aws_inside import Inside
from tests.support.moto_parts import ACCOUNT, REGION, backend, secret_of
from tests.support.moto_wire import Answer, Call, Refused, Reply, json_reply

_BROUGHT: Final = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
_RUNNER: Final = Path(__file__).with_name("lambda_runner.py")
_KEPT: Final = ("LoggingConfig", "Architectures")
"""What moto does not change or does not show."""
_S3_ACTIONS: Final = {"HeadObject": "s3:GetObject", "GetBucket": "s3:ListBucket"}
_NETWORK_RIGHT: Final = "ec2:CreateNetworkInterface"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One call, as it went. ``log`` is what the function wrote."""

    function: str
    event: Any
    answer: Any
    error: str | None
    log: str


class Lambda:
    """``servers`` are those that stand in the network. ``runs``: the calls, in their order.

    ``most_seconds``: a call ends after these, however long the function may have. ``lingers``: the
    seconds for which a network stays in use by a function that is gone; in AWS up to 40 minutes.
    """

    def __init__(
        self,
        inside: Inside | None,
        environment: Callable[[], Mapping[str, str]],
        servers: Callable[[], Iterable[network.Lying]],
    ) -> None:
        self._inside, self._environment, self._servers = inside, environment, servers
        self._roles: dict[str, tuple[str, str]] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        self.runs: list[Run] = []
        self.most_seconds: float = 900.0
        self.lingers: float = 0.0
        self._gone: list[tuple[float, network.Lying]] = []

    def refuse(self, call: Call) -> Answer | None:
        if call.key in self._roles:
            return self._right(call, *self._roles[call.key])
        if call.operation == "CreateFunction":
            return _of_creation(call.given)
        return None

    def answer(self, call: Call) -> Reply | None:
        if call.operation == "Invoke":
            return self._invoke(call)
        if call.operation == "DeleteFunction":
            self._let_linger(_name_of(call))
        return None

    def lying(self) -> Iterator[network.Lying]:
        """What functions keep in use: those that are there, and those that were."""
        for found in backend("lambda").list_functions():
            yield _lying(found)
        yield from (each for until, each in self._gone if time.monotonic() < until)

    def _let_linger(self, name: str) -> None:
        found = function_of(name)
        if found is not None:
            self._gone.append((time.monotonic() + self.lingers, _lying(found)))

    def after(self, call: Call, reply: Reply) -> Reply:
        """With the settings that moto drops."""
        if call.service != "lambda" or not reply.is_fine or not reply.body:
            return reply
        page = json.loads(reply.body)
        shown = page.get("Configuration", page) if isinstance(page, dict) else {}
        name = shown.get("FunctionName")
        if name is None:
            return reply
        if call.operation == "CreateFunction":
            self._kept[name] = {}
        if call.operation in ("CreateFunction", "UpdateFunctionConfiguration"):
            self._kept[name] |= {k: v for k, v in call.given.items() if k in _KEPT}
        if call.operation == "UpdateFunctionCode" and "Architectures" in call.given:
            self._kept[name]["Architectures"] = call.given["Architectures"]
        usual = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
        shown |= {"LoggingConfig": usual, **self._kept.get(name, {})}
        if shown.get("VpcConfig"):
            shown["VpcConfig"]["VpcId"] = _network_of(shown["VpcConfig"])
        return json_reply(reply.status, page)

    def forget(self) -> None:
        self._roles.clear()
        self._kept.clear()
        self.runs.clear()
        self._gone.clear()
        self.most_seconds, self.lingers = 900.0, 0.0

    # What the role of a function may do.

    def _right(self, call: Call, role: str, function: str) -> Answer | None:
        for action, resource, context in _needed(call):
            if not rights.may(role, action, resource, context):
                who = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/{function}"
                words = (
                    f"User: {who} is not authorized to perform: {action} on resource: {resource} "
                    f"because no identity-based policy allows the {action} action"
                )
                if call.service == "s3":
                    return 403, "AccessDenied", words
                return 400, "AccessDeniedException", words
        return None

    # A call.

    def _invoke(self, call: Call) -> Reply:
        name = _name_of(call)
        found = function_of(name)
        if found is None:
            arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
            raise Refused("ResourceNotFoundException", f"Function not found: {arn}", 404)
        if found.state != "Active":
            raise Refused(
                "ResourceConflictException",
                "The operation cannot be performed at this time. The function is currently in the "
                f"following state: {found.state}",
                409,
            )
        if self._inside is None:
            raise AssertionError("a function runs where there is a world for it: aws_world")
        run = self._run(found, json.loads(call.body or b"{}"), self._inside)
        self.runs.append(run)
        version = ("X-Amz-Executed-Version", "$LATEST")
        told = () if run.error is None else (("X-Amz-Function-Error", run.error),)
        tail = ("X-Amz-Log-Result", base64.b64encode(run.log.encode()[-4096:]).decode())
        return json_reply(200, run.answer, version, tail, *told)

    def _run(self, found: Any, event: Any, inside: Inside) -> Run:
        folder = inside.folder / "functions"
        code, brought = _unzipped(found, folder), _brought(folder)
        request, seconds = str(uuid.uuid4()), min(float(found.timeout), self.most_seconds)
        answer = folder / f"{request}.json"
        given = {
            "event": event,
            "handler": found.handler,
            "seconds": seconds,
            "reachable": self._reachable(found),
            "context": {
                "function_name": found.function_name,
                "invoked_function_arn": found.function_arn,
                "aws_request_id": request,
                "memory_limit_in_mb": str(found.memory_size),
                "log_group_name": f"/aws/lambda/{found.function_name}",
            },
        }
        log, code_of_exit = _ran(
            [str(code), str(brought), str(answer)],
            json.dumps(given),
            self._variables(found, inside),
            seconds,
        )
        with (folder / "log").open("a") as kept:
            kept.write(log)
        value, error = _outcome(answer, code_of_exit, seconds, log)
        return Run(function=found.function_name, event=event, answer=value, error=error, log=log)

    def _variables(self, found: Any, inside: Inside) -> dict[str, str]:
        key = f"ASIA{secrets.token_hex(8).upper()}"
        self._roles[key] = (found.role, found.function_name)
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "HOME": str(inside.folder),
            "SSL_CERT_FILE": str(inside.system_roots),
            **{str(name): str(value) for name, value in found.environment_vars.items()},
            **self._environment(),
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SESSION_TOKEN": "of-a-function",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_LAMBDA_FUNCTION_NAME": found.function_name,
        }

    def _reachable(self, found: Any) -> list[tuple[str, int]]:
        """AWS itself, where a way leads out of the network, and the servers in it."""
        aws = urllib.parse.urlsplit(self._environment()["AWS_ENDPOINT_URL"])
        there = [(str(aws.hostname), aws.port or 80)]
        groups = (found.vpc_config or {}).get("SecurityGroupIds", [])
        if not groups:
            return there
        led = [
            each.at for each in self._servers() if network.leads(groups, each.groups, each.at[1])
        ]
        return [*(there if network.leads_out(groups, 443) else []), *led]


def function_of(name: str) -> Any:
    """A function as moto has it, or None."""
    return next(
        (each for each in backend("lambda").list_functions() if each.function_name == name), None
    )


def _name_of(call: Call) -> str:
    """The function's name; it may be asked for by its ARN."""
    text = urllib.parse.unquote(call.path.split("/functions/")[1].partition("/")[0])
    return text.rpartition(":")[2]


def _lying(found: Any) -> network.Lying:
    given = found.vpc_config or {}
    return network.Lying(
        groups=tuple(given.get("SecurityGroupIds", ())), subnets=tuple(given.get("SubnetIds", ()))
    )


def _of_creation(given: Mapping[str, Any]) -> Answer | None:
    role = given["Role"]
    if not rights.trusts(role, "lambda.amazonaws.com"):
        words = "The role defined for the function cannot be assumed by Lambda."
        return 400, "InvalidParameterValueException", words
    in_network = given.get("VpcConfig", {}).get("SubnetIds")
    if in_network and not rights.may(role, _NETWORK_RIGHT, "*"):
        words = (
            "The provided execution role does not have permissions to call CreateNetworkInterface "
            "on EC2"
        )
        return 400, "InvalidParameterValueException", words
    return None


def _network_of(given: Mapping[str, Any]) -> str:
    group = network.group_of((given.get("SecurityGroupIds") or [""])[0])
    return str(group.vpc_id) if group is not None else ""


def _needed(call: Call) -> list[tuple[str, str, Mapping[str, str]]]:
    """The actions, resources and circumstances that a call is about."""
    if call.service == "secretsmanager":
        return _of_secret(call)
    if call.service == "s3":
        action = _S3_ACTIONS.get(call.operation, f"s3:{call.operation}")
        key = urllib.parse.unquote(call.path.lstrip("/").partition("/")[2])
        resource = f"arn:aws:s3:::{call.bucket}" + (f"/{key}" if key else "")
        return [(action, resource, {}), *_of_objects_key(call)]
    return [(f"{call.service}:{call.operation}", "*", {})]


def _of_secret(call: Call) -> list[tuple[str, str, Mapping[str, str]]]:
    action = f"secretsmanager:{call.operation}"
    name = call.given.get("SecretId")
    if name is None:
        return [(action, "*", {})]
    secret = secret_of(name)
    if secret is None:
        return [(action, str(name), {})]
    uses = {"GetSecretValue": "kms:Decrypt", "PutSecretValue": "kms:GenerateDataKey"}
    key, use = _key_of(secret.kms_key_id), uses.get(call.operation)
    through = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
    theirs = [(use, key, through)] if key is not None and use is not None else []
    return [(action, secret.arn, {}), *theirs]


def _of_objects_key(call: Call) -> list[tuple[str, str, Mapping[str, str]]]:
    """Who reads what a key of one's own encrypts needs the key too."""
    bucket = backend("s3").buckets.get(call.bucket)
    rule = ((getattr(bucket, "encryption", None) or {}).get("Rule")) or {}
    usual = rule.get("ApplyServerSideEncryptionByDefault", {})
    uses = {"GetObject": "kms:Decrypt", "PutObject": "kms:GenerateDataKey"}
    key, use = _key_of(usual.get("KMSMasterKeyID")), uses.get(call.operation)
    through = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
    return [(use, key, through)] if key is not None and use is not None else []


def _key_of(name: str | None) -> str | None:
    """The ARN of a key of one's own; AWS's own keys want no rights."""
    if not name or name.rpartition(":")[2].startswith("alias/aws/"):
        return None
    return str(backend("kms").describe_key(name).arn)


def _unzipped(found: Any, folder: Path) -> Path:
    """The function's code, unpacked once."""
    target: Path = folder / "code" / found.code_digest.rpartition(":")[2]
    if not target.exists():
        part = target.with_name(f"{target.name}.{uuid.uuid4()}")
        with zipfile.ZipFile(BytesIO(found.code_bytes)) as opened:
            opened.extractall(part)
        part.rename(target)
    return target


def _brought(folder: Path) -> Path:
    """What Lambda's runtime brings along, and nothing else that is installed here."""
    target = folder / "brought"
    target.mkdir(parents=True, exist_ok=True)
    for name in _BROUGHT:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        link = target / source.name
        if not link.is_symlink():
            link.symlink_to(source)
    return target


def _ran(
    arguments: list[str], given: str, variables: Mapping[str, str], seconds: float
) -> tuple[str, int | None]:
    """What it wrote, and how it ended: None where its time was over."""
    command = [sys.executable, "-I", "-S", str(_RUNNER), *arguments]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(variables),
        text=True,
    ) as process:
        try:
            log = process.communicate(given, timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            return process.communicate()[0], None
    return log, process.returncode


def _outcome(
    answer: Path, code_of_exit: int | None, seconds: float, log: str
) -> tuple[Any, str | None]:
    """What is answered, and Lambda's word for how it failed."""
    if code_of_exit is None:
        told = f"{answer.stem} Task timed out after {seconds:.2f} seconds"
        return {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {told}"}, "Unhandled"
    if not answer.exists():
        told = f"RequestId: {answer.stem} Error: Runtime exited: {log[-200:]}"
        return {"errorType": "Runtime.ExitError", "errorMessage": told}, "Unhandled"
    found = json.loads(answer.read_text())
    answer.unlink()
    return found, "Unhandled" if code_of_exit else None

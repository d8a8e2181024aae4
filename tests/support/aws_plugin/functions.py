"""Lambda: a function from a folder, a zip or an archive of single files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.support.aws_plugin.aws import Aws, deep_lower, deep_upper, found, given, tagged, wait
from tests.support.aws_plugin.kind import Kind, Tagging, names
from tests.support.aws_plugin.wire import Props

_TAGGING: Final = Tagging(
    service="lambda",
    add="tag_resource",
    remove="untag_resource",
    target="Resource",
    as_map=True,
)
_SETTINGS: Final = {
    "handler": "Handler",
    "runtime": "Runtime",
    "role": "Role",
    "description": "Description",
    "timeout": "Timeout",
    "memorySize": "MemorySize",
    "kmsKeyArn": "KMSKeyArn",
    "layers": "Layers",
}
_CODE: Final = frozenset({"code", "sourceCodeHash", "architectures"})


def zipped(code: Mapping[str, Any]) -> bytes:
    """Paths are relative to where the CLI runs, which is where the plugin runs. The same content
    gives the same bytes.
    """
    path = code.get("path")
    if path and Path(path).is_file():
        return Path(path).read_bytes()
    content = dict(sorted(_files(code)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def _files(code: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    if code.get("path"):
        folder = Path(code["path"])
        for file in folder.rglob("*"):
            if file.is_file():
                yield file.relative_to(folder).as_posix(), file.read_bytes()
    for name, asset in (code.get("assets") or {}).items():
        if "text" in asset:
            yield name, str(asset["text"]).encode()
        elif Path(asset["path"]).is_file():
            yield name, Path(asset["path"]).read_bytes()
        else:
            for inner, data in _files(asset):
                yield f"{name}/{inner}", data


def _configuration(inputs: Props) -> Props:
    asked = given(inputs, **_SETTINGS)
    if inputs.get("vpcConfig"):
        asked["VpcConfig"] = given(inputs["vpcConfig"], "subnetIds", "securityGroupIds")
    if inputs.get("environment"):
        asked["Environment"] = {"Variables": inputs["environment"].get("variables") or {}}
    for name in ("loggingConfig", "ephemeralStorage", "tracingConfig"):
        if inputs.get(name):
            asked |= deep_upper({name: inputs[name]})
    return asked


def _make(aws: Aws, inputs: Props) -> str:
    aws.call(
        "lambda",
        "create_function",
        FunctionName=inputs["name"],
        Code={"ZipFile": zipped(inputs["code"])},
        **given(inputs, "architectures", "packageType"),
        **_configuration(inputs),
        Tags=inputs.get("tags") or {},
    )
    id_ = str(inputs["name"])
    _wait(aws, id_)
    return id_


def _wait(aws: Aws, id_: str) -> None:
    def is_there() -> bool:
        there = aws.call("lambda", "get_function_configuration", FunctionName=id_)
        status = there.get("LastUpdateStatus") or "Successful"
        return there.get("State", "Active") == "Active" and status == "Successful"

    wait(is_there)


def _settle(aws: Aws, id_: str, inputs: Props) -> None:
    kept = inputs.get("reservedConcurrentExecutions", -1)
    if kept is not None and kept >= 0:
        aws.call(
            "lambda",
            "put_function_concurrency",
            FunctionName=id_,
            ReservedConcurrentExecutions=kept,
        )


def _look(aws: Aws, id_: str, state: Props) -> Props | None:
    page = aws.ask("lambda", "get_function", FunctionName=id_)
    if page is None:
        return None
    item = page["Configuration"]
    kept = (
        "code",
        "sourceCodeHash",
        "publish",
        "skipDestroy",
        "reservedConcurrentExecutions",
        "loggingConfig",
    )
    shown = found(item, **_SETTINGS)
    place = item.get("VpcConfig") or {}
    variables = (item.get("Environment") or {}).get("Variables")
    logging = item.get("LoggingConfig")
    return {
        **{name: state[name] for name in kept if name in state},
        **shown,
        **found(item, "architectures", "packageType", "version", name="FunctionName"),
        "arn": item["FunctionArn"],
        "qualifiedArn": f"{item['FunctionArn']}:$LATEST",
        "invokeArn": aws.arn("apigateway", f"lambda:path/functions/{item['FunctionArn']}"),
        "codeSha256": item.get("CodeSha256", ""),
        "sourceCodeSize": int(item.get("CodeSize") or 0),
        "lastModified": str(item.get("LastModified", "")),
        **({"vpcConfig": found(place, "subnetIds", "securityGroupIds", "vpcId")} if place else {}),
        **({"environment": {"variables": variables}} if variables else {}),
        **({"loggingConfig": deep_lower(logging)} if logging else {}),
        **tagged(page.get("Tags")),
    }


def _change(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if not old:
        _settle(aws, id_, new)
        return
    if "tags" in keys:
        _TAGGING.change(aws, old["arn"], old, new)
    if keys & _CODE:
        aws.call(
            "lambda",
            "update_function_code",
            FunctionName=id_,
            ZipFile=zipped(new["code"]),
            **given(new, "architectures"),
        )
        _wait(aws, id_)
    if "reservedConcurrentExecutions" in keys:
        _settle(aws, id_, new)
    if keys - {"tags", *_CODE, "reservedConcurrentExecutions"}:
        aws.call("lambda", "update_function_configuration", FunctionName=id_, **_configuration(new))
        _wait(aws, id_)


def _drop(aws: Aws, id_: str, state: Props) -> None:
    if not state.get("skipDestroy"):
        aws.call("lambda", "delete_function", FunctionName=id_)


KINDS: Final[Mapping[str, Kind]] = {
    "aws:lambda/function:Function": Kind(
        what="Lambda Function",
        name="name",
        autonamed=True,
        make=_make,
        look=_look,
        drop=_drop,
        change=_change,
        settles=frozenset({"reservedConcurrentExecutions"}),
        defaults={
            "memorySize": 128,
            "packageType": "Zip",
            "publish": False,
            "reservedConcurrentExecutions": -1,
            "skipDestroy": False,
            "timeout": 3,
        },
        computed=names(
            "arn",
            "qualifiedArn",
            "invokeArn",
            "codeSha256",
            "sourceCodeSize",
            "lastModified",
            "version",
        ),
    ),
}

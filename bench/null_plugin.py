"""A plugin for AWS that answers at once and makes nothing: what remains is the engine's own time.

``install`` puts it where Pulumi's CLI looks. What the program needs of an answer it invents.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pulumi.provider.experimental.provider as provider
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import main

_ROOT: Final = Path(__file__).parents[1]
_SERVER: Final = "aws:rds/instance:Instance"
_CODE: Final = "code"
"""An archive, which the SDK for providers cannot read back from a state."""
_ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "getAvailabilityZones": {"names": [f"eu-north-1{letter}" for letter in "abc"]},
    "getCertificate": {"thumbprint": "00"},
    "getParameter": {"value": "ami-1"},
    "getCallerIdentity": {"accountId": "111122223333"},
}


def install(home: Path, python: str, version: str) -> None:
    """``version``: of the plugin that the SDK asks for."""
    name = f"resource-aws-v{version}"
    folder = home / "plugins" / name
    folder.mkdir(parents=True)
    (folder.parent / f"{name}.lock").touch()
    executable = folder / "pulumi-resource-aws"
    executable.write_text(
        f"#!{python}\nimport sys\nsys.path.insert(0, {str(_ROOT)!r})\n"
        f"from bench.null_plugin import run\nrun({version!r})\n"
    )
    executable.chmod(0o755)


def run(version: str) -> None:
    main(sys.argv[1:], version, Null())


class Null(provider.Provider):
    """Everything is as asked for, and there at once."""

    async def check_config(self, request: provider.CheckRequest) -> provider.CheckResponse:
        return provider.CheckResponse(inputs=request.new_inputs)

    async def diff_config(self, request: provider.DiffRequest) -> provider.DiffResponse:
        del request
        return provider.DiffResponse(changes=False)

    async def configure(self, request: provider.ConfigureRequest) -> provider.ConfigureResponse:
        del request
        return provider.ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_resources=True, accept_outputs=True
        )

    async def check(self, request: provider.CheckRequest) -> provider.CheckResponse:
        kept = {key: value for key, value in request.new_inputs.items() if key != _CODE}
        return provider.CheckResponse(inputs=kept)

    async def diff(self, request: provider.DiffRequest) -> provider.DiffResponse:
        del request
        return provider.DiffResponse(changes=False)

    async def create(self, request: provider.CreateRequest) -> provider.CreateResponse:
        if request.preview:
            return provider.CreateResponse(resource_id="", properties=dict(request.properties))
        id_ = hashlib.sha1(request.urn.encode(), usedforsecurity=False).hexdigest()[:12]
        kind = request.urn.split("::")[2].rpartition("$")[2]
        return provider.CreateResponse(
            resource_id=id_, properties={**_invented(kind, id_), **request.properties}
        )

    async def delete(self, request: provider.DeleteRequest) -> None:
        del request

    async def invoke(self, request: provider.InvokeRequest) -> provider.InvokeResponse:
        name = request.tok.rpartition(":")[2]
        answer = {key: _value(value) for key, value in _ANSWERS.get(name, {}).items()}
        return provider.InvokeResponse(return_value=answer)

    async def cancel(self) -> None:
        """Nothing is in flight."""


def _invented(kind: str, id_: str) -> dict[str, PropertyValue]:
    found: dict[str, Any] = {
        "arn": f"arn:aws:made:eu-north-1:111122223333:{id_}",
        "url": f"https://sqs.eu-north-1.amazonaws.com/{id_}",
        "address": f"{id_}.rds",
        "primaryEndpointAddress": f"{id_}.cache",
        "domainName": f"{id_}.cdn",
        "bucketRegionalDomainName": f"{id_}.s3",
    }
    if kind == _SERVER:
        found["masterUserSecrets"] = [{"secretArn": found["arn"]}]
    return {key: _value(value) for key, value in found.items()}


def _value(value: Any) -> PropertyValue:
    if isinstance(value, list):
        return PropertyValue([_value(item) for item in value])
    if isinstance(value, dict):
        return PropertyValue({key: _value(item) for key, item in value.items()})
    return PropertyValue(value)

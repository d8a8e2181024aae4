"""Pulumi's protocol of plugins over gRPC, spoken to :class:`Plugin`.

The SDK has a server of its own (``pulumi.provider.experimental``), but that writes a traceback into
each error, and what errors look like is half of what tests of this plugin are about.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any, Final, NoReturn

import grpc  # type: ignore[import-untyped]
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)
from tests.support.aws_plugin.compare import Difference
from tests.support.aws_plugin.plugin import PartlyMadeError, Plugin, ProblemError, Where
from tests.support.aws_plugin.wire import plain, struct

_SOURCE: Final = "  sdk-v2/provider2.go:572: sdk.helper_schema: "
_UNKNOWN: Final = 2
_EMPTY: Final = empty_pb2.Empty()


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, plugin: Plugin, version: str, engine: grpc.Channel) -> None:
        self._plugin, self._version = plugin, version
        self._engine = engine_pb2_grpc.EngineStub(engine)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        del request, context
        return proto.PluginInfo(version=self._version)

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        del context
        return proto.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Another region or account is another provider, and so everything is another."""
        del context
        before = plain(request.old_inputs) or plain(request.olds)
        now = plain(request.news)
        changed = [n for n in sorted({*before, *now}) if before.get(n) != now.get(n)]
        changed = [name for name in changed if name != "version"]
        found = [Difference(name, "UPDATE", name == "region") for name in changed]
        return _diff_response(found)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        args = plain(request.args)
        try:
            allowed = json.loads(args.get("allowedAccountIds") or "[]")
            self._plugin.configure(args.get("region"), allowed)
        except ProblemError as error:
            self._fail(context, str(error))
        return proto.ConfigureResponse(supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            inputs = self._plugin.check(
                Where(request.urn), plain(request.olds), plain(request.news), request.randomSeed
            )
        except ProblemError as error:
            self._fail(context, str(error))
        return proto.CheckResponse(inputs=struct(inputs))

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        ignored = frozenset(path.partition(".")[0] for path in request.ignoreChanges)
        try:
            found = self._plugin.diff(
                Where(request.urn),
                plain(request.olds),
                plain(request.old_inputs),
                plain(request.news),
                ignored,
            )
        except ProblemError as error:
            self._fail(context, str(error))
        return _diff_response(found)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            id_, state = self._plugin.create(
                Where(request.urn), plain(request.properties), preview=request.preview
            )
        except PartlyMadeError as error:
            self._half(context, request.urn, error)
        except ProblemError as error:
            self._refuse(context, request.urn, str(error))
        return proto.CreateResponse(id=id_, properties=struct(state))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            id_, state, inputs = self._plugin.read(
                Where(request.urn), request.id, plain(request.properties), plain(request.inputs)
            )
        except ProblemError as error:
            self._refuse(context, request.urn, str(error))
        return proto.ReadResponse(id=id_, properties=struct(state), inputs=struct(inputs))

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            state = self._plugin.update(
                Where(request.urn),
                request.id,
                plain(request.olds),
                plain(request.old_inputs),
                plain(request.news),
                preview=request.preview,
            )
        except ProblemError as error:
            self._refuse(context, request.urn, str(error))
        return proto.UpdateResponse(properties=struct(state))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            self._plugin.delete(Where(request.urn), request.id, plain(request.properties))
        except ProblemError as error:
            self._refuse(context, request.urn, str(error))
        return _EMPTY

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            answer = self._plugin.invoke(request.tok, plain(request.args))
        except ProblemError as error:
            self._fail(context, f"invoking {request.tok}: 1 error occurred:\n\t* {error}\n\n")
        given: dict[str, Any] = {"return": struct(answer)}
        return proto.InvokeResponse(**given)

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Nothing, as the genuine plugin: what it is at comes to its end."""
        del request, context
        return _EMPTY

    def _refuse(self, context: Any, urn: str, message: str) -> NoReturn:
        """Says it twice, as the genuine plugin does: once on the way, once as the answer."""
        self._log(urn, f"{_SOURCE}{message}: provider=aws@{self._version}")
        self._fail(context, f"1 error occurred:\n\t* {message}\n\n")

    def _half(self, context: Any, urn: str, error: PartlyMadeError) -> NoReturn:
        """The engine keeps what was made, and tries to finish it the next time."""
        self._log(urn, f"{_SOURCE}{error}: provider=aws@{self._version}")
        detail = any_pb2.Any()
        reason = f"1 error occurred:\n\t* {error}\n\n"
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=error.id, properties=struct(error.state), reasons=[reason]
            )
        )
        status = status_pb2.Status(code=_UNKNOWN, message=reason, details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        self._fail(context, reason)

    def _log(self, urn: str, message: str) -> None:
        line = engine_pb2.LogRequest(severity=engine_pb2.ERROR, urn=urn, message=message)
        # Without an engine nobody is left to be told.
        with contextlib.suppress(grpc.RpcError):
            self._engine.Log(line)

    def _fail(self, context: Any, message: str) -> NoReturn:
        context.abort(grpc.StatusCode.UNKNOWN, message)
        raise AssertionError("abort raises")


def _diff_response(found: list[Difference]) -> Any:
    kinds = provider_pb2.PropertyDiff
    detailed = {
        each.path: kinds(
            kind=kinds.Kind.Value(f"{each.op}_REPLACE" if each.replaces else each.op),
            inputDiff=False,
        )
        for each in found
    }
    some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
    return proto.DiffResponse(
        changes=some if found else none,
        replaces=sorted({each.property for each in found if each.replaces}),
        diffs=sorted({each.property for each in found}),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )

"""What the plugin does with each request, over plain properties; :mod:`servicer` speaks gRPC.

Errors leave as :class:`ProblemError` with the genuine plugin's words, or as
:class:`PartlyMadeError` where the resource is there and not whole.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.aws_plugin import (
    access,
    caches,
    databases,
    delivery,
    functions,
    groups,
    messages,
    network,
    objects,
    questions,
    routes,
)
from tests.support.aws_plugin.aws import Aws, AwsError, LackingError
from tests.support.aws_plugin.compare import Difference, differences
from tests.support.aws_plugin.faults import FaultError, Faults, Journal
from tests.support.aws_plugin.kind import Kind
from tests.support.aws_plugin.store import Keeping, Store
from tests.support.aws_plugin.wire import DEFAULTS, SIGNATURE, UNKNOWN, Props, without_marks

KINDS: Final[Mapping[str, Kind]] = {
    **network.KINDS,
    **groups.KINDS,
    **routes.KINDS,
    **objects.KINDS,
    **delivery.KINDS,
    **messages.KINDS,
    **databases.KINDS,
    **caches.KINDS,
    **access.KINDS,
    **functions.KINDS,
}


class ProblemError(Exception):
    """What the person is told; ``is_logged`` where the genuine plugin logs it as well."""


class PartlyMadeError(ProblemError):
    def __init__(self, message: str, *, id_: str, state: Props) -> None:
        super().__init__(message)
        self.id, self.state = id_, state


@dataclass(frozen=True, slots=True)
class Where:
    """What a request is about. ``Pulumi`` names types inside a urn with all their parents."""

    urn: str

    @property
    def type(self) -> str:
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        return self.urn.split("::")[-1]


class Plugin:
    """Its environment: see :mod:`faults` and :mod:`store`. One for each process."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._faults = Faults(_path(environ, "AWS_DOUBLE_FAULTS"))
        self._journal = Journal(_path(environ, "AWS_DOUBLE_LOG"))
        self._store = Store(_path(environ, "AWS_DOUBLE_STORE"))
        self._aws: Aws | None = None
        self._environ = environ
        self._idle = threading.Condition()
        self._busy = 0

    def finish(self, seconds: float) -> None:
        """Come back when nothing is being done any more, or after so long."""
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, seconds)

    @property
    def aws(self) -> Aws:
        if self._aws is None:
            raise ProblemError("the provider was not configured")
        return self._aws

    def configure(self, region: str | None, allowed: list[str]) -> None:
        """Raises ``ProblemError`` without credentials that work, or in another account."""
        aws = Aws(region or self._environ.get("AWS_REGION") or "us-east-1")
        try:
            aws.account = str(aws.call("sts", "get_caller_identity")["Account"])
        except Exception as error:
            raise ProblemError(
                "unable to validate AWS credentials.\nDetails: validating provider credentials: "
                f"retrieving caller identity from STS: {error}"
            ) from error
        if allowed and aws.account not in allowed:
            raise ProblemError(
                f"unable to validate AWS credentials.\nDetails: AWS account ID not allowed: "
                f"{aws.account}"
            )
        self._aws = aws

    def check(self, where: Where, before: Props, now: Props, seed: bytes) -> Props:
        """The inputs with names and defaults for what nobody gave, marked as such."""
        kind, added = self._kind(where), {}
        if kind.autonamed and kind.name not in now:
            ending = hashlib.sha256(seed or where.urn.encode()).hexdigest()[:7]
            added[kind.name] = before.get(kind.name) or f"{where.name}-{ending}"
        added |= {name: value for name, value in kind.defaults.items() if name not in now}
        with self._watched("check", where):
            return {**_marked(now), **added, DEFAULTS: sorted(added)}

    def diff(
        self, where: Where, state: Props, before: Props, now: Props, ignored: frozenset[str]
    ) -> list[Difference]:
        with self._watched("diff", where):
            return differences(where.type, state, before, now, ignored=ignored)

    def create(self, where: Where, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        given = without_marks(inputs)
        if preview:
            return "", {**given, **_unknown(self._kind(where), given)}
        kind = self._keeping(where)
        with self._watched("create", where, "creating", given):
            id_ = kind.make(self.aws, given)
            try:
                kind.settle(self.aws, id_, given)
                state = {**given, **(kind.look(self.aws, id_, given) or {})}
            except (AwsError, LackingError, TimeoutError) as error:
                told = f"setting {kind.kind.called(given)}: {error}"
                kept = _without(given, kind.kind.settles)
                raise PartlyMadeError(told, id_=id_, state=kept) from error
            return id_, {**state, **self._place(where)}

    def read(self, where: Where, id_: str, state: Props, inputs: Props) -> tuple[str, Props, Props]:
        """``("", {}, {})`` where nothing is there. Without inputs, all of them are found out."""
        kind = self._keeping(where)
        with self._watched("read", where, "reading", state):
            found = kind.look(self.aws, id_, state)
        if found is None:
            return "", {}, {}
        whole = {**state, **found, **self._place(where)}
        for name in ("tags",):
            if name not in found:
                whole.pop(name, None)
        return id_, whole, _inputs(kind.kind, whole, inputs)

    def update(
        self, where: Where, id_: str, state: Props, before: Props, now: Props, *, preview: bool
    ) -> Props:
        given = without_marks(now)
        if preview:
            return {**state, **given}
        kind = self._keeping(where)
        found = differences(where.type, state, before, given)
        keys = frozenset(each.property for each in found)
        gone = {name for name in before if name not in given}
        with self._watched("update", where, "updating", given):
            kind.change(self.aws, id_, state, given, keys)
            shown = kind.look(self.aws, id_, {**_without(state, gone), **given}) or {}
            return {**given, **shown, **self._place(where)}

    def delete(self, where: Where, id_: str, state: Props) -> None:
        """What is gone already is no error."""
        kind = self._keeping(where)
        with self._watched("delete", where, "deleting", state):
            try:
                kind.drop(self.aws, id_, state)
            except AwsError as error:
                if not error.gone:
                    raise

    def invoke(self, token: str, asked: Props) -> Props:
        where = Where(f"urn:pulumi:::::{token}::{token}")
        with self._watched("invoke", where):
            return questions.answer(self.aws, token, asked)

    def _kind(self, where: Where) -> Kind:
        """Raises ``ProblemError`` for a type that this double was not taught."""
        if where.type not in KINDS:
            raise ProblemError(f"the plugin's double knows no {where.type}")
        return KINDS[where.type]

    def _keeping(self, where: Where) -> Keeping:
        def lacking(what: str) -> None:
            self._journal.write(operation="lacking", urn=where.urn, error=what)

        return Keeping(where.type, self._kind(where), self._store, lacking)

    def _place(self, where: Where) -> Props:
        """Since version 7 every resource of one region tells which."""
        is_global = where.type.startswith(("aws:iam/", "aws:cloudfront/"))
        return {} if is_global else {"region": self.aws.region}

    @contextmanager
    def _watched(
        self, operation: str, where: Where, verb: str = "", props: Props | None = None
    ) -> Iterator[None]:
        """Faults before and after, the genuine plugin's words for what fails, and the journal."""
        with self._idle:
            self._busy += 1
        try:
            with self._told(operation, where, verb, props):
                yield
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    @contextmanager
    def _told(self, operation: str, where: Where, verb: str, props: Props | None) -> Iterator[None]:
        try:
            self._faults.meet("before", operation, where.type, where.urn)
            yield
            self._faults.meet("after", operation, where.type, where.urn)
        except ProblemError as error:
            self._journal.write(operation=operation, urn=where.urn, error=str(error))
            raise
        except (FaultError, AwsError, LackingError, OSError, ValueError, KeyError) as error:
            words = str(error) if not isinstance(error, KeyError) else f"missing {error}"
            if verb and not isinstance(error, FaultError):
                words = f"{verb} {self._kind(where).called(props or {})}: {words}"
            self._journal.write(operation=operation, urn=where.urn, error=words)
            raise ProblemError(words) from error
        self._journal.write(operation=operation, urn=where.urn, error=None)


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None


def _without(state: Props, gone: Set[str]) -> Props:
    return {name: value for name, value in state.items() if name not in gone}


def _marked(value: Any) -> Any:
    """The genuine plugin marks every object, whether it got defaults or not."""
    if isinstance(value, dict):
        return {name: _within(item) for name, item in value.items()}
    return value


def _within(item: Any) -> Any:
    if isinstance(item, list):
        return [_within(each) for each in item]
    if isinstance(item, dict) and SIGNATURE not in item:
        return {**{name: _within(each) for name, each in item.items()}, DEFAULTS: []}
    return item


def _unknown(kind: Kind, given: Props) -> Props:
    """Computed outputs before there are any; tags are known from the inputs."""
    found: Props = {name: UNKNOWN for name in kind.computed if name not in given}
    if "tagsAll" in kind.computed:
        found["tagsAll"] = given.get("tags") or {}
    return found


def _inputs(kind: Kind, state: Props, inputs: Props) -> Props:
    """Of known inputs their present values; of none, all that an import would write down."""
    if inputs:
        return {
            name: value if name == DEFAULTS or name not in state else _refreshed(value, state[name])
            for name, value in inputs.items()
            if name == DEFAULTS or name in state
        }
    return {
        **{
            name: _within(value)
            for name, value in state.items()
            if name not in kind.computed and name != "region" and value not in (None, "", [], {})
        },
        DEFAULTS: [],
    }


def _refreshed(value: Any, now: Any) -> Any:
    """An object keeps its shape: what AWS knows beyond it was never an input."""
    from tests.support.aws_plugin.compare import same

    return value if same(value, now) else _within(now)

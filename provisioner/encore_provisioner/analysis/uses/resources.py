"""What one use of a resource does, for each kind that can be used (contract A7 and C.5).

In: a declaration and an occurrence of its variable. Out: operations, or None where the occurrence
is no use. A form that Encore refuses is an error; the operations then still say what the code does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from encore_config.graph import Operation
from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import (
    BUCKET_METHODS,
    BUCKET_PERMISSIONS,
    EXEC_METHODS,
    KEYSPACE_METHODS,
    METRIC_METHODS,
    METRIC_OPERATIONS,
    TOPIC_METHODS,
    TOPIC_PERMISSIONS,
    Kind,
)
from encore_provisioner.analysis.declarations.model import Declared, Metric
from encore_provisioner.analysis.findings import did_you_mean
from encore_provisioner.analysis.source import Span
from encore_provisioner.analysis.uses.model import Context, Occurrence
from encore_provisioner.analysis.uses.permissions import Permissions
from encore_provisioner.analysis.uses.queries import query_of
from encore_provisioner.analysis.uses.sql import WRITE, query_operations

Operations = frozenset[Operation]
_TOPIC_REF: Final = Permissions(TOPIC_PERMISSIONS, TOPIC_METHODS, "Topic")
_BUCKET_REF: Final = Permissions(BUCKET_PERMISSIONS, BUCKET_METHODS, "Bucket")
_ACCESS: Final[Operations] = frozenset({"access"})


def database(used: Declared, found: Occurrence, context: Context) -> Operations | None:
    if found.seen in ("callee", "other"):
        message = f"Encore refuses this use of {used.title}, which it cannot follow"
        hint = "call its methods here, pass it to a function, or import its variable where needed"
        context.findings.add("E0706", found.span, message, hint=hint)
    if found.shape in ("method", "template"):
        return _ACCESS | _query(found)
    return _ACCESS


def _query(found: Occurrence) -> Operations:
    """``exec`` returns nothing, so it is there to change something, unless its text says no."""
    query = query_of(found)
    operations = query_operations(query.sql) if query is not None else Operations()
    return operations or (WRITE if found.member in EXEC_METHODS else operations)


def topic(used: Declared, found: Occurrence, context: Context) -> Operations | None:
    if found.seen not in ("method", "constructor", "index"):
        message = f"Encore refuses this use of {used.title}: it follows only calls of its methods"
        hint = "call `publish`, or pass on `topic.ref<Publisher>()`"
        context.findings.add("E0707", found.span, message, hint=hint)
    if found.shape != "method" or found.call is None:
        return None
    if found.member == "ref":
        return _reference(_TOPIC_REF, found, context)
    return _of(TOPIC_METHODS, found.member)


def bucket(used: Declared, found: Occurrence, context: Context) -> Operations | None:
    if found.seen not in ("method", "index"):
        message = f"Encore refuses this use of {used.title}: it follows only calls of its methods"
        hint = "call a method of the bucket, or pass on `bucket.ref<…>()`"
        context.findings.add("E0708", found.span, message, hint=hint)
    if found.shape != "method" or found.call is None:
        return None
    if found.member == "ref":
        return _reference(_BUCKET_REF, found, context)
    if found.member in BUCKET_METHODS:
        return _of(BUCKET_METHODS, found.member)
    hint = did_you_mean(found.member, (*BUCKET_METHODS, "ref"), "see Encore's docs for its methods")
    message = f"a bucket has no method `{found.member}`"
    context.findings.add("E0709", member_span(found), message, hint=hint)
    return None


def metric(used: Declared, found: Occurrence, context: Context) -> Operations | None:
    if found.seen not in ("method", "constructor", "index"):
        message = f"Encore refuses this use of {used.title}: it follows only calls of its methods"
        hint = "call `increment`, `set`, `with` or `ref` here"
        context.findings.add("E0711", found.span, message, hint=hint)
    if found.shape != "method" or found.member not in METRIC_METHODS:
        return None
    return frozenset(METRIC_OPERATIONS[used.metric_kind]) if isinstance(used, Metric) else None


def keyspace(_used: Declared, found: Occurrence, _context: Context) -> Operations | None:
    member, call = found.member, found.call
    while member == "with" and call is not None:
        parent = nodes.wrapped(call).parent
        is_member = parent is not None and parent.type == "member_expression"
        name = nodes.field(parent, "property") if parent is not None and is_member else None
        member = nodes.text(name) if name is not None else ""
        call = parent.parent if parent is not None and is_member else None
    return _ACCESS | frozenset(KEYSPACE_METHODS.get(member, ()))


def cache(_used: Declared, found: Occurrence, _context: Context) -> Operations | None:
    """A class that is given the cluster; keyspaces are known by their declarations."""
    made = nodes.field(found.call, "constructor") if found.call is not None else None
    if found.seen != "constructor" or made is None or nodes.text(made).endswith("Keyspace"):
        return None
    return _ACCESS


USERS: Final[Mapping[Kind, Callable[[Declared, Occurrence, Context], Operations | None]]] = {
    "bucket": bucket,
    "cache": cache,
    "database": database,
    "keyspace": keyspace,
    "metric": metric,
    "topic": topic,
}


def _of(methods: Mapping[str, tuple[Operation, ...]], name: str) -> Operations | None:
    return frozenset(methods[name]) if name in methods else None


def member_span(found: Occurrence) -> Span:
    outer = nodes.wrapped(found.node).parent
    member = None
    if outer is not None:
        member = nodes.field(outer, "property") or nodes.field(outer, "index")
    return found.module.span(member) if member is not None else found.span


def _reference(permissions: Permissions, found: Occurrence, context: Context) -> Operations | None:
    given = nodes.type_arguments(found.call) if found.call is not None else ()
    names = ", ".join(f"`{name}`" for name in permissions.types)
    if not given:
        message = "`ref` must say as a type argument what the reference permits"
        context.findings.add("E0713", member_span(found), message, hint=f"one or more of {names}")
        return None
    operations = permissions.of(found.module, given[0], context.resolver)
    text, span = nodes.text(given[0]), found.module.span(given[0])
    what = permissions.resource.lower()
    if operations is None:
        message = f"`{text}` names no permission on a {what}"
        hint = f"use {names}, joined with `&`"
        if given[0].type == "type_identifier":
            hint = did_you_mean(text, permissions.types, hint)
        context.findings.add("E0714", span, message, hint=hint)
    elif not operations:
        message = f"Encore sees nothing in `{text}` that a {what} permits: it grants nothing for it"
        context.findings.add("W0714", span, message, hint=f"use {names}, joined with `&`")
    return operations or None

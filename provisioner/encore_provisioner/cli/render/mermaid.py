"""A graph as a Mermaid flowchart, for a README or a pull request.

In: a ``Graph``. Out: the diagram's text. Identifiers are ours (``n0`` …); what people named
stands only in quoted labels, with every character that means something to Mermaid escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from encore_config.graph import Graph

_SHAPES: Final = {
    "service": ("[", "]"),
    "database": ("[(", ")]"),
    "topic": ("{{", "}}"),
    "bucket": ("[/", "/]"),
    "cache": ("([", "])"),
    "gateway": ("((", "))"),
    "cron": (">", "]"),
}
_PLAIN: Final = frozenset(" _-./:,()")

Key = tuple[str, str]
"""Kind and name of a node."""


def mermaid(graph: Graph) -> str:
    """The flowchart: services, resources, and an arrow for each use, subscription and schedule."""
    nodes = {key: f"n{index}" for index, key in enumerate(_nodes(graph))}
    lines = ["flowchart LR"]
    lines += [f"  {_node(nodes[key], key)}" for key in nodes]
    edges = {
        (nodes[source], label, nodes[target]): None
        for source, label, target in _edges(graph)
        if source in nodes and target in nodes
    }
    lines += [
        f'  {a} -->|"{escape(label)}"| {b}' if label else f"  {a} --> {b}" for a, label, b in edges
    ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """A label's text: letters, digits and a few marks stay, the rest become ``#<number>;``."""
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)


def _nodes(graph: Graph) -> Iterator[Key]:
    if any(endpoint.access != "private" for endpoint in graph.endpoints):
        yield "gateway", graph.gateway.name
    yield from (("service", item.name) for item in graph.services)
    yield from (("database", item.name) for item in graph.databases)
    yield from (("topic", item.name) for item in graph.topics)
    yield from (("bucket", item.name) for item in graph.buckets)
    yield from (("cache", item.name) for item in graph.caches)
    yield from (("cron", item.name) for item in graph.cron_jobs)


def _node(identifier: str, key: Key) -> str:
    kind, name = key
    opening, closing = _SHAPES[kind]
    return f'{identifier}{opening}"{kind} {escape(name)}"{closing}'


def _edges(graph: Graph) -> Iterator[tuple[Key, str, Key]]:
    reachable = {e.service for e in graph.endpoints if e.access != "private"}
    for name in sorted(reachable):
        yield ("gateway", graph.gateway.name), "", ("service", name)
    for use in graph.uses:
        if use.kind == "endpoint":
            called = use.name.partition(".")[0]
            if called != use.service:
                yield ("service", use.service), "call", ("service", called)
        else:
            yield ("service", use.service), ", ".join(use.operations), (use.kind, use.name)
    for item in graph.subscriptions:
        yield ("topic", item.topic), item.name, ("service", item.service)
    for job in graph.cron_jobs:
        yield ("cron", job.name), job.endpoint.name, ("service", job.endpoint.service)

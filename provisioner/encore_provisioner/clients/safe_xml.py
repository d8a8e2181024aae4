"""Reads XML that another program sent. No entities: a document with a DOCTYPE is refused.

Without a DOCTYPE there is nothing that could be expanded or fetched, which is what makes
parsing foreign XML safe. Namespaces are dropped: the services' answers have only one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class XmlError(ValueError):
    """The document is no XML, or carries what we refuse to read."""


def parse(document: bytes) -> Element:
    """The root element; raises :class:`XmlError`."""
    from xml.etree.ElementTree import TreeBuilder

    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, attributes: builder.start(_local(name), attributes)
    parser.EndElementHandler = lambda name: builder.end(_local(name))
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise XmlError(str(error)) from error
    return builder.close()


def _refuse_doctype(*_: object) -> None:
    raise XmlError("a DOCTYPE is not accepted")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def text(parent: Element, path: str, default: str = "") -> str:
    """The text of the first element at ``path``; ``default`` when there is none."""
    return parent.findtext(path) or default


def entries(parent: Element, path: str) -> Iterator[tuple[str, str]]:
    """Key and value of a list of maps, named either ``key`` or ``Key``."""
    for item in parent.iterfind(path):
        yield text(item, "key") or text(item, "Key"), text(item, "value") or text(item, "Value")


def element(name: str, content: str) -> str:
    """An element around ``content``, which is XML already."""
    return f"<{name}>{content}</{name}>"


def leaf(name: str, content: str) -> str:
    """An element around plain text."""
    return element(name, _escape(content))


def _escape(content: str) -> str:
    # xml.sax.saxutils would bring urllib.request and 20 ms with it.
    return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

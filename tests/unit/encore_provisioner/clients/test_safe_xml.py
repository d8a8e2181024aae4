"""XML from elsewhere: read without namespaces, refused with a DOCTYPE."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_provisioner.clients import safe_xml
from encore_provisioner.clients.safe_xml import XmlError, element, entries, leaf, parse, text

REFUSED = {
    "an entity": b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    "an external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "entities of entities": b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><a>&z;</a>',
    "a foreign DTD": b'<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>',
    "an unknown entity": b"<a>&x;</a>",
    "half a document": b"<a><b></a>",
    "two documents": b"<a/><b/>",
    "nothing": b"",
    "no XML": b"{}",
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED.keys())
def test_refused(document: bytes) -> None:
    with pytest.raises(XmlError):
        parse(document)


def test_namespaces_are_dropped() -> None:
    root = parse(b'<r xmlns="urn:x" xmlns:o="urn:o"><o:a>1</o:a><a>2</a></r>')
    assert [(child.tag, child.text) for child in root] == [("a", "1"), ("a", "2")]


def test_entries_under_either_spelling() -> None:
    root = parse(b"<r><e><key>a</key><value>1</value></e><e><Key>b</Key><Value></Value></e></r>")
    assert list(entries(root, "e")) == [("a", "1"), ("b", "")]


def test_text_of_what_is_not_there() -> None:
    root = parse(b"<r><a/></r>")
    assert (text(root, "a"), text(root, "b", "none")) == ("", "none")


# What XML 1.0 can hold; a lone carriage return is read back as a newline.
characters = st.characters(
    min_codepoint=0x20, max_codepoint=0xD7FF, exclude_categories=["Cs"]
) | st.sampled_from("\t\n")


@given(st.text(characters))
def test_what_is_written_is_read(content: str) -> None:
    root = safe_xml.parse(element("r", leaf("a", content)).encode())
    assert text(root, "a") == content

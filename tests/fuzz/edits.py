"""Changes to the text of one file: bytes, tokens, lines, nodes of the syntax tree.

In: a text and a source of randomness. Out: another text. Nothing here knows what a declaration
is; reach comes from exchanging parts of real files with parts of the same kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Final

import tree_sitter_typescript
from tests.fuzz.apps import seeds, sources
from tree_sitter import Language, Node, Parser

Edit = Callable[[bytes, Random], bytes]
_TOKEN: Final = re.compile(rb"[A-Za-z_$][\w$]*|\d+|\"[^\"\n]*\"|'[^'\n]*'|=>|\?\.|\s+|.", re.DOTALL)
_LONGEST_NODE: Final = 3_000
_MOST_NODES: Final = 400
PIECES: Final = (
    *(bytes([char]) for char in b"(){}[]<>`'\"=,;:.?!@#$&|*/\\\n\r\0\x7f\xff"),
    *(b"${", b"=>", b"...", b"?.", b"//", b"/*", b"*/", b"<T>`", b"\\u{110000}", b"\\ud800"),
    *(b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\r\n", "é😀\u0301".encode(), b"\t"),
    *(b"export default ", b"new ", b"const ", b"_ = ", b"type ", b"class A {", b"await ", b"as "),
    *(b"import * as x from './a';", b"export * from './b';", b"export { db as default };"),
    *(b"import x from '~encore/clients';", b"import { api } from 'encore.dev/api';", b"9" * 400),
    *(b"async ", b"function f() {", b"satisfies X", b"`${x}`", b"...x", b"[x]: ", b"-1", b"1e999"),
)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_typescript.language_typescript()))


@cache
def _texts() -> tuple[bytes, ...]:
    return tuple(sorted({text for app in seeds() for text in sources(app).values() if text}))


@cache
def _nodes() -> dict[str, tuple[bytes, ...]]:
    """Parts of real files by their kind in the grammar."""
    found: dict[str, set[bytes]] = {}
    for source in _texts():
        todo = [_parser().parse(source).root_node]
        while todo:
            node = todo.pop()
            if node.is_named and node.text and len(node.text) <= _LONGEST_NODE:
                found.setdefault(node.type, set()).add(node.text)
            todo.extend(node.children)
    return {kind: tuple(sorted(texts)[:_MOST_NODES]) for kind, texts in sorted(found.items())}


@cache
def _tokens() -> tuple[bytes, ...]:
    return tuple(sorted({token for text in _texts() for token in _TOKEN.findall(text)}))


def splice(text: bytes, random: Random) -> bytes:
    at = random.randint(0, len(text))
    return text[:at] + random.choice(PIECES) + text[at + random.choice((0, 0, 1, 5, 30)) :]


def flip(text: bytes, random: Random) -> bytes:
    changed = bytearray(text)
    for _ in range(random.choice((1, 1, 3, 20)) if changed else 0):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def truncate(text: bytes, random: Random) -> bytes:
    at = random.randint(0, len(text))
    return random.choice((text[:at], text[at:]))


def token(text: bytes, random: Random) -> bytes:
    """Delete, double, swap or replace tokens."""
    tokens: list[bytes] = _TOKEN.findall(text)
    if not tokens:
        return text
    for _ in range(random.choice((1, 1, 2, 6))):
        one, other = random.randrange(len(tokens)), random.randrange(len(tokens))
        match random.randrange(5):
            case 0:
                tokens[one] = b""
            case 1:
                tokens[one] += tokens[one]
            case 2:
                tokens[one], tokens[other] = tokens[other], tokens[one]
            case 3:
                tokens[one] = tokens[other]
            case _:
                tokens[one] = random.choice(_tokens())
    return b"".join(tokens)


def line(text: bytes, random: Random) -> bytes:
    lines = text.split(b"\n")
    at = random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(random.randrange(len(lines)), lines[at])
        case 2:
            random.shuffle(lines)
        case _:
            lines = b" ".join(lines).split(b"\n")
    return b"\n".join(lines)


def _pick(text: bytes, random: Random) -> Node | None:
    """A node at a random place, at a random height."""
    if not text:
        return None
    at = random.randrange(len(text))
    node = _parser().parse(text).root_node.named_descendant_for_byte_range(at, at)
    for _ in range(random.choice((0, 0, 1, 2, 4, 8))):
        if node is None or node.parent is None or node.parent.parent is None:
            break
        node = node.parent
    return node


def node(text: bytes, random: Random) -> bytes:
    """Replace a part by another one of the same kind, sometimes of any kind; or remove, double."""
    found = _pick(text, random)
    if found is None:
        return text
    start, stop = found.start_byte, found.end_byte
    part, kinds = text[start:stop], _nodes()
    match random.randrange(6):
        case 0:
            part = b""
        case 1:
            part += random.choice((b"", b";", b",", b"\n")) + part
        case 2:
            part = random.choice(kinds[random.choice(tuple(kinds))])
        case _:
            part = random.choice(kinds.get(found.type, (part,)))
    return text[:start] + part + text[stop:]


def nest(text: bytes, random: Random) -> bytes:
    """Put a part deep into brackets, or repeat it very often."""
    found = _pick(text, random)
    if found is None or found.end_byte - found.start_byte > _LONGEST_NODE:
        return text
    part = text[found.start_byte : found.end_byte]
    opening, closing = random.choice(
        ((b"(", b")"), (b"[", b"]"), (b"{", b"}"), (b"f(", b")"), (b"A<", b">"), (b"`${", b"}`"),
         (b"a.", b""), (b"!", b""), (b"a ? ", b" : b"), (b"() => {", b"}"), (b"{ x: ", b" }"),
         (b"", b", " + part), (b"", b" + " + part), (b"", b" | " + part), (b"", b".a"))
    )  # fmt: skip
    times = random.choice((2, 10, 100, 1_000))
    times = min(times, 40_000 // (len(opening) + len(closing)))
    deep = opening * times + part + closing * times
    return text[: found.start_byte] + deep + text[found.end_byte :]


def stretch(text: bytes, random: Random) -> bytes:
    """A very long name, string, number, line or run of blanks somewhere."""
    at = random.randint(0, len(text))
    filler = random.choice((b"a", b"9", b" ", b"\n", b"'a' + ", b"/**/", "é".encode(), b"\\", b"<"))
    return text[:at] + filler * random.choice((50, 1_000, 10_000)) + text[at:]


def line_ends(text: bytes, random: Random) -> bytes:
    """Other line ends, all of one kind or mixed, or a byte order mark."""
    if random.randrange(4) == 0:
        return b"\xef\xbb\xbf" + text
    ends: tuple[bytes, ...] = (b"\r\n", b"\r", b"\n", b"\n\r", b"\xe2\x80\xa8")
    if random.randrange(2):
        ends = (random.choice(ends),)
    first, *lines = text.split(b"\n")
    return first + b"".join(random.choice(ends) + line for line in lines)


EDITS: Final[tuple[Edit, ...]] = (
    *(node, node, node, node, token, token, splice, splice),
    *(flip, truncate, line, nest, stretch, line_ends),
)
"""What happens more often stands here more often."""


def edited(text: bytes, random: Random) -> bytes:
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        text = random.choice(EDITS)(text, random)
    return text[:200_000]


def anything(random: Random) -> bytes:
    """Any bytes: noise, pieces of code without order, or parts of real files."""
    match random.randrange(3):
        case 0:
            return random.randbytes(random.choice((0, 1, 10, 400)))
        case 1:
            return b"".join(random.choices(PIECES + _tokens(), k=random.choice((3, 30, 300))))
        case _:
            kinds = _nodes()
            chosen = random.choices(tuple(kinds), k=random.choice((1, 5, 20)))
            return b"\n".join(random.choice(kinds[kind]) for kind in chosen)

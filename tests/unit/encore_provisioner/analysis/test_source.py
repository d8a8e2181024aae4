"""Text and positions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from encore_config.position import At, End
from encore_provisioner.analysis.source import Span, read_source


def test_columns_count_code_points() -> None:
    source = read_source("a.ts", '\n  "ü🛒" x'.encode())
    offset = source.text.index(b"x")
    assert source.position(offset) == (2, 8)


def test_a_byte_order_mark_and_line_ends_leave_no_trace() -> None:
    plain = read_source("a.ts", b"a\nb\nc\n")
    for other in (b"\xef\xbb\xbfa\r\nb\r\nc\r\n", b"a\rb\rc\r"):
        assert read_source("a.ts", other).text == plain.text


def test_what_is_underlined_ends_with_its_line() -> None:
    source = read_source("a.ts", b"new X(\n  1,\n)")
    place = Span(source, 0, len(source.text)).place
    assert (place.at, place.end) == (At(file="a.ts", line=1, column=1), End(line=1, column=7))


@given(st.binary())
def test_every_offset_of_any_bytes_has_a_position(raw: bytes) -> None:
    source = read_source("a.ts", raw)
    lines = source.text.decode().split("\n")
    for offset in range(len(source.text) + 1):
        line, column = source.position(offset)
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1

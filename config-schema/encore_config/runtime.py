"""The protobuf runtime config: made from ``infra.config.json``, turned back, packed for a variable.

The mapping itself stands in ``runtime_map`` (there) and ``runtime_inverse`` (back). This module
adds the two encodings: raw bytes for a file, text for ``ENCORE_RUNTIME_CONFIG`` (contract 1.1).
"""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from typing import Final

from google.protobuf.message import DecodeError

from encore_config.errors import DocumentError
from encore_config.proto.runtime_pb2 import RuntimeConfig
from encore_config.runtime_compare import differences
from encore_config.runtime_inverse import Translated, to_infra
from encore_config.runtime_map import TopicExtra, from_infra

__all__ = [
    "RuntimeConfig",
    "TopicExtra",
    "Translated",
    "decode_value",
    "differences",
    "encode_value",
    "from_infra",
    "parse",
    "serialise",
    "to_infra",
]

_GZIP: Final = "gzip:"


def serialise(config: RuntimeConfig) -> bytes:
    """Equal messages give equal bytes: maps are written in the order of their keys."""
    return config.SerializeToString(deterministic=True)


def parse(data: bytes) -> RuntimeConfig:
    """The message in raw bytes; raises :class:`DocumentError`."""
    try:
        return RuntimeConfig.FromString(data)
    except DecodeError as error:
        raise DocumentError(
            "this is no encore.runtime.v1.RuntimeConfig",
            hint="a file holds the raw protobuf, a variable its base64",
        ) from error


def encode_value(data: bytes) -> str:
    """The value of ``ENCORE_RUNTIME_CONFIG`` for raw bytes: the shorter of its two forms.

    Standard padded base64, or ``gzip:`` and the base64 of the gzipped bytes (no time in it).
    """
    plain = base64.b64encode(data).decode("ascii")
    packed = _GZIP + base64.b64encode(_gzip(data)).decode("ascii")
    return min(plain, packed, key=len)


def _gzip(data: bytes) -> bytes:
    """Without a time; byte 9 names the system, which Python's versions set differently."""
    packed = gzip.compress(data, mtime=0)
    return packed[:9] + b"\xff" + packed[10:]


def decode_value(value: str) -> bytes:
    """The raw bytes behind a value of ``ENCORE_RUNTIME_CONFIG``; raises :class:`DocumentError`."""
    text = value.removeprefix(_GZIP)
    try:
        data = base64.b64decode(text, validate=True)
        if base64.b64encode(data).decode("ascii") != text:
            raise ValueError("not the one form of these bytes")
        return _gunzip(data) if value.startswith(_GZIP) else data
    except (ValueError, binascii.Error, OSError, EOFError, zlib.error) as error:
        raise DocumentError(
            "the value is neither padded base64 nor gzip: and base64",
            hint="pass the output of: encore-infra config --format runtime",
        ) from error


def _gunzip(data: bytes) -> bytes:
    if not data:
        raise ValueError("no bytes are no gzip")
    return gzip.decompress(data)

"""What goes over Pulumi's wire as plain Python values, and back.

Structs become dicts, whole numbers ints; a value that only an apply will know is :data:`UNKNOWN`
wherever it stands. Assets and archives stay the dicts that they are there, with their hashes.
Secrets do not come here: the plugin says that it takes none, as the genuine one does.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import struct_pb2

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
DEFAULTS: Final = "__defaults"
"""The plugin's own mark in inputs: which of them nobody gave."""
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"

Props = dict[str, Any]


def plain(struct: struct_pb2.Struct) -> Props:
    return {name: _plain(value) for name, value in struct.fields.items()}


def _plain(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return plain(value.struct_value)
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None if kind == "null_value" or kind is None else getattr(value, kind)


def struct(props: Props) -> struct_pb2.Struct:
    """Raises ``TypeError`` for what Pulumi has no value for."""
    return struct_pb2.Struct(fields={name: _value(item) for name, item in props.items()})


def _value(item: Any) -> struct_pb2.Value:
    if item is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(item, bool):
        return struct_pb2.Value(bool_value=item)
    if isinstance(item, int | float):
        return struct_pb2.Value(number_value=float(item))
    if isinstance(item, str):
        return struct_pb2.Value(string_value=item)
    if isinstance(item, list | tuple):
        values = [_value(each) for each in item]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=values))
    if isinstance(item, dict):
        return struct_pb2.Value(struct_value=struct(item))
    raise TypeError(f"{type(item).__name__} is nothing that Pulumi has")


def is_known(value: Any) -> bool:
    """Whether nothing in it waits for an apply."""
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return not (isinstance(value, str) and value == UNKNOWN)


def without_marks(value: Any) -> Any:
    """Inputs as somebody gave them, and the defaults, without what says which is which."""
    if isinstance(value, dict):
        return {name: without_marks(item) for name, item in value.items() if name != DEFAULTS}
    if isinstance(value, list):
        return [without_marks(item) for item in value]
    return value

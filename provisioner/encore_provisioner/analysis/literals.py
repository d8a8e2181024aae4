"""Arguments of declarations: literals only, as Encore evaluates them (contract A3).

In: a node and what it is for. Out: its value, or None with a finding. There is no folding of
constants; where a value could be found out, the hint says what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

from tree_sitter import Node

from encore_config.graph import Seconds
from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.findings import Findings, did_you_mean, one_of
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.resolver import Resolver

_LARGEST: Final = 2**63 - 1
LARGEST_COUNT: Final = 2**32 - 1
"""The most that a count or an HTTP status may be: Encore keeps them in 32 bits."""
_DEEPEST: Final = 60
_NANOSECONDS: Final[dict[str, int]] = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60 * 1_000_000_000,
    "h": 3_600 * 1_000_000_000,
    "d": 86_400 * 1_000_000_000,
    "w": 604_800 * 1_000_000_000,
    "y": 31_556_926 * 1_000_000_000,
}
_PART: Final = re.compile(r"([0-9]{1,19})(ns|us|ms|s|m|h|d|w|y)")
_NUMBER: Final = re.compile(
    r"0[xX][0-9a-fA-F_]{1,16}|0[oO][0-7_]{1,22}|0[bB][01_]{1,64}|[0-9][0-9_]{0,18}"
)
_UNNAMEABLE: Final = re.compile("[\0\ud800-\udfff]")
"""What no file system holds in a name."""
_DECIMAL: Final = re.compile(r"[0-9]{1,19}(?:\.[0-9]{0,19})?(?:[eE]\+?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the literals of one module and says what is no literal."""

    module: Module
    resolver: Resolver
    findings: Findings

    def refuse(self, code: str, node: Node, message: str, hint: str | None = None) -> None:
        self.findings.add(code, self.module.span(node), message, hint=hint)

    def string(self, node: Node, what: str) -> str | None:
        """A ``"…"`` or ``'…'`` literal; anything else is E0301."""
        value = nodes.string_value(node)
        if value is None:
            message = f"{what} must be a string literal: Encore reads it without running the code"
            self.refuse("E0301", node, message, self.instead(node))
        return value

    def boolean(self, node: Node, what: str) -> bool | None:
        if node.type in ("true", "false"):
            return node.type == "true"
        message = f"{what} must be `true` or `false`, written out"
        held = self._held(node).type
        words = f"`{held}`" if held in ("true", "false") else "`true` or `false`"
        self.refuse("E0302", node, message, f"write {words} here")
        return None

    def integer(self, node: Node, what: str, *, most: int = _LARGEST) -> int | None:
        """A whole number from 0, or ``+ - * / %`` of such; anything else is E0303."""
        value = _integer(node)
        if value is None:
            message = f"{what} must be a whole number, written out"
            meant = _integer(self._held(node))
            hint = "use digits, and + - * / % between them; no parentheses, names or fractions"
            hint = hint if meant is None or meant < 0 else f"write {meant} here"
            self.refuse("E0303", node, message, hint)
        elif not 0 <= value <= most:
            message = f"{what} must not be {'negative' if value < 0 else f'more than {most}'}"
            self.refuse("E0303", node, message, "leave it out for the default")
            return None
        return value

    def strings(self, node: Node, what: str) -> tuple[str, ...] | None:
        """An array of string literals; anything else is E0304."""
        message = f"{what} must be an array of string literals"
        if node.type != "array" or _has_hole(node):
            self.refuse("E0304", node, message, 'write ["…", "…"] here')
            return None
        items = nodes.inner(node)
        values = [nodes.string_value(item) for item in items]
        for item, value in zip(items, values, strict=True):
            if value is None:
                self.refuse("E0304", item, message, self.instead(item))
        found = tuple(value for value in values if value is not None)
        return found if len(found) == len(items) else None

    def duration(self, node: Node, what: str) -> Seconds | None:
        """A duration such as ``"1h30m"`` in seconds; anything else is E0305."""
        value = nodes.string_value(node)
        seconds = None if value is None else parse_duration(value)
        if seconds is None:
            message = f'{what} must be a duration literal such as "30s" or "1h30m"'
            meant = self.constant(node) if value is None else None
            hint = "digits and a unit (ns us ms s m h d w y), repeated; no decimals and no sign"
            if meant is not None and parse_duration(meant) is not None:
                hint = f'write "{meant}" here'
            self.refuse("E0305", node, message, hint)
        return seconds

    def local_path(self, node: Node, what: str) -> str | None:
        """A path relative to the file that names it, never upwards; anything else is E0306."""
        value = self.string(node, what)
        if value is None:
            return None
        if _UNNAMEABLE.search(value) or value.startswith("/") or ".." in PurePosixPath(value).parts:
            message = f"{what} must be a path below the folder of this file"
            self.refuse("E0306", node, message, 'write it as "./name", without `..`')
            return None
        return value

    def choice(self, node: Node, what: str, choices: Iterable[str], code: str) -> str | None:
        """A string literal that is one of ``choices``; another one is ``code``."""
        value = self.string(node, what)
        known = tuple(choices)
        if value is None or value in known:
            return value
        hint = did_you_mean(value, known, f"write one of {one_of(known)}")
        self.refuse(code, node, f'{what} cannot be "{value}"', hint)
        return None

    def options(
        self, node: Node, what: str, known: Iterable[str], required: Iterable[str] = ()
    ) -> Mapping[str, Node] | None:
        """The fields of an object literal; other shapes and fields are E0307 to E0311."""
        if node.type != "object":
            message = f"{what} must be an object literal: Encore reads it without running the code"
            self.refuse("E0307", node, message, "write { … } here")
            return None
        fields: dict[str, Node] = {}
        for child in nodes.inner(node):
            self._option(child, what, tuple(known), fields)
        for name in required:
            if name not in fields and not self._stands_otherwise(node, name):
                message = f"`{name}` is missing in {what}"
                self.refuse("E0311", node, message, f"add `{name}: …`")
        return fields

    def _option(
        self, child: Node, what: str, known: tuple[str, ...], fields: dict[str, Node]
    ) -> None:
        key, value = nodes.field(child, "key"), nodes.field(child, "value")
        name = _key(key) if child.type == "pair" and key is not None else None
        if name is None or key is None or value is None:
            message = f"only `key: value` may stand in {what}: Encore reads no other form"
            self.refuse("E0308", child, message, _as_pair(child))
        elif name not in known:
            hint = did_you_mean(
                name, known, f"known are {one_of(known)}" if known else "leave it out"
            )
            self.refuse("E0309", key, f"there is no field `{name}` in {what}", hint)
        elif name in fields:
            message, span = f"`{name}` is set twice in {what}", self.module.span(key)
            places = [("the first one", self.module.span(_key_of(fields[name])))]
            self.findings.add("E0310", span, message, hint="remove one of them", related=places)
        else:
            fields[name] = value

    def _stands_otherwise(self, node: Node, name: str) -> bool:
        """Whether a field is there in a form that was refused already."""
        for child in node.named_children:
            if child.type == "spread_element" or child.is_error:
                return True
            key = nodes.field(child, "name") or nodes.field(child, "key") or child
            if nodes.text(key) == name:
                return True
        return False

    def instead(self, node: Node) -> str:
        """The hint for what should be a string literal, with what a constant holds."""
        value = self.constant(node)
        return f'write "{value}" here' if value is not None else 'write "…" here'

    def constant(self, node: Node) -> str | None:
        """The string that a constant or template holds, if it is plain to see; for hints only."""
        node = self._held(node)
        if any(child.type == "template_substitution" for child in node.named_children):
            return None
        return nodes.string_value(node) or nodes.template_literal(node)

    def _held(self, node: Node) -> Node:
        """What a constant holds, without parentheses and casts; other expressions themselves."""
        node = nodes.unwrap(node)
        if node.type != "identifier":
            return node
        target = self.resolver.expression(self.module, node)
        module = self.resolver.modules.get(target.module) if target else None
        holder = module.values.get(target.name) if module and target else None
        value = nodes.field(holder, "value") if holder is not None else None
        return nodes.unwrap(value) if value is not None else node


def parse_duration(value: str) -> Seconds | None:
    """Seconds, an integer when whole; None when ``value`` is no duration of Encore's grammar."""
    plain = "".join(value.split())
    parts = _PART.findall(plain)
    if not parts or "".join(digits + unit for digits, unit in parts) != plain:
        return None
    total = sum(int(digits) * _NANOSECONDS[unit] for digits, unit in parts)
    if total > _LARGEST:
        return None
    return total // 10**9 if total % 10**9 == 0 else total / 10**9


def _has_hole(array: Node) -> bool:
    """Whether a comma follows the bracket or another comma, as in ``["a", , "b"]``."""
    marks = [child.type for child in array.children if child.type != "comment"]
    return any(mark == "," and former in ("[", ",") for former, mark in pairwise(marks))


def _integer(node: Node, depth: int = 0) -> int | None:
    if depth > _DEEPEST:
        return None
    if node.type == "number":
        return _number(nodes.text(node))
    operator = nodes.field(node, "operator")
    sign = nodes.text(operator) if operator is not None else ""
    if node.type == "unary_expression" and sign in ("+", "-"):
        argument = nodes.field(node, "argument")
        value = _integer(argument, depth + 1) if argument is not None else None
        return value if value is None or sign == "+" else -value
    if node.type != "binary_expression":
        return None
    left, right = nodes.field(node, "left"), nodes.field(node, "right")
    if left is None or right is None:
        return None
    return _calculate(_integer(left, depth + 1), sign, _integer(right, depth + 1))


def _number(digits: str) -> int | None:
    if _NUMBER.fullmatch(digits) and digits.strip("_") == digits:
        base = 0 if digits[:2].lower() in ("0x", "0o", "0b") else 10
        return int(digits.replace("_", ""), base)
    if _DECIMAL.fullmatch(digits):
        value = Decimal(digits)
        whole = value == value.to_integral_value() and value <= _LARGEST
        return int(value) if whole else None
    return None


def _calculate(left: int | None, sign: str, right: int | None) -> int | None:
    if left is None or right is None:
        return None
    match sign:
        case "+":
            value = left + right
        case "-":
            value = left - right
        case "*":
            value = left * right
        case "/" if right and left % right == 0:
            value = left // right
        case "%" if right:
            value = abs(left) % abs(right) * (1 if left >= 0 else -1)
        case _:
            return None
    return value if abs(value) <= _LARGEST else None


def _key(key: Node) -> str | None:
    if key.type == "property_identifier":
        return nodes.text(key)
    return nodes.string_value(key)


def _key_of(value: Node) -> Node:
    pair = value.parent
    key = nodes.field(pair, "key") if pair is not None else None
    return key if key is not None else value


def _as_pair(child: Node) -> str:
    name = nodes.field(child, "name") or child
    if child.type == "shorthand_property_identifier":
        return f"write `{nodes.text(child)}: {nodes.text(child)}`"
    if child.type == "method_definition":
        accessor = any(part.type in ("get", "set") for part in child.children)
        return f"write `{nodes.text(name)}: {'…' if accessor else 'async (…) => { … }'}`"
    key = nodes.field(child, "key")
    word = nodes.string_value(key.named_children[0]) if key and key.named_children else None
    if word is not None:
        return f"write `{word}: …`"
    return "write each field out as `key: value`"

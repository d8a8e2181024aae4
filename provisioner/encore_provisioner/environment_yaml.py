"""YAML text to plain values checked against a document's types, with the place of every mistake.

In: the text of a YAML file and a frozen type of ``encore_config``. Out: the values that are
right, where each key stands, and a finding for each one that is wrong; all are collected in one
run. It knows nothing of environments, and it constructs no Python object but text, numbers,
booleans, null, lists and maps. What a single value must be is told by ``environment_values``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import yaml
from msgspec import inspect

from encore_config.diagnostics import Diagnostic, Related
from encore_config.position import At, End
from encore_provisioner.environment_values import Unreadable, fits, hint_for, told, wanted, whole
from encore_provisioner.suggest import closest, did_you_mean

SYNTAX: Final = "E8001"
UNKNOWN_KEY: Final = "E8002"
DUPLICATE_KEY: Final = "E8003"
WRONG_VALUE: Final = "E8004"
MISSING_KEY: Final = "E8008"

Path = tuple[str, ...]

_MOST_NODES: Final = 20_000
_MERGE_TAG: Final = "tag:yaml.org,2002:merge"
_STRING_TAG: Final = "tag:yaml.org,2002:str"
_NULL_TAG: Final = "tag:yaml.org,2002:null"
_COLLECTION_TAGS: Final = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_BAD: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    at: At
    end: End | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """``value`` holds only what is right; ``places`` has the key at each path."""

    value: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


def check_yaml(text: str, file: str, document: type[msgspec.Struct]) -> Checked:
    """Read ``text`` as one YAML document of the type ``document``."""
    source = _Source(text=text, file=file)
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Checked()
        checker = _Checker(source=source, loader=loader)
        value = checker.check(node, inspect.type_info(document), ())
    except yaml.YAMLError as error:
        return Checked(diagnostics=(_syntax(source, error),))
    except (RecursionError, _TooLargeError):
        return Checked(diagnostics=(_too_large(source),))
    finally:
        if loader is not None:
            loader.dispose()
    return Checked(
        value=value if isinstance(value, dict) else {},
        places=checker.places,
        diagnostics=tuple(checker.diagnostics),
    )


class _TooLargeError(Exception):
    """More nodes than any such file has, as aliases of aliases make them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """The text, and how an index in it becomes a position: lines end with a line feed only."""

    text: str
    file: str

    def at(self, index: int) -> At:
        line, column = self._line_column(index)
        return At(file=self.file, line=line, column=column)

    def place(self, node: yaml.Node) -> Place:
        """A scalar's whole range; of a list or map only the beginning."""
        start, end = node.start_mark.index, node.end_mark.index
        at = self.at(start)
        if not isinstance(node, yaml.ScalarNode):
            return Place(at=at)
        line, column = self._line_column(end)
        return Place(at=at, end=End(line=line, column=column) if line == at.line else None)

    def _line_column(self, index: int) -> tuple[int, int]:
        return (
            self.text.count("\n", 0, index) + 1,
            index - (self.text.rfind("\n", 0, index) + 1) + 1,
        )


@dataclass(slots=True, kw_only=True)
class _Checker:
    """One walk over the nodes along the types. ``path`` leads from the root to a value."""

    source: _Source
    loader: yaml.SafeLoader
    diagnostics: list[Diagnostic] = field(default_factory=list)
    places: dict[Path, Place] = field(default_factory=dict)
    _active: set[int] = field(default_factory=set)
    _seen: int = 0

    def check(self, node: yaml.Node, kind: inspect.Type, path: Path) -> Any:
        """The plain value of ``node``, or ``_BAD`` after a finding about it."""
        self._count()
        if id(node) in self._active:
            return self._wrong(node, path, "holds itself", "remove the alias that leads back")
        if isinstance(node, yaml.CollectionNode) and node.tag not in _COLLECTION_TAGS:
            return self._wrong(node, path, f"has the tag `{node.tag}`", "remove the tag")
        self._active.add(id(node))
        try:
            return self._check(node, kind, path)
        finally:
            self._active.discard(id(node))

    def _count(self) -> None:
        self._seen += 1
        if self._seen > _MOST_NODES:
            raise _TooLargeError

    def _check(self, node: yaml.Node, kind: inspect.Type, path: Path) -> Any:
        match kind:
            case inspect.UnionType(types=types):
                return self._optional(node, types, path)
            case inspect.StructType():
                return self._struct(node, kind, path)
            case inspect.DictType(value_type=inner):
                return self._map(node, inner, path)
            case inspect.VarTupleType():
                return self._list(node, kind, path)
            case _:
                return self._scalar_of(node, kind, path)

    def _optional(self, node: yaml.Node, types: tuple[inspect.Type, ...], path: Path) -> Any:
        if node.tag == _NULL_TAG:
            return None
        return self._check(
            node, next(t for t in types if not isinstance(t, inspect.NoneType)), path
        )

    def _struct(self, node: yaml.Node, kind: inspect.StructType, path: Path) -> Any:
        fields = {item.encode_name: item for item in kind.fields}
        value: dict[str, Any] = {}
        told = set()
        for key, key_node, value_node in self._pairs(node, path):
            if key not in fields:
                self._unknown(key, key_node, tuple(fields), path)
                told.add(closest(key, fields))
                continue
            inner = fields[key].type
            if value_node.tag == _NULL_TAG and (fields[key].required or _is_group(inner)):
                continue
            told.add(key)
            checked = self.check(value_node, inner, (*path, key))
            if checked is not _BAD and checked is not None:
                value[key] = checked
        if not _is_map(node):
            return _BAD
        required = [name for name, item in fields.items() if item.required]
        return _BAD if self._lacks(required, told, node, path) else value

    def _lacks(
        self, required: list[str], told: set[str | None], node: yaml.Node, path: Path
    ) -> bool:
        """Whether keys are missing; one that stands there under a near name was told already."""
        missing = [name for name in required if name not in told]
        if missing:
            message = f"`{dotted(path)}` lacks {', '.join(f'`{name}`' for name in missing)}"
            place = self.places.get(path) or self.source.place(node)
            hint = f"add {', '.join(f'{name}: …' for name in missing)}"
            self._add(MISSING_KEY, message, place, hint)
        return bool(missing)

    def _map(self, node: yaml.Node, inner: inspect.Type, path: Path) -> Any:
        value = {}
        for key, _, value_node in self._pairs(node, path):
            checked = self.check(value_node, inner, (*path, key))
            if checked is not _BAD:
                value[key] = checked
        return value if _is_map(node) else _BAD

    def _list(self, node: yaml.Node, kind: inspect.VarTupleType, path: Path) -> Any:
        inner = kind.item_type
        if not isinstance(node, yaml.SequenceNode):
            return self._no_list(node, inner, path)
        if len(node.value) < (kind.min_length or 0):
            return self._wrong(node, path, "must not be an empty list", None)
        values = [self.check(n, inner, (*path, f"[{i}]")) for i, n in enumerate(node.value)]
        return [value for value in values if value is not _BAD]

    def _no_list(self, node: yaml.Node, inner: inspect.Type, path: Path) -> Any:
        of_maps = isinstance(inner, inspect.StructType)
        if isinstance(node, yaml.MappingNode):
            hint = "begin each item with `- `" if of_maps else None
            return self._wrong(node, path, "must be a list, not a map", hint)
        value = self._scalar(node)
        alone = not of_maps and fits(value, inner)
        hint = f"put it in brackets: [{_written(node)}]" if alone else None
        return self._wrong(node, path, f"must be a list, not {told(value, node)}", hint)

    def _scalar_of(self, node: yaml.Node, kind: inspect.Type, path: Path) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            shape = "a map" if isinstance(node, yaml.MappingNode) else "a list"
            return self._wrong(node, path, f"must be {wanted(kind)}, not {shape}", None)
        value = self._scalar(node)
        if fits(value, kind):
            return value
        what = f"must be {wanted(kind, value)}, not {told(value, node)}"
        return self._wrong(node, path, what, hint_for(value, kind, node))

    def _scalar(self, node: yaml.Node) -> Any:
        """A scalar by YAML 1.1's rules; a finding's place is told by the caller."""
        try:
            value = self.loader.construct_object(node)
        except ValueError:
            return Unreadable(node.value)
        return Unreadable(value) if isinstance(value, str) and whole(value) != value else value

    def _pairs(self, node: yaml.Node, path: Path) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        return iter(()) if node.tag == _NULL_TAG else self._entries(node, path)

    def _entries(self, node: yaml.Node, path: Path) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Key, its node and the value's node of a map: own keys first, then merged ones."""
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, path, "must be a map of keys and values", None)
            return
        first: dict[str, yaml.Node] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE_TAG:
                merged.extend(_merge_sources(value_node))
                continue
            key = self._key(key_node, path)
            if key is None:
                continue
            if key in first:
                self._duplicate(key, key_node, first[key], path)
                continue
            first[key] = key_node
            self.places[(*path, key)] = self.source.place(key_node)
            yield key, key_node, value_node
        for source in merged:
            for key, key_node, value_node in self._merged(source, path):
                if key not in first:
                    first[key] = key_node
                    yield key, key_node, value_node

    def _merged(self, node: yaml.Node, path: Path) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        self._count()
        if id(node) in self._active:
            self._wrong(node, path, "holds itself", "remove the alias that leads back")
            return
        self._active.add(id(node))
        try:
            yield from list(self._entries(node, path))
        finally:
            self._active.discard(id(node))

    def _key(self, node: yaml.Node, path: Path) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.tag == _STRING_TAG:
            return whole(node.value)
        place = self.source.place(node)
        shown = f"`{whole(node.value)}`" if isinstance(node, yaml.ScalarNode) else "a list or map"
        message = f"{shown} is no key{_within(path)}: YAML does not read it as text"
        self._add(WRONG_VALUE, message, place, "put it in quotes")
        return None

    def _unknown(self, key: str, node: yaml.Node, known: tuple[str, ...], path: Path) -> None:
        hint = did_you_mean(key, known, otherwise=f"known keys: {', '.join(sorted(known))}")
        place = self.source.place(node)
        self._add(UNKNOWN_KEY, f"unknown key `{key}`{_within(path)}", place, hint)

    def _duplicate(self, key: str, node: yaml.Node, first: yaml.Node, path: Path) -> None:
        related = (Related(message="it stands here first", at=self.source.place(first).at),)
        self._add(
            DUPLICATE_KEY,
            f"`{key}` stands twice{_within(path)}",
            self.source.place(node),
            "keep one of the two",
            related,
        )

    def _wrong(self, node: yaml.Node, path: Path, what: str, hint: str | None) -> Any:
        subject = f"`{dotted(path)}`" if path else "the file"
        self._add(WRONG_VALUE, f"{subject} {what}", self.source.place(node), hint)
        return _BAD

    def _add(
        self,
        code: str,
        message: str,
        place: Place,
        hint: str | None,
        related: tuple[Related, ...] = (),
    ) -> None:
        self.diagnostics.append(
            Diagnostic(
                code=code,
                severity="error",
                message=message,
                at=place.at,
                end=place.end,
                hint=hint,
                related=related,
            )
        )


def dotted(path: Path) -> str:
    """A path as people write it: ``environments.pr-*.network.subnets.compute[0]``."""
    return ".".join(path).replace(".[", "[")


def _is_map(node: yaml.Node) -> bool:
    """A key without a value means the same as an empty map."""
    return isinstance(node, yaml.MappingNode) or node.tag == _NULL_TAG


def _written(node: yaml.Node) -> str:
    """A scalar as it stands in the file, with its quotes."""
    quotes = node.style if isinstance(node, yaml.ScalarNode) and node.style in ("'", '"') else ""
    return f"{quotes}{whole(node.value)}{quotes}"


def _is_group(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.StructType | inspect.DictType)


def _within(path: Path) -> str:
    return f" in `{dotted(path)}`" if path else ""


def _merge_sources(node: yaml.Node) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]


def _syntax(source: _Source, error: yaml.YAMLError) -> Diagnostic:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        if "<stream end>" in (error.problem or ""):
            mark = error.context_mark or mark
        index = mark.index if mark else 0
        message, hint = _explain(error)
    else:
        index = getattr(error, "position", 0)
        message = "a character that YAML does not allow (a control character)"
        hint = "remove it"
    return Diagnostic(
        code=SYNTAX, severity="error", message=message, at=source.at(index), hint=hint
    )


def _explain(error: yaml.MarkedYAMLError) -> tuple[str, str | None]:
    problem = error.problem or error.context or "it cannot be read"
    if r"'\t'" in problem:
        return "a tab stands where YAML allows only spaces", "indent with spaces"
    if "another document" in problem:
        return "a second YAML document begins here", "keep one document; remove the line `---`"
    if "undefined alias" in problem:
        hint = 'an alias needs an anchor before it; a name with `*` at its start needs quotes: "*"'
        return f"not valid YAML: {problem}", hint
    if "<stream end>" in problem:
        return "not valid YAML: what begins here never ends", "close the bracket or quote"
    if "mapping values are not allowed" in problem:
        return "not valid YAML: a second `:` or a wrong indentation", "check the line above too"
    if "could not determine a constructor" in problem:
        return "tags such as `!name` mean nothing here", "remove the tag"
    return f"not valid YAML: {problem}", None


def _too_large(source: _Source) -> Diagnostic:
    return Diagnostic(
        code=SYNTAX,
        severity="error",
        message="the file is nested too deeply, or its aliases stand for too much",
        at=source.at(0),
        hint="write it flatter, without aliases of aliases",
    )

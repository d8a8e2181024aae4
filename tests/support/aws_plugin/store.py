"""What the AWS of these tests does not know: kept in files, one for each resource.

In: a folder (``AWS_DOUBLE_STORE``). Out: kinds that fall back to it where a call is lacking. What
was made there stays there: it is looked at, changed and removed without AWS.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.aws_plugin.aws import Aws, LackingError
from tests.support.aws_plugin.kind import Kind
from tests.support.aws_plugin.wire import Props

Found = Callable[[str], None]
"""Told which call was lacking."""
_NAMED: Final = ("name", "userGroupId", "userId", "replicationGroupId")


@dataclass(frozen=True, slots=True)
class Store:
    folder: Path | None

    def read(self, type_: str, id_: str) -> Props | None:
        file = self._file(type_, id_)
        if file is None or not file.exists():
            return None
        found: Props = json.loads(file.read_text())["state"]
        return found

    def write(self, type_: str, id_: str, state: Props) -> None:
        """Raises ``LackingError`` where there is no folder to keep it in."""
        file = self._file(type_, id_)
        if file is None:
            raise LackingError(f"{type_}: moto lacks it, and AWS_DOUBLE_STORE names no folder")
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(f".{uuid.uuid4().hex}")
        new.write_text(json.dumps({"type": type_, "id": id_, "state": state}))
        new.replace(file)

    def remove(self, type_: str, id_: str) -> bool:
        """Whether it was there."""
        file = self._file(type_, id_)
        if file is None or not file.exists():
            return False
        file.unlink()
        return True

    def _file(self, type_: str, id_: str) -> Path | None:
        if self.folder is None:
            return None
        name = hashlib.sha256(f"{type_}\n{id_}".encode()).hexdigest()[:32]
        return self.folder / f"{name}.json"


class Keeping:
    """A kind of AWS's, and the store behind it."""

    def __init__(self, type_: str, kind: Kind, store: Store, lacking: Found) -> None:
        self.kind = kind
        self._type, self._store, self._lacking = type_, store, lacking

    def make(self, aws: Aws, inputs: Props) -> str:
        try:
            return self.kind.make(aws, inputs)
        except LackingError as error:
            self._lacking(str(error))
        name = next((inputs[key] for key in _NAMED if inputs.get(key)), None)
        id_ = str(name) if "arn" in self.kind.computed and name else uuid.uuid4().hex[:14]
        self._store.write(self._type, id_, self._imagined(aws, id_, inputs))
        return id_

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Sets what the call of creation did not take."""
        given = self.kind.settles & {key for key in inputs if inputs[key] is not None}
        if given and self.kind.change and self._store.read(self._type, id_) is None:
            self.kind.change(aws, id_, {}, inputs, frozenset(given))

    def look(self, aws: Aws, id_: str, state: Props) -> Props | None:
        kept = self._store.read(self._type, id_)
        return kept if kept is not None else self.kind.look(aws, id_, state)

    def change(self, aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
        if self._store.read(self._type, id_) is not None:
            self._store.write(self._type, id_, {**old, **new, "tagsAll": new.get("tags") or {}})
        elif self.kind.change:
            self.kind.change(aws, id_, old, new, keys)

    def drop(self, aws: Aws, id_: str, state: Props) -> None:
        if not self._store.remove(self._type, id_):
            self.kind.drop(aws, id_, state)

    def _imagined(self, aws: Aws, id_: str, inputs: Props) -> Props:
        module, _, noun = self._type.removeprefix("aws:").partition("/")
        invented = {
            "arn": aws.arn(module, f"{noun.partition(':')[0].lower()}:{id_}"),
            "etag": "E1",
            "tagsAll": inputs.get("tags") or {},
        }
        return {**inputs, **{k: v for k, v in invented.items() if k in self.kind.computed}}

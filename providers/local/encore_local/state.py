"""What the last apply did: ``state.json``. Rebuildable from what really exists.

In: the state folder. Out: a frozen :class:`State`, and notes for the person when the file on
disk was unusable. Holds no secret's value. Loading never fails for what stands in the file: it
is moved aside and an empty state takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value
from encore_config.environment import Port
from encore_config.plan import DeclarationRef
from encore_local.files import clear_errors, write_atomic


class AppIdentity(Value, frozen=True, kw_only=True):
    """The app's folder: its real path, device and inode.

    A folder that was moved keeps device and inode. One that was not keeps its path, but perhaps
    not its device: a reboot may number file systems anew. A copy keeps none.
    """

    path: str
    device: int
    inode: int


class Record(Value, frozen=True, kw_only=True):
    """One resource as last applied. ``properties`` is plain JSON; a secret stands as its mark."""

    type: str
    name: str
    declaration: DeclarationRef | None = None
    properties: dict[str, Any] = {}


class State(Value, frozen=True, kw_only=True):
    """``ports`` by server (``app``, ``postgres``, ``aws``, ``cache/<cluster>``), ``resources`` by
    urn. ``app`` is None until the first apply."""

    schema: SchemaVersion = SCHEMA_VERSION
    app: AppIdentity | None = None
    ports: dict[str, Port] = {}
    resources: dict[str, Record] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A state and what a person should be told about how it was read."""

    state: State
    notes: tuple[str, ...] = ()


def identity(root: Path) -> AppIdentity:
    """Who the app's folder is. Raises ``InfraError`` where it cannot be read."""
    with clear_errors(root, "read the folder"):
        real = root.resolve(strict=True)
        status = real.stat()
    return AppIdentity(path=str(real), device=status.st_dev, inode=status.st_ino)


def is_copy(state: State, root: Path) -> bool:
    """Whether the state was made for another folder than ``root``: the app was copied."""
    if state.app is None:
        return False
    now = identity(root)
    is_same = (state.app.device, state.app.inode) == (now.device, now.inode)
    return not is_same and state.app.path != now.path


def load_state(path: Path, *, move_aside: bool = True) -> Loaded:
    """The state in ``path``; empty where there is none.

    A file that is half-written, no JSON, or of another version is moved to
    ``state.json.broken-<n>`` (``move_aside``; a plan, which changes nothing, only reads past it).
    """
    with clear_errors(path, "read"):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return Loaded(state=State())
    try:
        return Loaded(state=msgspec.json.decode(data, type=State))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Loaded(state=State(), notes=(_set_aside(path, str(error), move_aside),))


def _set_aside(path: Path, reason: str, move_aside: bool) -> str:
    what = f"{path} could not be read ({reason})"
    if not move_aside:
        return f"{what}; it will be made anew from what exists."
    with clear_errors(path, "move aside"):
        other = free_name(path)
        path.rename(other)
    return f"{what}; it was moved to {other.name} and is made anew from what exists."


def free_name(path: Path) -> Path:
    """The first of ``<path>.broken-1``, ``-2`` … that does not exist."""
    number = 1
    while (other := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    return other


def save_state(path: Path, state: State) -> None:
    """Replace the state on disk, whole or not at all. Raises ``InfraError`` (see ``files``)."""
    compact = msgspec.json.encode(state, order="deterministic")
    write_atomic(path, msgspec.json.format(compact, indent=2) + b"\n")

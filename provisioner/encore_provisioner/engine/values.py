"""Values as Pulumi writes them (in calls, in events, in a state), as they may be shown. Pure.

In: JSON in which secrets, unknown values and files are marked in Pulumi's own way. Out: plain JSON
with our marks. Notes that Pulumi's bridge to a provider adds to an object are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from encore_config.plan import SECRET, UNKNOWN

STACK: Final = "pulumi:pulumi:Stack"
PROVIDERS: Final = "pulumi:providers:"

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
_ASSETS: Final = frozenset({"c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"})
"""Of a file, and of an archive."""
_UNKNOWNS: Final = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""In the place of a text, a number, a switch, a list and an object."""
_NOTES: Final = frozenset({"__defaults", "__meta"})
"""The bridge's own."""


def is_ours(kind: str) -> bool:
    """Whether it is the stack or a provider, which are no resources of anybody."""
    return kind == STACK or kind.startswith(PROVIDERS)


def plain(value: Any, *, nulls: bool = False) -> Any:
    """Numbers are whole where they can be, objects sorted; ``nulls``: keep what is null."""
    if isinstance(value, str):
        return dict(UNKNOWN) if value in _UNKNOWNS else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [plain(item, nulls=nulls) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(_SIGNATURE) == _SECRET:
        return dict(SECRET)
    if value.get(_SIGNATURE) in _ASSETS:
        # Its digest would be that of a file on this machine, which need not be there for a plan.
        return {"path": value.get("path") or value.get("uri") or ""}
    return {
        name: plain(item, nulls=nulls)
        for name, item in sorted(value.items())
        if name not in _NOTES and (nulls or item is not None)
    }

"""Who may do what, as an environment's outputs remember it from one apply to the next. Pure.

In: the permissions of a plan, or what the outputs hold. Out: the one or the other. Reasons are left
out: the table has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from encore_config.plan import Permission

Remembered = dict[str, dict[str, tuple[str, ...]]]
"""By service, then by ``kind/name operation``: the actions."""


def remembered(permissions: Iterable[Permission]) -> Remembered:
    found: Remembered = {}
    for item in permissions:
        key = f"{item.kind}/{item.name} {item.operation}"
        found.setdefault(item.service, {})[key] = item.actions
    return found


def recalled(outputs: Mapping[str, Any]) -> tuple[Permission, ...] | None:
    """None where the outputs hold none: nothing was applied, or by an older version."""
    kept = outputs.get("permissions")
    if not isinstance(kept, Mapping):
        return None
    return tuple(
        _permission(service, key, tuple(actions))
        for service, found in kept.items()
        for key, actions in found.items()
    )


def _permission(service: str, key: str, actions: tuple[str, ...]) -> Permission:
    """Neither a kind nor an operation holds what stands beside them; a name may."""
    kind, _, rest = key.partition("/")
    name, _, operation = rest.rpartition(" ")
    return Permission(service=service, kind=kind, name=name, operation=operation, actions=actions)

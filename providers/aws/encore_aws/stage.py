"""Where the kinds of resources are made: what they all need, and why each one is there.

In: the environment's names. Out: options and tags for each resource, and a note of what caused it.
A program makes one stage, hands it from kind to kind and reads the notes at its end; nothing else
is changed on the way.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pulumi

from encore_aws.naming import Names
from encore_config.plan import DeclarationRef
from encore_provisioner.errors import RefusedError

_NO_TAG: Final = re.compile(r"[^\w .:/=+@-]", re.ASCII)
_LONGEST_TAG: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Why a resource is there; ``declaration`` is missing for what all share."""

    reason: str
    declaration: DeclarationRef | None = None


class Stage:
    """``tags`` are the person's own, for every resource; they cannot hide ours."""

    def __init__(
        self,
        names: Names,
        provider: pulumi.ProviderResource | None = None,
        *,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.names = names
        self._own_tags = dict(tags or {})
        self._provider = provider
        self._notes: dict[str, Note] = {}

    @property
    def notes(self) -> Mapping[str, Note]:
        """By the resource's name in the program."""
        return MappingProxyType(self._notes)

    def options(
        self,
        name: str,
        note: Note,
        *,
        protect: bool = False,
        needs: Sequence[pulumi.Resource] = (),
        ignore: Sequence[str] = (),
    ) -> pulumi.ResourceOptions:
        """The options of the resource ``name``. Each name may be asked for once.

        Raises ``RefusedError`` (``names-meet``).

        ``ignore``: properties (camel case) that are given once and then belong to somebody else.
        Names and address ranges are fixed, so of a resource that is replaced the old one goes
        first; Pulumi would make the new one before, and AWS refuse its name.
        """
        if name in self._notes:
            raise _meeting(name, self._notes[name].declaration, note.declaration)
        self._notes[name] = note
        return pulumi.ResourceOptions(
            provider=self._provider,
            protect=protect,
            depends_on=list(needs),
            ignore_changes=list(ignore) or None,
            delete_before_replace=True,
        )

    @property
    def question(self) -> pulumi.InvokeOptions:
        """The options of what is asked of AWS: in the same account and region as what is made."""
        return pulumi.InvokeOptions(provider=self._provider)

    def tags(
        self, declaration: DeclarationRef | None, service: str | None = None
    ) -> dict[str, str]:
        """Who owns a resource. Where it is declared stays in the plan: files and lines move."""
        found = {
            "encore:app": self.names.app,
            "encore:environment": self.names.environment,
            "encore:declaration": str(declaration) if declaration is not None else None,
            "encore:service": service,
        }
        tags = {key: _tag(value) for key, value in found.items() if value is not None}
        return {**self._own_tags, **tags}


def _meeting(name: str, *declared: DeclarationRef | None) -> RefusedError:
    """Names may hold ``/`` and ``#``, with which the program joins them: ``t`` with ``a/b`` and
    ``t/a`` with ``b`` are the same subscription to it.
    """
    both = " and ".join(_placed(one) for one in declared if one is not None)
    told = f"; declared: {both}" if both else ""
    return RefusedError(
        f"two resources would have the name {name} in the plan{told}",
        code="names-meet",
        hint="rename one of the two",
    )


def _placed(declared: DeclarationRef) -> str:
    at = declared.at
    return f"{declared} ({at.file}:{at.line})" if at else str(declared)


def unknown() -> pulumi.Output[str]:
    """A value that only apply will know, such as a name with an id that is not chosen yet."""
    resources: asyncio.Future[set[pulumi.Resource]] = asyncio.Future()
    value: asyncio.Future[str] = asyncio.Future()
    is_known: asyncio.Future[bool] = asyncio.Future()
    resources.set_result(set())
    value.set_result("")
    is_known.set_result(False)
    return pulumi.Output(resources, value, is_known)


def _tag(value: str) -> str:
    """AWS takes letters, digits, spaces and ``_.:/=+-@``, 256 of them."""
    return _NO_TAG.sub("_", value)[:_LONGEST_TAG]

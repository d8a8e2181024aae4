"""Which versions a secret has: what can be known of a value without reading it.

Secrets Manager keeps versions of a secret's value, each with labels. ``AWSCURRENT`` is what a
container gets. That label can be moved and never be taken away, so a value is removed by a version
that holds none (no text, one byte), and this is marked by a label of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from encore_aws.account import AwsError, ask

CURRENT: Final = "AWSCURRENT"
REMOVING: Final = "encore-removing"
"""The value is gone from ``AWSCURRENT``, and is still what ``AWSPREVIOUS`` names."""
REMOVED: Final = "encore-removed"
"""No label names the value any more."""
NO_SUCH_SECRET: Final = "ResourceNotFoundException"
MARKED_DELETED: Final = "InvalidRequestException"


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """``labels`` by version. ``deleted``: since when the secret is to be deleted, or None."""

    labels: Mapping[str, tuple[str, ...]]
    deleted: datetime | None

    @property
    def current(self) -> str | None:
        return next((name for name, labels in self.labels.items() if CURRENT in labels), None)

    @property
    def has_value(self) -> bool:
        labels = self.labels.get(self.current or "", ())
        return CURRENT in labels and REMOVING not in labels and REMOVED not in labels

    def holder(self, label: str) -> str | None:
        return next((name for name, labels in self.labels.items() if label in labels), None)


def versions(secret: str, what: str, client: Any) -> Versions | None:
    """Of the secret with this name or ARN; None where there is none. ``what`` names it to people.

    Raises :class:`AwsError`.
    """
    try:
        found = ask(f"look at {what}", lambda: client.describe_secret(SecretId=secret))
    except AwsError as error:
        if error.answer != NO_SUCH_SECRET:
            raise
        return None
    stages = found.get("VersionIdsToStages") or {}
    return Versions(
        labels={name: tuple(labels) for name, labels in sorted(stages.items())},
        deleted=found.get("DeletedDate"),
    )

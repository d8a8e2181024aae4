"""What the program is given beside the app and its environment, and only an apply knows.

In: what was fetched from AWS before the program runs. Out: frozen values. An offline plan is given
nothing, and shows as unknown what would follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where the files of migrations lie: in ``bucket``, under ``<prefix>/migrations/``.

    ``key``: the ARN of the KMS key that the bucket encrypts with, None where S3's own does.
    ``owner``: the account that the bucket must belong to, None where a person named the bucket.
    """

    bucket: str
    prefix: str
    key: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """``certificates``: the root of each certificate authority of RDS in PEM, by its identifier;
    they become the output of that name. ``permissions``: who may do what, by service, then by
    ``kind/name operation``, as actions; the output of that name lets a later plan say what is
    gained and lost. ``files``: None in an offline plan.
    """

    certificates: Mapping[str, str] = field(default_factory=dict)
    permissions: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    files: Files | None = None


NOTHING: Final = Given()

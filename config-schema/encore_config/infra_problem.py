"""One thing that a parsed ``infra.config.json`` does wrong at boot or later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from encore_config.errors import Path, show

Effect = Literal["stops-boot", "fails-later"]
"""``stops-boot``: the process ends at boot. ``fails-later``: it runs, and does it wrongly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootProblem:
    """Where it stands, what the core does about it, and what to write instead."""

    path: Path
    effect: Effect
    consequence: str
    remedy: str

    def __str__(self) -> str:
        return f"{show(self.path)}: {self.consequence}"


def stops(path: Path, consequence: str, remedy: str) -> BootProblem:
    return BootProblem(path=path, effect="stops-boot", consequence=consequence, remedy=remedy)


def later(path: Path, consequence: str, remedy: str) -> BootProblem:
    return BootProblem(path=path, effect="fails-later", consequence=consequence, remedy=remedy)

"""How a stage says what it found: a list of diagnostics that only grows.

Every finding has a code of ``docs/diagnostics.md``; its severity is the code's first letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from encore_config.diagnostics import Diagnostic, Related, order
from encore_config.position import At
from encore_provisioner.analysis.source import Place, Span

Places = Iterable[tuple[str, Span | Place]]
"""Further places of a finding, each with what stands there."""

_NEAR: Final = 0.66


class Findings:
    """Collects diagnostics; equal ones once."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}

    def add(
        self,
        code: str,
        where: Span | Place | None,
        message: str,
        *,
        hint: str | None = None,
        related: Places = (),
    ) -> None:
        place = where.place if isinstance(where, Span) else where
        self._found[
            Diagnostic(
                code=code,
                severity="error" if code.startswith("E") else "warning",
                message=message,
                at=place.at if place else None,
                end=place.end if place else None,
                hint=hint,
                related=tuple(Related(message=text, at=_at(other)) for text, other in related),
            )
        ] = None

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        self._found.update(dict.fromkeys(diagnostics))

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found)

    def sorted(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted(self._found, key=order))


def _at(where: Span | Place) -> At:
    return where.place.at if isinstance(where, Span) else where.at


def near(word: str, known: Iterable[str]) -> str | None:
    """The known name that ``word`` was probably meant to be, whatever the case of letters."""
    from difflib import get_close_matches  # rarely needed, and 5 ms to import

    by_lower = {name.lower(): name for name in sorted(known, reverse=True)}
    matches = get_close_matches(word.lower(), sorted(by_lower), n=1, cutoff=_NEAR)
    return by_lower[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """A hint: the near name if there is one, else ``otherwise``."""
    match = near(word, known)
    return f"did you mean `{match}`?" if match else otherwise


def one_of(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

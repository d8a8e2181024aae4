"""What a person may have meant by a word that nobody knows.

In: the word and the known ones. Out: text for a hint. It imports nothing of this project.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is nearest to ``word``; None when none is near."""
    names = sorted(set(known))
    exact = [name for name in names if name.lower() == word.lower()]
    begun = [name for name in names if len(word) > 2 and name.lower().startswith(word.lower())]
    return next(
        iter(exact or begun or difflib.get_close_matches(word, names, n=1, cutoff=0.6)), None
    )


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str | None:
    """``did you mean `x`?`` or, where nothing is near, ``otherwise`` (None when that is empty)."""
    near = closest(word, known)
    return f"did you mean `{near}`?" if near else (otherwise or None)

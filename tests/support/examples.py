"""How many examples a property test tries."""

from __future__ import annotations

from hypothesis import settings


def examples(usual: int) -> settings:
    """Fewer than a profile's own number, for tests whose every example is dear.

    The number is one of the profile ``suite``; ``search`` tries ten times as many here too, which
    a plain ``max_examples`` would forbid.
    """
    return settings(max_examples=max(1, usual * settings().max_examples // 100))

"""Data that a plan would lose, and that nobody allowed to be lost.

In: a plan, the losses that the person named. Out: a refusal, or nothing. The command line asks
first, in words of its own; every provider asks again before it begins, so that whoever else calls
cannot come past it.
"""

from __future__ import annotations

from encore_config.plan import Plan
from encore_provisioner.errors import RefusedError


def refuse_losses(plan: Plan, allowed: frozenset[str]) -> None:
    """Raise ``RefusedError`` (``data-loss``) for a loss that was not allowed by name."""
    refused = tuple(loss for loss in plan.losses if loss not in allowed)
    if refused:
        step = next(s for s in plan.steps if s.data_loss and str(s.declaration) == refused[0])
        raise RefusedError(
            f"DATA LOSS: this would delete the data of {', '.join(refused)}; nothing was changed",
            code="data-loss",
            hint="If that is wanted: " + " ".join(f"--allow-data-loss {name}" for name in refused),
            at=step.declaration.at if step.declaration else None,
        )

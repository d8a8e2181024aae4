"""The check of one secret of the app: there, not empty, not something the core would expand."""

from __future__ import annotations

from collections.abc import Mapping

from encore_config.infra import EnvRef, EnvString
from encore_provisioner.doctor.check import CheckError, Finding
from encore_provisioner.doctor.values import secret_hint, variable_problem


def check_secret(name: str, value: EnvString, environ: Mapping[str, str]) -> Finding:
    """Raises ``CheckError``; no message holds the value."""
    if not isinstance(value, EnvRef):
        return Finding(
            detail="in the runtime config itself",
            hint="Its value stands in clear in the config: use an $env reference.",
        )
    problem = variable_problem(value.env, environ)
    if problem:
        raise CheckError(problem, hint=secret_hint(name))
    return Finding(detail=f"in {value.env}")

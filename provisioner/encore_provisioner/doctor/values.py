"""The values behind ``$env`` references, and how none of them gets into a message.

The core expands a value that begins with ``envref:`` (contract, section 3); such a value is
never meant as it stands, so it counts as broken here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from encore_config.infra import EnvRef, EnvString
from encore_provisioner.doctor.check import CheckError

_SECRET_WORDS = ("SECRET", "PASSWORD", "TOKEN", "API_KEY")
_SHORTEST_MASKED = 3
_SET_SECRET = "Set it with `encore-infra secret set NAME`, then run `encore-infra apply`."
_APPLY = "Run `encore-infra apply`, which writes runtime.env."


def resolve(value: EnvString, environ: Mapping[str, str], *, what: str) -> str:
    """The value of a field; raises :class:`CheckError` naming the variable, never its value."""
    if not isinstance(value, EnvRef):
        return value
    problem = variable_problem(value.env, environ)
    if problem:
        raise CheckError(f"{what}: {problem}", hint=_APPLY)
    return environ[value.env]


def variable_problem(name: str, environ: Mapping[str, str]) -> str | None:
    """Why the variable cannot be used, if so."""
    if name not in environ:
        return f"the variable {name} is not in runtime.env"
    if not environ[name]:
        return f"the variable {name} is empty in runtime.env"
    if environ[name].startswith("envref:"):
        return f"the value of {name} starts with envref:, which the app would expand"
    return None


def secret_hint(name: str) -> str:
    return _SET_SECRET.replace("NAME", name)


def secret_values(environ: Mapping[str, str], references: Iterable[str]) -> tuple[str, ...]:
    """Every value that must not be shown, the longest first."""
    named = set(references) | {n for n in environ if any(word in n for word in _SECRET_WORDS)}
    values = {environ[name] for name in named if name in environ}
    shown = (value for value in values if len(value) >= _SHORTEST_MASKED)
    return tuple(sorted(shown, key=lambda value: (-len(value), value)))


def masked(text: str, secrets: Iterable[str]) -> str:
    """``text`` without any of ``secrets``."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text

"""Providers by name, as installed packages offer them.

In: the name that an environment gives. Out: a provider, ready to be asked. Providers are entry
points of the group ``encore_infra.providers``, the built-in ones too, so nothing here imports
one by name. A provider that is there but cannot be loaded is never reported as unknown.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final, cast

from encore_provisioner.errors import EnvironmentFileError, InfraError
from encore_provisioner.provider import Provider
from encore_provisioner.suggest import did_you_mean

GROUP: Final = "encore_infra.providers"
DISTRIBUTION: Final = "encore-infra"
_OLDEST_GLIBC: Final = (2, 28)
_MACHINES: Final = {"Linux": ("x86_64", "aarch64", "arm64"), "Darwin": ("arm64",)}
_METHODS: Final = tuple(sorted(n for n in vars(Provider) if not n.startswith("_") and n != "name"))
_EXTRA: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+).*\bextra\s*==\s*['\"](?P<extra>[^'\"]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the choice of servers and wheels depends on. ``libc`` is ``glibc 2.36`` or empty."""

    system: str
    machine: str
    libc: str


def known_providers(entry_points: Iterable[metadata.EntryPoint] | None = None) -> tuple[str, ...]:
    """The names of all installed providers, sorted; none of them is loaded."""
    found = metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    return tuple(sorted({point.name for point in found}))


def load_provider(
    name: str,
    *,
    entry_points: Iterable[metadata.EntryPoint] | None = None,
    machine: Machine | None = None,
) -> Provider:
    """The provider ``name``, constructed.

    Raises ``InfraError``: ``unsupported-platform``, ``unknown-provider``, ``missing-library``
    (its hint has the command that installs it) and ``broken-provider``.
    """
    check_machine(this_machine() if machine is None else machine)
    points = tuple(metadata.entry_points(group=GROUP) if entry_points is None else entry_points)
    matching = sorted({p for p in points if p.name == name}, key=lambda p: p.value)
    if not matching:
        raise unknown_provider(name, known_providers(points))
    if len({point.value for point in matching}) > 1:
        raise _ambiguous(name, matching)
    return _checked(name, _construct(matching[0]))


def check_machine(machine: Machine) -> None:
    """Refuse, in one sentence, what the wheels of the servers do not run on."""
    known = machine.machine in _MACHINES.get(machine.system, ())
    if known and (machine.system != "Linux" or _glibc(machine.libc) >= _OLDEST_GLIBC):
        return
    libc = f" with {machine.libc or 'a C library that is not glibc'}"
    here = f"{machine.system} on {machine.machine}{libc if machine.system == 'Linux' else ''}"
    raise InfraError(
        f"encore-infra cannot run here: this is {here}",
        code="unsupported-platform",
        hint="use Linux with glibc 2.28 or newer on x86_64 or arm64, or macOS on arm64; "
        "on Windows, WSL 2 is such a Linux",
    )


def this_machine() -> Machine:
    return Machine(system=platform.system(), machine=platform.machine(), libc=_libc())


def missing_library(error: ModuleNotFoundError) -> InfraError:
    """A library that is not installed, and the command that installs it."""
    module = (error.name or "").partition(".")[0]
    extra = _extra_of(module)
    wanted = f"'{DISTRIBUTION}[{extra}]'" if extra else module
    return InfraError(
        f"the Python library `{module}` is not installed",
        code="missing-library",
        hint=f"pip install {wanted}",
    )


def is_own_module(name: str | None) -> bool:
    """Whether a missing module is part of this project: then a library is not what is missing."""
    return (name or "").startswith("encore_")


def _libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return ""


def _glibc(libc: str) -> tuple[int, ...]:
    found = re.fullmatch(r"glibc (\d+)\.(\d+).*", libc)
    return tuple(map(int, found.groups())) if found else ()


def _construct(point: metadata.EntryPoint) -> Any:
    own = point.value.partition(":")[0].partition(".")[0]
    try:
        return point.load()()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing and missing != own and not is_own_module(missing):
            raise _without_library(point, error) from error
        raise _broken(point, error) from error
    except InfraError:
        raise
    except Exception as error:
        raise _broken(point, error) from error


def _without_library(point: metadata.EntryPoint, error: ModuleNotFoundError) -> InfraError:
    told = missing_library(error)
    owner = point.dist.name if point.dist else DISTRIBUTION
    builtin = _normal(owner) == _normal(DISTRIBUTION)
    hint = f"pip install '{DISTRIBUTION}[{point.name}]'" if builtin else told.hint
    return InfraError(
        f"the provider `{point.name}` cannot be used: {told.message}",
        code="missing-library",
        hint=hint,
    )


def _checked(name: str, provider: Any) -> Provider:
    absent = [m for m in _METHODS if not callable(getattr(provider, m, None))]
    if absent:
        raise InfraError(
            f"the provider `{name}` is broken: it lacks {', '.join(absent)}",
            code="broken-provider",
            hint="install a version of it that fits this encore-infra",
        )
    return cast(Provider, provider)


def _broken(point: metadata.EntryPoint, error: Exception) -> InfraError:
    owner = f" (of the package {point.dist.name})" if point.dist else ""
    return InfraError(
        f"the provider `{point.name}`{owner} is installed but cannot be loaded: "
        f"{type(error).__name__}: {error}",
        code="broken-provider",
        hint=f"reinstall that package; its entry point is {point.value}",
    )


def _ambiguous(name: str, points: Iterable[metadata.EntryPoint]) -> InfraError:
    values = ", ".join(sorted({point.value for point in points}))
    return InfraError(
        f"several installed packages offer a provider `{name}`: {values}",
        code="ambiguous-provider",
        hint="uninstall all but one of them",
    )


def unknown_provider(name: str, known: tuple[str, ...]) -> EnvironmentFileError:
    """That no installed package offers the provider ``name``."""
    listed = ", ".join(known) or "none"
    return EnvironmentFileError(
        f"there is no provider `{name}`; installed here: {listed}",
        code="unknown-provider",
        hint=did_you_mean(name, known, otherwise="install the package that offers it"),
    )


def _extra_of(module: str) -> str | None:
    """The extra of this distribution that brings ``module``, from its own metadata."""
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return None
    found = [m for r in requirements if (m := _EXTRA.match(r))]
    extras = {m["extra"] for m in found if _normal(m["name"]) == _normal(module)} - {"dev"}
    return min(extras, default=None)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

"""The environments of an app, from ``encore.infra.yaml``.

In: the app's root, and the name of an environment. Out: the file as a typed document, and one
``Environment`` with patterns and ``extends`` resolved. The environment ``local`` always exists.
What a setting means is for the provider to say; nothing is written here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from encore_config.diagnostics import Diagnostic, order
from encore_config.environment import Environment, EnvironmentEntry, EnvironmentFile
from encore_config.position import At
from encore_provisioner.environment_yaml import SYNTAX, Checked, Place, check_yaml
from encore_provisioner.errors import EnvironmentFileError, UsageError
from encore_provisioner.suggest import did_you_mean

FILE_NAME: Final = "encore.infra.yaml"
DEFAULT: Final = "local"
BAD_NAME: Final = "E8005"
UNKNOWN_BASE: Final = "E8006"
CIRCLE: Final = "E8007"
NAME_RULE: Final = "a small letter, then at most 38 small letters, digits or `-`"

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,38}")
_PATTERN: Final = re.compile(r"(?:[a-z][a-z0-9-]{0,37})?\*")
_OWN: Final = frozenset({"extends", "adopt"})
"""What an environment does not take over: what one has adopted can belong to no second one."""


def load_environments(root: Path) -> EnvironmentFile:
    """``encore.infra.yaml`` of the app in ``root``; an empty file where there is none.

    Raises ``EnvironmentFileError`` (``bad-environment-file``) with every mistake as a finding.
    """
    path = root / FILE_NAME
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return EnvironmentFile()
    except OSError as error:
        raise EnvironmentFileError(
            f"{FILE_NAME} cannot be read: {error.strerror}",
            code="bad-environment-file",
            hint=f"make {FILE_NAME} a readable file",
        ) from error
    return read_environments(raw)


def read_environments(raw: bytes) -> EnvironmentFile:
    """As :func:`load_environments`, from the file's bytes."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _failed((_not_utf8(raw, error),)) from error
    checked = check_yaml(text, FILE_NAME, EnvironmentFile)
    entries: dict[str, Any] = checked.value.get("environments", {})
    found = (*checked.diagnostics, *_name_findings(checked), *_base_findings(checked, entries))
    if found:
        raise _failed(tuple(sorted(found, key=order)))
    return msgspec.convert(checked.value, EnvironmentFile)


def resolve(file: EnvironmentFile, name: str) -> Environment:
    """The environment ``name``: its exact entry, else the longest pattern that fits.

    Raises ``UsageError`` (``bad-environment-name``) and ``EnvironmentFileError``
    (``unknown-environment``, or ``bad-environment-file`` for a wrong ``extends``).
    """
    _check_name(name)
    entries = {DEFAULT: EnvironmentEntry(), **file.environments}
    key = match_entry(entries, name)
    if key is None:
        raise _unknown(name, tuple(entries))
    settings = settings_of(file, key)
    return Environment(
        name=name,
        provider=settings.provider or "local",
        type=settings.type or "development",
        settings=settings,
    )


def settings_of(file: EnvironmentFile, key: str) -> EnvironmentEntry:
    """The entry ``key``, which may be a pattern, with all that it extends."""
    return _merged({DEFAULT: EnvironmentEntry(), **file.environments}, key)


def match_entry(entries: Mapping[str, object], name: str) -> str | None:
    """The key of the entry that ``name`` belongs to: itself, or the longest pattern."""
    if name in entries:
        return name
    fitting = [k for k in entries if k.endswith("*") and name.startswith(k[:-1])]
    return max(fitting, key=len, default=None)


def is_environment_name(name: str, *, pattern: bool = False) -> bool:
    """Whether ``name`` follows the rule for names, or with ``pattern`` for patterns."""
    return bool(_NAME.fullmatch(name) or (pattern and _PATTERN.fullmatch(name)))


def _check_name(name: str) -> None:
    if is_environment_name(name):
        return
    pattern = is_environment_name(name, pattern=True)
    raise UsageError(
        f"`{name}` is no name of an environment: {NAME_RULE}",
        code="bad-environment-name",
        hint=f"`{name}` is a pattern; name one that it stands for" if pattern else None,
    )


def _unknown(name: str, known: tuple[str, ...]) -> EnvironmentFileError:
    listed = f"known here: {', '.join(sorted(known))}"
    meant = did_you_mean(name, known)
    new = f"`encore-infra env new {name}` makes one"
    return EnvironmentFileError(
        f"there is no environment `{name}`; {listed}",
        code="unknown-environment",
        hint=f"{meant} Otherwise {new}" if meant else new,
    )


def _merged(entries: Mapping[str, EnvironmentEntry], key: str) -> EnvironmentEntry:
    """The entry ``key`` over all that it extends, nearest first."""
    chain, circle = _chain(entries, key)
    if circle or chain[-1] not in entries:
        raise _failed((_bad_base(entries, chain, circle, None),))
    settings = EnvironmentEntry()
    for link in reversed(chain):
        own = entries[link]
        inherited = msgspec.structs.replace(settings, **dict.fromkeys(_OWN))
        settings = _over(inherited, own)
    return msgspec.structs.replace(settings, extends=None)


def _over(base: Any, own: Any) -> Any:
    """``own`` where it says something, ``base`` elsewhere; maps and groups key by key."""
    if own is None:
        return base
    if isinstance(own, dict) and isinstance(base, dict):
        return {k: _over(base.get(k), own.get(k)) for k in sorted({*base, *own})}
    if isinstance(own, msgspec.Struct) and isinstance(base, msgspec.Struct):
        names = own.__struct_fields__
        return type(own)(**{n: _over(getattr(base, n), getattr(own, n)) for n in names})
    return own


def _extends(entry: object) -> str | None:
    value = entry.get("extends") if isinstance(entry, dict) else getattr(entry, "extends", None)
    return value if isinstance(value, str) else None


def _chain(entries: Mapping[str, object], key: str) -> tuple[list[str], bool]:
    """``key`` and what it extends, in turn; whether that leads back to one of them."""
    chain = [key]
    while (base := _extends(entries.get(chain[-1]))) is not None:
        if base in chain:
            return [*chain, base], True
        chain.append(base)
    return chain, False


def _name_findings(checked: Checked) -> list[Diagnostic]:
    found = []
    for path, place in checked.places.items():
        name = path[-1]
        if len(path) != 2 or path[0] != "environments" or is_environment_name(name, pattern=True):
            continue
        message = f"`{name}` is no name of an environment: {NAME_RULE}, or a pattern such as pr-*"
        found.append(
            Diagnostic(code=BAD_NAME, severity="error", message=message, at=place.at, end=place.end)
        )
    return found


def _base_findings(checked: Checked, entries: Mapping[str, object]) -> list[Diagnostic]:
    known = {DEFAULT: {}, **entries}
    written = {path[1] for path in checked.places if len(path) == 2}
    found = []
    for key in entries:
        base = _extends(entries[key])
        chain, circle = _chain(known, key)
        leads_back = circle and chain[-1] == key and key == min(chain)
        missing = base is not None and base not in known and base not in written
        if leads_back or missing:
            place = checked.places.get(("environments", key, "extends"))
            chain = chain if leads_back else [key, base or ""]
            found.append(_bad_base(known, chain, leads_back, place))
    return found


def _bad_base(
    entries: Mapping[str, object], chain: list[str], circle: bool, place: Place | None
) -> Diagnostic:
    at, end = (place.at, place.end) if place else (None, None)
    if circle:
        message = f"`extends` goes in a circle: {' → '.join(chain)}"
        hint = "remove one of these `extends`"
        return Diagnostic(code=CIRCLE, severity="error", message=message, hint=hint, at=at, end=end)
    known = f"known here: {', '.join(sorted(set(entries) - {chain[-2]}))}"
    return Diagnostic(
        code=UNKNOWN_BASE,
        severity="error",
        message=f"`{chain[-2]}` extends `{chain[-1]}`, which does not exist",
        hint=did_you_mean(chain[-1], set(entries) - {chain[-2]}, otherwise=known),
        at=at,
        end=end,
    )


def _not_utf8(raw: bytes, error: UnicodeDecodeError) -> Diagnostic:
    before = raw[: error.start].decode("utf-8-sig", errors="replace")
    at = At(
        file=FILE_NAME,
        line=before.count("\n") + 1,
        column=len(before) - (before.rfind("\n") + 1) + 1,
    )
    message = "the file is not UTF-8"
    return Diagnostic(
        code=SYNTAX, severity="error", message=message, hint="save it as UTF-8", at=at
    )


def _failed(found: tuple[Diagnostic, ...]) -> EnvironmentFileError:
    first = found[0]
    several = f"{FILE_NAME} has {len(found)} errors"
    return EnvironmentFileError(
        first.message if len(found) == 1 else several,
        code="bad-environment-file",
        hint=first.hint if len(found) == 1 else None,
        at=first.at,
        end=first.end,
        diagnostics=found,
    )

"""The values that must not be seen: ``secrets.json``, readable by its owner only.

In: the store's path and the app's declared secrets. Out: values by name, for those who bind and
start servers. Two kinds: *user* secrets, set by ``secret set``, and *generated* ones, made here
on first need. No value is ever part of an error, a note or a ``repr``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets as randomness
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value
from encore_local.files import PRIVATE_FILE, clear_errors, write_atomic
from encore_provisioner.errors import InfraError, RefusedError
from encore_provisioner.provider import SecretInfo

POSTGRES_ADMIN = "postgres"
"""Key of the password of PostgreSQL's superuser."""
S3_KEY = "s3"
"""Key of the secret access key of the S3, SNS and SQS server."""


def database_key(database: str) -> str:
    """Key of the password of a database's role."""
    return f"database/{database}"


def cache_key(cluster: str) -> str:
    """Key of the password of a cache cluster."""
    return f"cache/{cluster}"


class UserSecret(Value, frozen=True, kw_only=True):
    value: str
    set_at: str

    def __repr__(self) -> str:
        return f"UserSecret(set_at={self.set_at!r})"


class SecretsDocument(Value, frozen=True, kw_only=True):
    schema: SchemaVersion = SCHEMA_VERSION
    user: dict[str, UserSecret] = {}
    generated: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"SecretsDocument({len(self.user)} user, {len(self.generated)} generated)"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class LocalSecrets:
    """The store of one environment; implements ``SecretStore``.

    ``declared`` maps each declared secret to the services that use it. Every change reads the
    file, changes one thing and replaces it while no other process can do the same. Each method
    raises ``InfraError`` of code ``secrets-unreadable`` when the file holds something else.
    """

    def __init__(
        self,
        path: Path,
        *,
        declared: Mapping[str, tuple[str, ...]],
        now: Callable[[], str] = _now,
    ) -> None:
        self._path = path
        self._declared = dict(declared)
        self._now = now

    def set(self, name: str, value: str) -> None:
        """Store a user secret. Raises ``RefusedError`` for a value that the app cannot get."""
        refuse_value(name, value)
        with self._changing() as document:
            secret = UserSecret(value=value, set_at=self._now())
            self._save(msgspec.structs.replace(document, user={**document.user, name: secret}))

    def remove(self, name: str) -> bool:
        """Forget a user secret; whether there was one."""
        with self._changing() as document:
            if name not in document.user:
                return False
            rest = {key: value for key, value in document.user.items() if key != name}
            self._save(msgspec.structs.replace(document, user=rest))
            return True

    def list(self) -> tuple[SecretInfo, ...]:
        """Every secret that is declared or stored, by name."""
        user = self._load().user
        return tuple(
            SecretInfo(
                name=name,
                set_at=user[name].set_at if name in user else None,
                services=self._declared.get(name, ()),
            )
            for name in sorted({*user, *self._declared})
        )

    def missing(self) -> tuple[str, ...]:
        """The declared secrets without a value, sorted."""
        user = self._load().user
        return tuple(sorted(name for name in self._declared if name not in user))

    def values(self) -> dict[str, str]:
        """The value of each declared user secret that has one."""
        user = self._load().user
        return {name: user[name].value for name in sorted(self._declared) if name in user}

    def generated(self, key: str) -> str | None:
        """The generated password of ``key``; None before :meth:`ensure` made it."""
        return self._load().generated.get(key)

    def ensure(self, keys: Iterable[str]) -> dict[str, str]:
        """The generated passwords of ``keys``; those that are missing are made and stored first.

        Each is 43 characters of the URL-safe alphabet, 256 bits.
        """
        wanted = sorted(set(keys))
        present = self._load().generated
        if all(key in present for key in wanted):
            return {key: present[key] for key in wanted}
        with self._changing() as document:
            made = {key: randomness.token_urlsafe(32) for key in wanted}
            generated = {**made, **document.generated}
            self._save(msgspec.structs.replace(document, generated=generated))
            return {key: generated[key] for key in wanted}

    def forget(self, keys: Iterable[str]) -> None:
        """Drop generated passwords, because what they opened is gone."""
        gone = set(keys)
        with self._changing() as document:
            rest = {key: value for key, value in document.generated.items() if key not in gone}
            if rest != document.generated:
                self._save(msgspec.structs.replace(document, generated=rest))

    def repair_mode(self) -> tuple[str, ...]:
        """Take the file away from other users if they can read it; a note for each repair."""
        with clear_errors(self._path, "read"):
            try:
                mode = stat.S_IMODE(self._path.stat().st_mode)
            except FileNotFoundError:
                return ()
            if mode & 0o077 == 0:
                return ()
            self._path.chmod(PRIVATE_FILE)
        return (
            f"{self._path} was readable by other users (mode {mode:04o}) and is now 0600; "
            "change the secrets in it if others use this machine.",
        )

    @contextlib.contextmanager
    def _changing(self) -> Iterator[SecretsDocument]:
        with clear_errors(self._path, "lock"):
            descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield self._load()
        finally:
            os.close(descriptor)

    def _load(self) -> SecretsDocument:
        with clear_errors(self._path, "read"):
            try:
                data = self._path.read_bytes()
            except FileNotFoundError:
                return SecretsDocument()
        try:
            return msgspec.json.decode(data, type=SecretsDocument)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # The decoder's words may quote the content, so they are not passed on.
            raise _unreadable(self._path) from None

    def _save(self, document: SecretsDocument) -> None:
        compact = msgspec.json.encode(document, order="deterministic")
        write_atomic(self._path, msgspec.json.format(compact, indent=2) + b"\n")


def _unreadable(path: Path) -> InfraError:
    return InfraError(
        f"{path} is not the secret store that was written there: it holds the app's secrets and "
        "the passwords of its databases, caches and buckets, and none of them can be read",
        code="secrets-unreadable",
        hint="Restore the file from a backup. Without one, move it away, set each secret again "
        "with `secret set`, and apply: the passwords of the servers are then made anew.",
    )


def refuse_value(name: str, value: str) -> None:
    """Raise ``RefusedError`` for a value that the app would not get as it is.

    Runtime-binding contract: Encore's core expands what starts with ``envref:``; a variable
    cannot hold NUL, and the core reads UTF-8.
    """
    reason = _refusal(value)
    if reason:
        raise RefusedError(
            f"the value of secret {name} {reason}",
            code="secret-refused",
            hint="Give another value, for example the same one encoded as base64.",
        )


def _refusal(value: str) -> str | None:
    if value.startswith("envref:"):
        return "starts with `envref:`, which Encore's runtime would replace by a variable's content"
    if "\0" in value:
        return "holds a NUL character, which no environment variable can hold"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "is not valid UTF-8"
    return None

"""The values of an environment's declared secrets, in Secrets Manager.

In: an account, the environment's names, what the app declares. Out: a ``SecretStore``, and which
secrets have no value. A value passes through here once, from the person to AWS; none is ever read.

**The place comes first, then the value.** ``apply`` makes the place, ``secret set`` fills it, and
it refuses where there is no place yet. Made by hand before the first apply, the place would be one
that Pulumi does not know: it would fail on the name, or would have to import the secret with every
property as its plugin reads it. And a second secret, to wait in until then, would mean that
whoever applies must be allowed to read values. Nothing is lost by the order: ``apply`` starts no
container, so nothing waits for a value until one is started.

**Asked one by one**, not listed: ``ListSecrets`` may know nothing of the last five minutes, and a
person who has just set a value would see none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NoReturn

from encore_aws.account import DENIED, Account, AwsError, ask
from encore_aws.naming import Names
from encore_aws.secret_versions import (
    CURRENT,
    MARKED_DELETED,
    NO_SUCH_SECRET,
    REMOVED,
    REMOVING,
    Versions,
    versions,
)
from encore_provisioner.errors import RefusedError
from encore_provisioner.provider import SecretInfo

MOST_BYTES: Final = 65_536
_NOTHING: Final = b"\0"
"""In a version without a value. It is no text, so nothing that reads text takes it for a value."""
_AT_ONCE: Final = 3
"""``ListSecretVersionIds`` may be asked 50 times a second, by everybody in the account."""
_REFUSED: Final = "secret-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    name: str
    versions: Versions | None
    set_at: str | None
    denied: bool = False


class AwsSecrets:
    """Implements ``SecretStore``. Every method may raise :class:`AwsError`.

    ``declared`` maps each declared secret to the services that use it; ``adopted`` those that
    somebody else owns to their ARNs.
    """

    def __init__(
        self,
        account: Account,
        names: Names,
        *,
        declared: Mapping[str, tuple[str, ...]],
        adopted: Mapping[str, str] | None = None,
    ) -> None:
        self._environment = names.environment
        self._names = names
        self._declared = dict(declared)
        self._adopted = dict(adopted or {})
        self._client = account.client("secretsmanager")

    def set(self, name: str, value: str) -> None:
        """Make ``value`` the one that containers get from now on.

        Raises ``RefusedError`` for a value that the app cannot get, and where there is no place.
        """
        refuse_value(name, value)
        self._refuse_adopted(name)
        self._put(name, f"set {self._what(name)}", SecretString=value)

    def remove(self, name: str) -> bool:
        """Take the value away; whether there was one. The place stays.

        The value is then what no label names: AWS deletes it when it sees fit, and until then it
        can be read by its version's id.
        """
        self._refuse_adopted(name)
        found = self._versions(name)
        if found is None or found.current is None:
            return False
        if found.deleted is not None:
            self._refuse_deleted(name, found.deleted)
        if REMOVED in found.labels[found.current]:
            return False
        doing = f"remove the value of {self._what(name)}"
        if found.has_value:
            self._put(name, doing, SecretBinary=_NOTHING, VersionStages=[CURRENT, REMOVING])
        # Again, so that AWSPREVIOUS does not name the value either.
        self._put(name, doing, SecretBinary=_NOTHING, VersionStages=[CURRENT, REMOVED])
        return True

    def list(self) -> tuple[SecretInfo, ...]:
        """Every declared secret, by name.

        Of an adopted one that these credentials may not look at, it is not known when it was set.
        """
        return tuple(
            SecretInfo(
                name=seen.name,
                set_at=seen.set_at,
                services=self._declared[seen.name],
                known=not seen.denied,
            )
            for seen in self._look(sorted(self._declared))
        )

    def missing(self) -> tuple[str, ...]:
        """The declared secrets without a value, sorted. Adopted ones are for their owners to see
        to, and of a deleted one nothing can be had.
        """
        own = sorted(self._declared.keys() - self._adopted.keys())
        return tuple(
            seen.name
            for seen in self._look(own, dates=False)
            if seen.versions is None or seen.versions.deleted or not seen.versions.has_value
        )

    def deleted(self) -> tuple[str, ...]:
        """The declared secrets whose place was deleted and still holds its name, sorted: no apply
        can make them until they are restored, or until AWS has forgotten them.
        """
        own = sorted(self._declared.keys() - self._adopted.keys())
        return tuple(
            seen.name
            for seen in self._look(own, dates=False)
            if seen.versions is not None and seen.versions.deleted is not None
        )

    def _look(self, names: Iterable[str], *, dates: bool = True) -> Iterable[_Seen]:
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            return tuple(pool.map(lambda name: self._see(name, dates), names))

    def _see(self, name: str, dates: bool) -> _Seen:
        try:
            found = self._versions(name)
            dated = dates and found is not None and found.has_value and found.deleted is None
            set_at = self._set_at(name, found.current) if dated and found else None
        except AwsError as error:
            if name not in self._adopted or error.answer not in DENIED:
                raise
            return _Seen(name=name, versions=None, set_at=None, denied=True)
        return _Seen(name=name, versions=found, set_at=set_at)

    def _set_at(self, name: str, version: str | None) -> str | None:
        """When the value was set. The secret's own date is that of its tags and its policy too."""
        secret, doing = self._secret(name), f"ask when {self._what(name)} was set"
        more: dict[str, str] = {}
        while True:
            call = partial(self._client.list_secret_version_ids, SecretId=secret, **more)
            page: dict[str, Any] = ask(doing, call)
            for each in page.get("Versions", ()):
                if each["VersionId"] == version:
                    return _iso(each["CreatedDate"])
            if "NextToken" not in page:
                return None
            more = {"NextToken": page["NextToken"]}

    def _versions(self, name: str) -> Versions | None:
        return versions(self._secret(name), self._what(name), self._client)

    def _secret(self, name: str) -> str:
        """Name or ARN; the name is the one under which the program makes the place."""
        return self._adopted.get(name) or self._names.name("secret", "secret", name)

    def _what(self, name: str) -> str:
        return f"the secret {name} of {self._environment}"

    def _put(self, name: str, doing: str, **given: Any) -> None:
        secret = self._secret(name)
        try:
            ask(
                doing,
                lambda: self._client.put_secret_value(SecretId=secret, **given),
                quiet=True,
            )
        except AwsError as error:
            if error.answer == NO_SUCH_SECRET:
                self._refuse_homeless(name)
            if error.answer == MARKED_DELETED:
                found = self._versions(name)
                if found is not None and found.deleted is not None:
                    self._refuse_deleted(name, found.deleted)
            raise

    def _refuse_homeless(self, name: str) -> NoReturn:
        raise RefusedError(
            f"{self._what(name)} has no place yet, so its value cannot be kept: `apply` makes the "
            "place, and never a value",
            code="secret-without-place",
            hint=f"encore-infra apply --env {self._environment}, then set it, then start the "
            "containers",
        ) from None

    def _refuse_deleted(self, name: str, since: datetime) -> NoReturn:
        raise RefusedError(
            f"{self._what(name)} was deleted at {_iso(since)} and can still be restored; until "
            "then it takes no value",
            code="secret-deleted",
            hint=f"aws secretsmanager restore-secret --secret-id {self._secret(name)}",
        ) from None

    def _refuse_adopted(self, name: str) -> None:
        if name in self._adopted:
            raise RefusedError(
                f"{self._what(name)} is adopted: {self._adopted[name]} is somebody else's, and "
                "encore-infra neither fills nor empties it",
                code="secret-adopted",
                hint="set it where it is managed",
            )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def refuse_value(name: str, value: str) -> None:
    """Raise ``RefusedError`` for a value that the app would not get as it is.

    Runtime-binding contract: Encore's core expands what starts with ``envref:``; a variable
    cannot hold NUL, and the core reads UTF-8. Secrets Manager takes up to 65,536 bytes.
    """
    reason, hint = _refusal(value)
    if reason:
        raise RefusedError(f"the value of secret {name} {reason}", code=_REFUSED, hint=hint)


def _refusal(value: str) -> tuple[str, str]:
    encoded = "give another value, for example the same one encoded as base64"
    if not value:
        return "is empty, and Secrets Manager keeps no empty value", "`secret rm` takes it away"
    if value.startswith("envref:"):
        return (
            "starts with `envref:`, which Encore's runtime would replace by a variable's content",
            encoded,
        )
    if "\0" in value:
        return "holds a NUL character, which no environment variable can hold", encoded
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return "is not valid UTF-8", encoded
    if size > MOST_BYTES:
        return (
            f"has {size:,} bytes; Secrets Manager takes {MOST_BYTES:,}",
            "keep it in a bucket, and its key here",
        )
    return "", ""

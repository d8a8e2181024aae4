"""The passwords that nobody chose: made inside AWS, after the program has made their places.

In: the outputs of apply. Out: which variables were filled and which users of caches were let in. A
value is held by this process for as long as one call takes, and is kept by AWS alone.

It can be interrupted anywhere and run again. The first value of a secret is written under a fixed
version, so of two processes at once one is refused and takes what the other wrote. A cache's user
is given what the secret holds, and then that version is labelled; so after an interruption, a
rotation by hand or a new user it is given once more, and else left alone.
"""

from __future__ import annotations

import string
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from encore_aws.account import Account, AwsError, ask
from encore_aws.secret_versions import CURRENT, Versions, versions
from encore_provisioner.errors import ApplyError
from encore_provisioner.waiting import Clock, OnWait

IN_USE: Final = "encore-in-use"
"""The label of the version that the cache's user was given."""

_NAMESPACE: Final = uuid.UUID("6f3c2f53-8a3d-5d0e-9d5b-0b6f2f5c7a11")
_WAIT: Final = 900.0
"""Seconds for a user to become active; it takes a minute or two, since its servers must follow."""
_EVERY: Final = 5.0
_NO_SUCH_USER: Final = "UserNotFound"
_MAKE_AGAIN: Final = "`refresh` and then `apply` make it again"
_NOT_ACTIVE: Final = "InvalidUserState"
_WRITTEN_BY_ANOTHER: Final = "ResourceExistsException"

Outputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """``secrets``: the variables whose secret got its value now. ``caches``: those whose user was
    given its password now.
    """

    secrets: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _User:
    """The user of one cache; ``secret`` is the ARN of its password, ``version`` that of now."""

    cache: str
    name: str
    access: str
    secret: str
    version: str
    labels: Versions

    @property
    def what(self) -> str:
        return f"the user {self.name} of the cache {self.cache}"


def fill(
    outputs: Outputs,
    account: Account,
    *,
    on_wait: OnWait = lambda _: None,
    clock: Clock | None = None,
) -> Filled:
    """Give every secret of ``outputs["generated"]`` a value that has none, and every cache's user
    its password. ``on_wait`` is told what is waited for.

    Raises :class:`AwsError`, and ``ApplyError`` for a secret that was deleted and for a user that
    does not become active.
    """
    clock = clock or Clock()
    secrets = account.client("secretsmanager")
    wanted = dict(sorted(outputs["generated"].items()))
    filled = tuple(name for name, item in wanted.items() if _fill(name, item, secrets))
    users = tuple(_users(wanted, outputs["caches"], secrets))
    if not users:
        return Filled(secrets=filled)
    door = _Door(account.client("elasticache"), clock, on_wait)
    late = [user for user in users if not door.has(user)]
    for user in late:
        door.give(user, secrets)
    for user in late:
        door.wait(user)
        _label(user, secrets)
    return Filled(secrets=filled, caches=tuple(user.cache for user in late))


def _fill(variable: str, item: Mapping[str, Any], client: Any) -> bool:
    """Whether a value was written now."""
    found = _there(variable, item["secret"], client)
    if found.has_value:
        return False
    made = ask(
        f"have AWS make a password for {variable}",
        lambda: client.get_random_password(**_shape(item)),
        quiet=True,
    )
    try:
        ask(
            f"keep the password of {variable}",
            lambda: client.put_secret_value(
                SecretId=item["secret"],
                SecretString=made["RandomPassword"],
                ClientRequestToken=_first(item["secret"], found),
            ),
            quiet=True,
        )
    except AwsError as error:
        if error.answer == _WRITTEN_BY_ANOTHER:
            return False
        raise
    return True


def _shape(item: Mapping[str, Any]) -> dict[str, Any]:
    """``exclude`` as Secrets Manager's own switch, where it holds all the signs that there are."""
    excluded = set(item["exclude"])
    signs = frozenset(string.punctuation)
    rest = "".join(sorted(excluded - signs if signs <= excluded else excluded))
    return {
        "PasswordLength": item["length"],
        "ExcludePunctuation": signs <= excluded,
        **({"ExcludeCharacters": rest} if rest else {}),
        # One of each kind may be impossible, and says little of a password this long.
        "RequireEachIncludedType": False,
    }


def _first(secret: str, found: Versions) -> str:
    """The version of the first value: the same for everybody who finds the same versions."""
    return str(uuid.uuid5(_NAMESPACE, " ".join((secret, *found.labels))))


def _there(variable: str, secret: str, client: Any) -> Versions:
    found = versions(secret, f"the secret of {variable}", client)
    if found is None or found.deleted is not None:
        gone = "is not there" if found is None else "was deleted and can still be restored"
        raise ApplyError(
            f"the secret of {variable} {gone}: {secret}",
            code="secret-deleted",
            hint=_MAKE_AGAIN
            if found is None
            else f"aws secretsmanager restore-secret --secret-id {secret}",
        )
    return found


def _users(
    wanted: Mapping[str, Mapping[str, Any]], caches: Outputs, client: Any
) -> Iterator[_User]:
    for variable, item in wanted.items():
        if item["for"] != "cache":
            continue
        cache = caches[item["name"]]
        found = _there(variable, item["secret"], client)
        if found.current is None:
            # Written a moment ago, and not seen yet: the version of the first value is known.
            found = Versions(labels={_first(item["secret"], found): (CURRENT,)}, deleted=None)
        yield _User(
            cache=item["name"],
            name=cache["username"],
            access=cache["access"],
            secret=item["secret"],
            version=found.current or "",
            labels=found,
        )


def _label(user: _User, client: Any) -> None:
    before = user.labels.holder(IN_USE)
    if before == user.version:
        return
    moved = {} if before is None else {"RemoveFromVersionId": before}
    ask(
        f"note that {user.what} has its password",
        lambda: client.update_secret_version_stage(
            SecretId=user.secret, VersionStage=IN_USE, MoveToVersionId=user.version, **moved
        ),
    )


class _Door:
    """ElastiCache's users, and the time that they take."""

    def __init__(self, client: Any, clock: Clock, on_wait: OnWait) -> None:
        self._client, self._clock, self._on_wait = client, clock, on_wait

    def has(self, user: _User) -> bool:
        """Whether the user was given what its secret holds now, as far as anybody can tell: AWS
        says that a user has a password, and not which.
        """
        found = self._look(user)
        return (
            user.labels.holder(IN_USE) == user.version
            and found["Authentication"].get("Type") == "password"
            and found.get("AccessString") == user.access
        )

    def give(self, user: _User, secrets: Any) -> None:
        """Set the password and what the user may send; returns before the servers know of it."""
        deadline = self._clock.now() + _WAIT
        while True:
            self._settled(user, deadline)
            try:
                self._modify(user, secrets)
            except AwsError as error:
                # Its group or its server is busy, which the user itself does not show.
                if error.answer != _NOT_ACTIVE or self._clock.now() >= deadline:
                    raise
                self._clock.pause(_EVERY)
            else:
                return

    def wait(self, user: _User) -> None:
        self._settled(user, self._clock.now() + _WAIT)

    def _modify(self, user: _User, secrets: Any) -> None:
        value = ask(
            f"fetch the password of {user.what}",
            lambda: secrets.get_secret_value(SecretId=user.secret, VersionId=user.version),
            quiet=True,
        )["SecretString"]
        ask(
            f"let {user.what} in",
            lambda: self._client.modify_user(
                UserId=user.name,
                AccessString=user.access,
                AuthenticationMode={"Type": "password", "Passwords": [value]},
            ),
            quiet=True,
        )

    def _settled(self, user: _User, deadline: float) -> None:
        told = False
        while (status := self._look(user)["Status"]) != "active":
            if self._clock.now() >= deadline:
                raise ApplyError(
                    f"{user.what} is {status}, and not active after {_WAIT / 60:.0f} minutes",
                    code="cache-user",
                    hint="see the events of the cache in the console of ElastiCache; the next "
                    "apply goes on from here",
                )
            if not told:
                self._on_wait(f"{user.what} is {status}; waiting until it is active")
                told = True
            self._clock.pause(_EVERY)

    def _look(self, user: _User) -> dict[str, Any]:
        try:
            found: list[dict[str, Any]] = ask(
                f"look at {user.what}",
                lambda: self._client.describe_users(UserId=user.name)["Users"],
            )
        except AwsError as error:
            if error.answer != _NO_SUCH_USER:
                raise
            raise ApplyError(
                f"{user.what} is not there", code="cache-user", hint=_MAKE_AGAIN
            ) from None
        return found[0]

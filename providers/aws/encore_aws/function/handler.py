"""Where Lambda comes in: one event, one answer.

In: an event. Out: an answer that JSON can hold; no exception ever, since Lambda would write it into
the log with all that it holds. Every secret that was read in this call is blotted out of whatever
is handed back, should a server ever repeat one in its words.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from encore_aws.function import doors as real
from encore_aws.function.doctor import doctor
from encore_aws.function.documents import (
    Answer,
    Doctor,
    Drop,
    Error,
    Migrate,
    Prepare,
    Request,
    Status,
    answered,
    failed,
    request,
)
from encore_aws.function.doors import Doors, Secrets
from encore_aws.function.errors import FunctionError
from encore_aws.function.migrate import migrate, status
from encore_aws.function.prepare import drop, prepare
from encore_aws.function.problems import error_of

_BLOT: Final = "…"


def handle(event: object, context: Any) -> dict[str, Any]:
    """Called by Lambda."""
    return answer(event, lambda: real.in_aws(context))


def answer(event: object, open_doors: Callable[[], Doors]) -> dict[str, Any]:
    """``open_doors`` is called once, for an event that can be read."""
    action, seen = None, _Seen()
    try:
        action, asked = request(event)
        doors = open_doors()
        began = doors.clock()
        watched = replace(doors, secrets=_Watched(doors.secrets, seen))
        found = answered(action, _do(asked, watched))
        doors.log(f"encore-infra: {action} took {doors.clock() - began:.1f} s")
    except FunctionError as error:
        found = failed(action, error_of(error))
    except Exception as error:  # noqa: BLE001  what no one foresaw is told too, without its words
        found = failed(action, _bug(error))
    return seen.blotted(found)  # type: ignore[no-any-return]


def _do(asked: Request, doors: Doors) -> Answer:
    match asked:
        case Prepare():
            return prepare(asked, doors)
        case Drop():
            return drop(asked, doors)
        case Migrate():
            return migrate(asked, doors)
        case Status():
            return status(asked, doors)
        case Doctor():
            return doctor(asked, doors)


def _bug(error: Exception) -> Error:
    """The kind and the place; what an exception says may hold anything."""
    places = traceback.extract_tb(error.__traceback__)
    last = places[-1] if places else None
    where = f"{last.filename.rpartition('/')[2]}:{last.lineno}" if last else "an unknown place"
    return Error(
        code="function-bug",
        message=f"a mistake in encore-infra: {type(error).__name__} at {where} of the function",
        hint="Please report it with this line. Applying again goes on where it ended.",
    )


class _Seen:
    """The secrets of one call."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def add(self, value: str) -> None:
        self._values.add(value)

    def blotted(self, data: Any) -> Any:
        """``data`` without any of them."""
        if isinstance(data, dict):
            return {key: self.blotted(one) for key, one in data.items()}
        if isinstance(data, list):
            return [self.blotted(one) for one in data]
        if isinstance(data, str):
            for value in sorted(self._values, key=len, reverse=True):
                data = data.replace(value, _BLOT) if value else data
        return data


class _Watched:
    """Remembers what is read."""

    def __init__(self, secrets: Secrets, seen: _Seen) -> None:
        self._secrets, self._seen = secrets, seen

    def read(self, arn: str) -> str | None:
        found = self._secrets.read(arn)
        if found is not None:
            self._remember(found)
        return found

    def ensure(self, arn: str, *, length: int, exclude: str) -> str:
        found = self._secrets.ensure(arn, length=length, exclude=exclude)
        self._remember(found)
        return found

    def _remember(self, value: str) -> None:
        self._seen.add(value)
        for part in real.passwords_in(value):
            self._seen.add(part)

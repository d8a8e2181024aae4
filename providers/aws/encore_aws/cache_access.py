"""What the user of a cache may send: the commands of the core's client, and no others.

Out: an access string as ElastiCache and the engine itself take it. The list was read in
``runtimes/core/src/cache/client.rs`` and in what its libraries send on their own (redis 1.0 when it
connects, bb8 when a connection leaves the pool). A command more in a later core must be added here,
or the app's call fails with ``NOPERM``.

AUTH, HELLO and QUIT are for everybody and cannot be given or taken. Keys are not narrowed: no two
caches share a server, so there is nobody's key but the app's own; and what one looks like is often
known only when it is written.
"""

from __future__ import annotations

from typing import Final

VALUES: Final = (
    "get", "set", "getdel", "mget", "mset", "del",
    "append", "getrange", "setrange", "strlen", "incrby", "incrbyfloat",
)  # fmt: skip
LISTS: Final = (
    "lpush", "rpush", "lpop", "rpop", "lmove", "lindex", "lset", "lrange", "ltrim", "linsert",
    "lrem", "llen",
)  # fmt: skip
SETS: Final = (
    "sadd", "srem", "sismember", "smembers", "scard", "spop", "srandmember", "smove",
    "sdiff", "sdiffstore", "sinter", "sinterstore", "sunion", "sunionstore",
)  # fmt: skip
EXPIRY: Final = ("pexpireat", "persist")
"""Sent with a change of the same key, in one transaction."""
CONNECTION: Final = ("ping", "multi", "exec")
NAMES_CLIENT: Final = "client|setinfo"
"""The library says who it is when it connects, and does not mind a refusal; but each one counts as
an attempt to do what is forbidden, in AWS's metrics as in the server's log. Redis, up to 7.1, does
not know the command, and an access string must not name it."""

COMMANDS: Final = (*CONNECTION, *VALUES, *LISTS, *SETS, *EXPIRY)


def access_string(*, names_clients: bool) -> str:
    """``names_clients``: the engine knows ``CLIENT SETINFO``, as Valkey does."""
    commands = (*COMMANDS, NAMES_CLIENT) if names_clients else COMMANDS
    return " ".join(("on", "~*", "-@all", *(f"+{command}" for command in commands)))

"""Turns what a driver raises into a sentence for people, with what to do about it.

In: the exception and what was to be reached. Out: a ``CheckError``. Drivers' messages are
reduced to their first line; the runner masks secrets in whatever remains.
"""

from __future__ import annotations

import re

from encore_provisioner.clients.aws import AwsError, AwsUnreachableError
from encore_provisioner.doctor.cache_door import Trouble
from encore_provisioner.doctor.check import CheckError

APPLY = "Run `encore-infra apply`: it starts what is stopped and repairs what is missing."
_WRONG_PASSWORD = (
    "The password in runtime.env is not the server's. Run `encore-infra apply` to set it again."
)
_RESTART = "Look at the server's log; `encore-infra stop`, then `apply`, restart a local one."

_SQL_REASONS: tuple[tuple[str, str, str], ...] = (
    (r"Connection refused", "connection refused on {where}: the server is not running", APPLY),
    (r"No such file or directory", "no socket at {where}: the server is not running", APPLY),
    (
        r"password authentication failed|no password supplied",
        "{where} refuses the password of role {user}",
        _WRONG_PASSWORD,
    ),
    (r'role ".*" does not exist', "the role {user} does not exist on {where}", APPLY),
    (r'database ".*" does not exist', "the database {database} does not exist on {where}", APPLY),
    (
        r"permission denied for database|CONNECT privilege",
        "the role {user} may not connect to the database {database} on {where}",
        APPLY,
    ),
    (
        r"permission denied",
        "the role {user} lacks a right in the database {database}: {said}",
        APPLY,
    ),
    (
        r"timeout expired|timed out",
        "no answer from {where} in time: the server hangs or a firewall drops packets",
        _RESTART,
    ),
    (
        r"server does not support SSL",
        "{where} offers no TLS, but the runtime config requires it",
        "Set tls_config.disabled for a server without TLS, or switch TLS on there.",
    ),
    (
        r"certificate verify failed|root certificate|does not match host name",
        "the TLS certificate of {where} is not trusted",
        "tls_config.ca must hold the one root certificate that signed the server's.",
    ),
    (
        r"too many clients|remaining connection slots",
        "{where} has no free connection left",
        "Lower max_connections of the pools or end other clients of this server.",
    ),
    (r"the database system is", "{where} is still starting or shutting down", "Try again soon."),
    (
        r"could not translate host name|resolve host|Name or service not known",
        "the host name of {where} cannot be resolved",
        "Check the host in the runtime config and the network.",
    ),
)


def sql_failure(message: str, *, where: str, user: str, database: str) -> CheckError:
    """``where`` is ``host:port`` or the folder of a socket."""
    for pattern, reason, hint in _SQL_REASONS:
        if re.search(pattern, message):
            return CheckError(
                reason.format(where=where, user=user, database=database, said=first_line(message)),
                hint=hint,
            )
    return CheckError(f"{where}: {first_line(message)}")


def cache_failure(trouble: Trouble, message: str, *, where: str) -> CheckError:
    """``where`` is ``host:port`` or the path of a socket."""
    said = first_line(message)
    match trouble:
        case "refused":
            reason = f"connection refused on {where}: the server is not running"
            return CheckError(reason, hint=APPLY)
        case "credentials":
            return CheckError(f"{where} refuses the credentials: {said}", hint=_WRONG_PASSWORD)
        case "timeout":
            reason = f"no answer from {where} in time: the server hangs or a firewall drops packets"
            return CheckError(reason, hint=_RESTART)
        case "tls":
            hint = "TLS is on unless tls_config.disabled is set; a server without it never answers."
            return CheckError(f"no TLS connection to {where}: {said}", hint=hint)
        case "full":
            hint = "Its memory is full and its eviction policy frees none."
            return CheckError(f"{where} takes no more keys: {said}", hint=hint)
        case "other":
            return CheckError(f"{where}: {said}", hint=APPLY)


def aws_failure(error: AwsError, *, what: str) -> CheckError:
    """``what`` is the thing that was asked for, such as ``the bucket uploads``."""
    if isinstance(error, AwsUnreachableError):
        if error.timed_out:
            return CheckError(f"no answer from {error.endpoint} in time", hint=_RESTART)
        if error.refused:
            reason = f"connection refused on {error.endpoint}: the server is not running"
        else:
            reason = f"{error.endpoint} cannot be reached: {first_line(error.reason)}"
        return CheckError(reason, hint=APPLY)
    if error.missing:
        return CheckError(f"{what} does not exist ({error.code})", hint=APPLY)
    if error.status in (401, 403):
        reason = f"{error.operation} on {what} was refused: {first_line(error.detail)}"
        hint = "The credentials in runtime.env are wrong or lack this permission."
        return CheckError(reason, hint=hint)
    return CheckError(f"{error.operation} on {what}: {first_line(error.detail)} ({error.code})")


def first_line(message: str) -> str:
    lines = message.strip().splitlines()
    return lines[0].strip() if lines else ""

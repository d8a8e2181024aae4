"""The runtime config on disk: what ``apply`` leaves for the app's process.

In: what ``emit`` made. Out: ``infra.config.json``, ``runtime.pb`` and ``runtime.env`` in the
environment's state folder, each replaced whole. Equal input leaves every file untouched.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Final

from encore_provisioner.binding import Bindings
from encore_provisioner.cli.files import (
    ENV_FILE,
    JSON_FILE,
    PRIVATE,
    PROTOBUF_FILE,
    PUBLIC,
    write_if_changed,
)
from encore_provisioner.emit import Emitted, emit, environment_variables, render_env
from encore_provisioner.provider import Target

JSON_LOSES: Final = "W9101"
"""The finding that ``infra.config.json`` cannot carry all that the protobuf does."""
VALUES_ELSEWHERE: Final = "W9102"
"""The finding that this machine does not know the value behind a variable."""


def emitted(target: Target, bindings: Bindings, service: str | None = None) -> Emitted:
    """The runtime config of the whole app, or of the container of one service."""
    return emit(target.graph, bindings, cors=target.cors, service=service)


def env_text(target: Target, config: Emitted, *, service: str | None = None) -> str:
    """Every variable of the process. One service alone gets its config in the variable itself,
    because the file on disk is that of the whole app."""
    chosen = config if service is None else replace(config, uses_protobuf=True)
    path = target.state_dir / JSON_FILE
    return render_env(environment_variables(chosen, config_path=path))


def write_runtime(target: Target, config: Emitted) -> tuple[str, ...]:
    """Write the three files; their paths relative to the app's root."""
    contents = (
        (JSON_FILE, config.infra_json, PUBLIC),
        (PROTOBUF_FILE, config.runtime_pb, PUBLIC),
        (ENV_FILE, env_text(target, config).encode(), PRIVATE),
    )
    for name, data, mode in contents:
        write_if_changed(target.state_dir / name, data, mode)
    return tuple(relative(target, name) for name, _, _ in contents)


def remove_runtime(target: Target) -> None:
    """Take away what :func:`write_runtime` wrote: it names what is gone, and holds secrets."""
    for name in (JSON_FILE, PROTOBUF_FILE, ENV_FILE):
        (target.state_dir / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not there, or something else is kept in it
        target.state_dir.rmdir()


def relative(target: Target, name: str) -> str:
    return str(Path(".encore") / "infra" / target.environment.name / name)

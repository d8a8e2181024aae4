"""Reads what was emitted: the config and the variables that the app's process will have.

In: the state folder of an environment. Out: :class:`Inputs`. Only ``runtime.env`` says what the
app gets; this process's own variables do not count. Which of the possible configs the core would
read is decided as the core decides (runtime binding contract, section 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from encore_config import runtime
from encore_config.errors import DocumentError
from encore_config.infra import InfraConfig
from encore_config.infra_reader import read_infra
from encore_provisioner.doctor import runtime_env
from encore_provisioner.errors import DoctorError

_APPLY = "Run `encore-infra apply`, which writes it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """``source`` names the variable or file that the core reads the config from."""

    config: InfraConfig | runtime.RuntimeConfig
    environ: Mapping[str, str] = field(repr=False)
    source: str


def read_inputs(state_dir: Path) -> Inputs:
    """Raises ``DoctorError``: ``not-applied``, ``runtime-env`` or ``runtime-config``."""
    path = state_dir / "runtime.env"
    text = _read(path, code="not-applied").decode(errors="replace")
    try:
        environ = runtime_env.parse(text)
    except runtime_env.EnvFileError as error:
        raise DoctorError(f"{path}: {error}", code="runtime-env", hint=_APPLY) from error
    return _config(environ)


def _config(environ: Mapping[str, str]) -> Inputs:
    file = environ.get("ENCORE_INFRA_CONFIG_PATH")
    value = environ.get("ENCORE_RUNTIME_CONFIG")
    raw_file = environ.get("ENCORE_RUNTIME_CONFIG_PATH")
    source = file if file is not None else "ENCORE_RUNTIME_CONFIG"
    config: InfraConfig | runtime.RuntimeConfig
    try:
        if file is not None:
            config = read_infra(_read(Path(file), code="runtime-config"))
        elif value is not None:
            config = runtime.parse(runtime.decode_value(value))
        elif raw_file is not None:
            source = raw_file
            config = runtime.parse(_read(Path(raw_file), code="runtime-config"))
        else:
            message = "runtime.env leads to no runtime config: the app would not start"
            raise DoctorError(message, code="runtime-config", hint=_APPLY)
    except DocumentError as error:
        hint = error.hint or _APPLY
        raise DoctorError(f"{source}: {error}", code="runtime-config", hint=hint) from error
    return Inputs(config=config, environ=environ, source=source)


def _read(path: Path, *, code: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise DoctorError(message, code=code, hint=_APPLY) from error

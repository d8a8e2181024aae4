"""What can go wrong for a reason that a person can act on.

    InfraError                      every error below: what, where, why (message), what to do (hint)
    ├── UsageError                  the command was called wrongly                      exit 64
    ├── AppError                    the folder is no app, or its source has errors      exit 1
    ├── EnvironmentFileError        ``encore.infra.yaml`` cannot be used                exit 1
    ├── RefusedError                we will not do this as asked (data loss, secrets)   exit 1
    ├── BusyError                   another process holds the environment               exit 1
    ├── ApplyError                  a step failed; the rest of the plan was not done    exit 1
    └── DoctorError                 a bound resource does not answer                    exit 1

Anything else that reaches the command line is a bug and shown as one.
"""

from __future__ import annotations

from encore_config.diagnostics import Diagnostic, Problem
from encore_config.position import At, End


class InfraError(Exception):
    """An error for people. ``code`` is a stable word for programs, such as ``port-taken``."""

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        code: str,
        hint: str | None = None,
        at: At | None = None,
        end: End | None = None,
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.at = at
        self.end = end
        self.diagnostics = diagnostics

    def problem(self) -> Problem:
        return Problem(code=self.code, message=self.message, hint=self.hint)


class UsageError(InfraError):
    exit_code = 64


class AppError(InfraError):
    pass


class EnvironmentFileError(InfraError):
    pass


class RefusedError(InfraError):
    pass


class BusyError(InfraError):
    pass


class ApplyError(InfraError):
    pass


class DoctorError(InfraError):
    pass

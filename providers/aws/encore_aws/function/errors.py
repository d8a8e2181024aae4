"""What the function cannot do, as a value that reaches a person."""

from __future__ import annotations

from encore_provisioner.postgres.judging import Place


class FunctionError(Exception):
    """``code`` is a stable word; ``message`` says what, where, why, ``hint`` what to do."""

    def __init__(self, code: str, message: str, hint: str, *, at: Place | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.at = at


class ConnectError(FunctionError):
    """A server that does not let us in. ``state``: PostgreSQL's code, empty where none came."""

    def __init__(self, code: str, message: str, hint: str, *, state: str = "") -> None:
        super().__init__(code, message, hint)
        self.state = state


class SqlError(FunctionError):
    """PostgreSQL would not do what we asked for ourselves."""

    def __init__(self, message: str, *, state: str) -> None:
        super().__init__(
            "postgres-failed",
            message,
            "Nothing was left half done. Mend what it names, then try again.",
        )
        self.state = state

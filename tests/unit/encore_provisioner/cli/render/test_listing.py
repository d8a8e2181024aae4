"""Short lists: what each cell says, and in which style."""

from __future__ import annotations

from typing import get_args

import pytest

from encore_provisioner.cli.documents import SecretLine, Server
from encore_provisioner.cli.render.listing import secrets_lines, status_lines
from encore_provisioner.cli.render.style import STYLES, plain
from encore_provisioner.provider import ServerState


@pytest.mark.parametrize(
    ("set_at", "known", "cell", "style"),
    [
        ("2026-01-02T03:04:05Z", True, "2026-01-02T03:04:05Z", ""),
        (None, True, "not set", "warning"),
        (None, False, "unknown", "dim"),
    ],
)
def test_when_a_secret_was_set(set_at: str | None, known: bool, cell: str, style: str) -> None:
    secret = SecretLine(name="PayKey", set_at=set_at, services=("orders",), known=known)
    head, row = secrets_lines((secret,))
    assert (cell, style) in row
    assert plain([row]).split()[-1] == "orders"
    assert plain([head]).split() == ["NAME", "SET", "SERVICES"]


@pytest.mark.parametrize("state", get_args(ServerState))
def test_every_state_has_a_style(state: str) -> None:
    (row,) = status_lines((Server(name="db", state=state, endpoint="db:5432", detail="all"),))
    (style,) = [style for text, style in row if text == state]
    assert style in STYLES
    assert style != ""

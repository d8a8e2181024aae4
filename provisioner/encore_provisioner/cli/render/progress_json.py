"""What is told of an apply to programs: one JSON object a line, as things happen.

Each has ``schema``, ``event`` and ``elapsed`` (seconds since the beginning). What a program wants
to know of the end stands in the document that the command prints on stdout; this is for watching.
"""

from __future__ import annotations

import json
from typing import Final, Literal

import msgspec

from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value
from encore_config.plan import DeclarationRef, Op
from encore_provisioner.cli.render.progress_board import Board, Item, State
from encore_provisioner.provider import Phase

BoardEventName = Literal["waiting", "stopping", "stopping-hard", "ended"]

_EVENTS: Final[dict[State, Phase]] = {
    "waiting": "started",
    "running": "started",
    "finishing": "finishing",
    "done": "done",
    "failed": "failed",
    "abandoned": "abandoned",
}


class ReasonTold(Value, frozen=True, kw_only=True):
    code: str
    cause: str
    remedy: str


class StepEvent(Value, frozen=True, kw_only=True):
    """``usually`` is how long such a step takes as a rule, ``seconds`` how long it took."""

    schema: SchemaVersion = SCHEMA_VERSION
    event: Phase
    elapsed: float
    op: Op
    type: str
    name: str
    urn: str
    declaration: DeclarationRef | None
    usually: float | None
    seconds: float | None
    message: str
    reason: ReasonTold | None


class Running(Value, frozen=True, kw_only=True):
    urn: str
    op: Op
    seconds: float
    usually: float | None


class BoardEvent(Value, frozen=True, kw_only=True):
    """``waiting`` every half minute, ``stopping`` and ``stopping-hard`` after Ctrl-C, ``ended``.

    ``running`` begins with what the end waits for; ``left`` are seconds.
    """

    schema: SchemaVersion = SCHEMA_VERSION
    event: BoardEventName
    elapsed: float
    total: int
    done: int
    failed: int
    abandoned: int
    left: float | None
    running: tuple[Running, ...]


class NoticeEvent(Value, frozen=True, kw_only=True):
    """``text`` is what is done or waited for besides the steps, for people."""

    schema: SchemaVersion = SCHEMA_VERSION
    event: Literal["notice"] = "notice"
    elapsed: float
    text: str


def step_event(item: Item, elapsed: float) -> str:
    """One line, without its end."""
    step, reason = item.step, item.reason
    return _line(
        StepEvent(
            event=_EVENTS[item.state],
            elapsed=round(elapsed, 3),
            op=step.op,
            type=step.type,
            name=step.name,
            urn=step.urn,
            declaration=step.declaration,
            usually=item.usually,
            seconds=None if item.took is None else round(item.took, 3),
            message=item.message,
            reason=ReasonTold(code=reason.code, cause=reason.cause, remedy=reason.remedy)
            if reason
            else None,
        )
    )


def board_event(event: BoardEventName, board: Board, now: float, elapsed: float) -> str:
    """One line, without its end."""
    left = board.left(now)
    return _line(
        BoardEvent(
            event=event,
            elapsed=round(elapsed, 3),
            total=board.total,
            done=board.done,
            failed=len(board.of("failed")),
            abandoned=len(board.of("abandoned")),
            left=None if left is None else round(left, 3),
            running=tuple(
                Running(
                    urn=item.step.urn,
                    op=item.step.op,
                    seconds=round(item.elapsed(now), 3),
                    usually=item.usually,
                )
                for item in board.by_weight(now)
            ),
        )
    )


def notice_event(text: str, elapsed: float) -> str:
    """One line, without its end."""
    return _line(NoticeEvent(elapsed=round(elapsed, 3), text=text))


def _line(event: Value) -> str:
    """ASCII alone, so that nothing on its way to the reader has to be escaped once more."""
    text = json.dumps(msgspec.to_builtins(event), separators=(",", ":"))
    return text.replace("\x7f", "\\u007f")

"""What is told of an apply while it goes on, line by line, and of its failure at the end.

In: a board and the time. Out: lines without colours of their own, or an error for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from encore_config.plan import Op, Step
from encore_config.position import End
from encore_provisioner.cli.render.plan_parts import short_type
from encore_provisioner.cli.render.progress_board import WORTH_NAMING, Board, Item, Said
from encore_provisioner.cli.render.style import Line, count, line, listed, one_line, seconds
from encore_provisioner.errors import ApplyError

DOING: Final[dict[Op, str]] = {
    "create": "creating",
    "update": "updating",
    "replace": "replacing",
    "delete": "deleting",
    "same": "checking",
}
_DONE: Final[dict[Op, str]] = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "same": "checked",
}


def title(step: Step) -> str:
    """The resource in as few words as name it: ``database#server``, ``local:s3:Bucket uploads``."""
    if step.urn.startswith("urn:pulumi:"):
        return one_line(step.name)
    return subject(step)


def subject(step: Step) -> str:
    """With its type, for lines that stand alone: ``aws:rds:Instance database#server``."""
    return one_line(f"{short_type(step)} {step.name}")


def about(value: float) -> str:
    """An estimate, no finer than it can be: ``25 s``, ``8 min``."""
    if value < 90:
        return f"{max(5 * round(value / 5), 5)} s"
    return f"{round(value / 60)} min"


def elapsed(value: float) -> str:
    """Time that goes on, in whole seconds: ``12 s``, ``2 min 5 s``."""
    return f"{value:.0f} s" if value < 60 else seconds(value)


def usually(item: Item) -> str:
    """``usually 8 min``; nothing where nobody knows, and where nobody asks."""
    worth = item.usually is not None and item.usually >= WORTH_NAMING
    return f"usually {about(item.usually)}" if worth and item.usually is not None else ""


def began(item: Item) -> Line | None:
    """For a log without end in sight: only what takes long is worth a line when it begins."""
    told = usually(item)
    if not told:
        return None
    return line((f"{DOING[item.step.op]:>8} {subject(item.step)} ({told})", "dim"))


def ended(item: Item) -> Line | None:
    """``+ created local:s3:Bucket uploads (0.04 s)``."""
    step, failed = item.step, item.state == "failed"
    if step.op == "same" and not failed:
        return None
    word, style = ("failed", "error") if failed else (_DONE[step.op], step.op)
    if item.state == "abandoned":
        word, style = "cut off", "warning"
    time = f" ({seconds(item.took)})" if item.took is not None else ""
    told = f": {item.message}" if item.message else ""
    return line((f"{word:>8} ", style), subject(step), (f"{time}{told}", "dim"))


def noticed(said: Said, since: float) -> Line:
    """What goes on besides the steps, ``since`` seconds after the beginning of all."""
    return line((f"{one_line(said.text)} [{elapsed(since)}]", "dim"))


def waited(board: Board, now: float, since: float) -> Line | None:
    """What is waited for, for a log in which nothing else may stand for minutes."""
    flying = board.by_weight(now)
    if board.notice:
        return noticed(board.notice, now - since)
    if not flying:
        return None
    names = listed([_waiting(item, now) for item in flying])
    far = f"{board.done} of {count(board.total, 'step')} done"
    text = f"waiting for {names}; {far}{_rest(board, now)} [{elapsed(now - since)}]"
    return line((text, "dim"))


def stopping(board: Board, now: float, *, hard: bool) -> Line:
    """The answer to Ctrl-C, where the provider lets what is in flight come to its end."""
    names = listed([title(item.step) for item in board.by_weight(now)])
    if hard:
        cut = f"; cut off: {names}" if names else ""
        return line((f"stopping hard{cut}; what became of it the next apply finds out", "warning"))
    waits = f": waiting for {names}" if names else ""
    text = f"finishing what is in flight and saving{waits}; Ctrl-C again to stop hard"
    return line((text, "warning"))


def explained(board: Board, command: str) -> ApplyError | None:
    """The failure with all that is known of it; None where no step has failed."""
    failures = board.of("failed")
    if not failures:
        return None
    groups = _by_reason(failures)
    first = groups[0][0]
    at = first.step.declaration.at if first.step.declaration else None
    reason = first.reason
    rows = [_failure(first), *([f"Likely cause: {reason.cause}."] if reason else [])]
    rows += _same(groups[0])
    for group in groups[1:]:
        rows += [*_also(group[0]), *_same(group)]
    rows += [*tally(board), f"The next {command} goes on from there."] if board.total else []
    return ApplyError(
        "\n".join(rows),
        code=reason.code if reason else "step-failed",
        hint=reason.remedy if reason else None,
        at=at,
        end=End(line=at.line + 1, column=1) if at else None,
    )


def tally(board: Board) -> list[str]:
    """What is done and what is not, with names; a line each."""
    rows = [f"{board.done} of {count(board.total, 'step')} done{_names(board.of('done'))}."]
    cut = board.of("abandoned", "running", "finishing")
    if cut:
        verb = "was" if len(cut) == 1 else "were"
        rows.append(f"{len(cut)} {verb} cut off, done or not{_names(cut)}.")
    left = board.of("waiting")
    if left:
        rows.append(f"{len(left)} not begun{_names(left)}.")
    return rows


def _failure(item: Item) -> str:
    verb = "check" if item.step.op == "same" else item.step.op
    what = f"could not {verb} {subject(item.step)}"
    return f"{what}: {item.message}" if item.message else what


def _by_reason(failures: Sequence[Item]) -> list[list[Item]]:
    """Those of one reason together; what can be explained first."""
    groups: dict[str, list[Item]] = {}
    for item in sorted(failures, key=lambda item: item.reason is None):
        key = item.reason.code if item.reason else f"{item.step.urn} {item.step.op}"
        groups.setdefault(key, []).append(item)
    return list(groups.values())


def _same(group: Sequence[Item]) -> list[str]:
    names = listed([subject(item.step) for item in group[1:]])
    return [f"For the same reason: {names}."] if names else []


def _also(item: Item) -> list[str]:
    at = item.step.declaration.at if item.step.declaration else None
    rows = [f"Also: {_failure(item)}" + (f" ({at})" if at else "")]
    if item.reason:
        rows.append(f"Likely cause: {item.reason.cause}. What to do: {item.reason.remedy}.")
    return rows


def _waiting(item: Item, now: float) -> str:
    known = usually(item)
    parts = [DOING[item.step.op], elapsed(item.elapsed(now)), *([known] if known else [])]
    return f"{title(item.step)} ({', '.join(parts)})"


def _rest(board: Board, now: float) -> str:
    left = board.left(now)
    return f", about {about(left)} left" if left is not None and left >= WORTH_NAMING else ""


def _names(items: Sequence[Item]) -> str:
    return f": {listed([title(item.step) for item in items])}" if items else ""

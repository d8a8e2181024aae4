"""What is in flight as a tree that fits on a screen, by the declaration that it belongs to.

In: a board, the time, and the size of the screen. Out: lines, none wider and no more than it has.
"""

from __future__ import annotations

from typing import Final

from encore_provisioner.cli.render.plan_parts import SHARED, part, short_type
from encore_provisioner.cli.render.progress_board import WORTH_NAMING, Board, Item, Said
from encore_provisioner.cli.render.progress_text import (
    DOING,
    about,
    elapsed,
    title,
    usually,
)
from encore_provisioner.cli.render.style import Line, line, one_line, shorten, width

_MOST: Final = 16
_LEAST: Final = 4
_IN_GROUP: Final = 4
_WIDE: Final = 60
"""From so many columns on there is room for places in the source and for estimates."""

SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PLAIN_SPINNER: Final = "-\\|/"
_TURNS: Final = 5.0


def tree_lines(
    board: Board,
    now: float,
    *,
    columns: int,
    rows: int,
    stopped: bool = False,
    spinner: str = SPINNER,
) -> list[Line]:
    """The whole picture; nothing while nothing is in flight and nothing else goes on."""
    flying = board.by_weight(now)
    mark = spinner[int(now * _TURNS) % len(spinner)]
    foot = _foot(board, now, stopped) if flying else []
    if board.notice:
        foot.append(_notice(board.notice, now, columns, mark))
    room = max(min(_MOST, rows - len(foot) - 1), _LEAST)
    lines = [*_groups(flying, now, room, columns, mark), *foot]
    return [cut(row, columns - 1) for row in lines]


def cut(row: Line, most: int) -> Line:
    """The line in so many cells, with an ellipsis where something is missing."""
    kept, left = [], most
    for text, style in row:
        if left <= 0:
            break
        shown = shorten(text, left)
        kept.append((shown, style))
        left = 0 if shown != text else left - width(text)
    return tuple(kept)


def _groups(flying: tuple[Item, ...], now: float, room: int, columns: int, mark: str) -> list[Line]:
    """As many as there is room for, the last line keeps count of the others."""
    groups: dict[str, list[Item]] = {}
    for item in flying:
        groups.setdefault(str(item.step.declaration or SHARED), []).append(item)
    lines: list[Line] = []
    shown = 0
    for name, items in groups.items():
        space = room - len(lines) - 1
        if space < 2:
            break
        some = items if len(items) <= min(_IN_GROUP, space) else items[: min(_IN_GROUP, space) - 1]
        lines.append(_head(name, items[0], columns))
        lines += [_item(item, now, columns, mark) for item in some]
        if len(some) < len(items):
            lines.append(line((f"    … and {len(items) - len(some)} more", "dim")))
        shown += len(items)
    if shown < len(flying):
        lines.append(line((f"… and {len(flying) - shown} more in flight", "dim")))
    return lines


def _head(name: str, item: Item, columns: int) -> Line:
    declaration = item.step.declaration
    at = declaration.at if declaration else None
    place = f"  {at.file}:{at.line}" if at and columns >= _WIDE else ""
    return line((one_line(name), "bold"), (place, "place"))


def _item(item: Item, now: float, columns: int, mark: str) -> Line:
    """Its time is what changes, so the name gives way to it, and its type to its name."""
    step, wide = item.step, columns >= _WIDE
    name = part(step) if step.urn.startswith("urn:pulumi:") else step.name
    words = [DOING[step.op], *([short_type(step)] if wide or not name else []), one_line(name)]
    text = " ".join(filter(None, words))
    known = usually(item) if wide else ""
    time = elapsed(item.elapsed(now))
    told = f"  {time}, {known}" if known else f"  {time}" if item.elapsed(now) >= 1 else ""
    room = max(columns - 1 - width(told) - 4, 1)
    return line("  ", (mark, step.op), f" {shorten(text, room)}", (told, "dim"))


def _notice(said: Said, now: float, columns: int, mark: str) -> Line:
    time = max(now - said.since, 0.0)
    told = f"  {elapsed(time)}" if time >= 1 else ""
    text = shorten(one_line(said.text), max(columns - 1 - width(told) - 2, 1))
    return line((mark, "bold"), f" {text}", (told, "dim"))


def _foot(board: Board, now: float, stopped: bool) -> list[Line]:
    numbers = [f"{board.done} of {board.total} done"]
    failed = len(board.of("failed"))
    numbers += [f"{failed} failed"] if failed else []
    numbers += [f"{len(board.in_flight)} in flight"]
    left = board.left(now)
    rest = f"; about {about(left)} left" if left is not None and left >= WORTH_NAMING else ""
    lines = [line((", ".join(numbers) + ("" if stopped else rest), "dim"))]
    critical = board.critical(now)
    if critical:
        known = usually(critical)
        told = f"waiting for {title(critical.step)}" + (f", {known}" if known else "")
        lines.append(line((told, "bold")))
    if stopped:
        lines.append(line(("stopping; Ctrl-C again to stop hard", "warning")))
    return lines

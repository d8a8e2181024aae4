"""``new CronJob("id", {endpoint, title, every | schedule})`` (contract A6.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis.declarations.arguments import arguments, name_at, options_at
from encore_provisioner.analysis.declarations.model import CronJob, Site
from encore_provisioner.analysis.literals import Reader

_OPTIONS: Final = ("endpoint", "title", "every", "schedule")
_DAY: Final = 24 * 60
_WEEKDAYS: Final = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
_FIELDS: Final = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 6),
)
_LONGEST_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FOUR_YEARS: Final = 4 * 366
_FEBRUARY: Final = 2
_FIRST_YEAR: Final = 2001
_CYCLE: Final = 32
"""The calendar of 2001 comes again after 28 years; four more show the gap across the end."""
_WORD: Final = r"\+?\w{1,9}"
_ITEM: Final = re.compile(
    rf"\*(?:/(?P<step>\+?[0-9]{{1,9}}))?|(?P<first>{_WORD})(?:-(?P<last>{_WORD}))?", re.ASCII
)


def declare(site: Site, reader: Reader) -> CronJob | None:
    found = arguments(site, reader)
    name = name_at(site, reader, found)
    options = options_at(site, reader, found, 1, _OPTIONS, ("endpoint",))
    if len(found) < 2:
        return None
    title = options.get("title")
    text = reader.string(title, "the title of a cron job") if title is not None else None
    schedule = _schedule(site, options.get("every"), options.get("schedule"), reader)
    if "endpoint" not in options:
        return None
    return CronJob(
        name=name,
        place=site.place,
        bind=site.bind,
        title_text=text if text is not None else name or "",
        schedule=schedule,
        endpoint=site.module.place(options["endpoint"]),
    )


def _schedule(site: Site, every: Node | None, schedule: Node | None, reader: Reader) -> str | None:
    if every is not None and schedule is not None:
        message = "a cron job takes either `every` or `schedule`, not both"
        reader.refuse("E0613", schedule, message, "remove one of them")
        return None
    if every is not None:
        return _every(every, reader)
    if schedule is not None:
        return _expression(schedule, reader)
    message = "this cron job does not say when it runs"
    reader.refuse("E0613", site.node, message, 'add `every: "1h"` or `schedule: "0 4 * * *"`')
    return None


def _every(node: Node, reader: Reader) -> str | None:
    seconds = reader.duration(node, "`every`")
    if seconds is None:
        return None
    minutes, rest = divmod(int(seconds), 60)
    if rest or minutes > _DAY:
        message = "`every` must be whole minutes, at most 24 hours"
        reader.refuse("E0614", node, message, 'write "30m" or "6h", say')
        return None
    if minutes == 0 or _DAY % minutes:
        message = "`every` should divide 24 hours, so that the runs fall on the same times each day"
        reader.refuse("W0614", node, message, 'take "5m", "1h", "6h" or "12h", say')
    return f"every:{minutes}"


def _expression(node: Node, reader: Reader) -> str | None:
    text = reader.string(node, "`schedule`")
    if text is None:
        return None
    problem = cron_problem(text)
    if problem is not None:
        hint = 'five fields: minute, hour, day, month, weekday; "0 4 * * MON" is Mondays at 4:00'
        reader.refuse("E0615", node, f"`schedule` is no cron expression: {problem}", hint)
        return None
    if is_rare(text):
        message = (
            "Encore's build wants a run within four years on a day that fits both the day of the "
            "month and the day of the week, and in some years finds none"
        )
        hint = "give only one of the two, the other as `*`"
        reader.refuse("W0615", node, message, hint)
    return f"schedule:{text}"


def cron_problem(text: str) -> str | None:
    """What is wrong with a cron expression of Encore's grammar; None when it is right."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} fields, not {len(_FIELDS)}"
    values = _values_of(fields)
    for field, value, (name, _, _) in zip(fields, values, _FIELDS, strict=True):
        if value is None:
            return f"`{field}` is not valid for the {name}"
    days, months = values[2] or frozenset(), values[3] or frozenset()
    if not any(min(days) <= _LONGEST_MONTH[month - 1] for month in months):
        return "no month has such a day"
    return None


def is_rare(text: str) -> bool:
    """Whether more than four years can pass between two days that fit a valid expression."""
    days, months, weekdays = (value or frozenset() for value in _values_of(text.split())[2:])
    if len(weekdays) == 7 or len(days) == max(_LONGEST_MONTH):
        return False
    last = date(_FIRST_YEAR, 1, 1).toordinal()
    for day in _days(sorted(days), sorted(months)):
        if day.isoweekday() % 7 in weekdays:
            if day.toordinal() - last > _FOUR_YEARS:
                return True
            last = day.toordinal()
    return False


def _days(days: list[int], months: list[int]) -> Iterator[date]:
    """All such days of a cycle of the calendar, in order."""
    for year in range(_FIRST_YEAR, _FIRST_YEAR + _CYCLE):
        for month in months:
            length = _LONGEST_MONTH[month - 1] - (month == _FEBRUARY and year % 4 > 0)
            yield from (date(year, month, day) for day in days if day <= length)


def _values_of(fields: list[str]) -> tuple[frozenset[int] | None, ...]:
    """The numbers that each field stands for; None for a field that is not valid."""
    return tuple(
        _field(field, low, high) for field, (_, low, high) in zip(fields, _FIELDS, strict=True)
    )


def _field(field: str, low: int, high: int) -> frozenset[int] | None:
    """Encore passes over empty items and over numbers that are too small, if others are left."""
    found: set[int] = set()
    for item in filter(None, field.split(",")):
        match = _ITEM.fullmatch(item)
        values = None if match is None else _values(match, low, high)
        if values is None:
            return None
        found.update(values)
    return frozenset(number for number in found if number >= low) or None


def _values(match: re.Match[str], low: int, high: int) -> range | None:
    if match["first"] is None:
        step = _number(match["step"] or "1")
        return range(low, high + 1, step) if step is not None and 1 <= step <= high else None
    first = _number(match["first"])
    last = _number(match["last"]) if match["last"] else first
    if first is None or last is None or not first <= last <= high:
        return None
    return range(first, last + 1)


def _number(word: str) -> int | None:
    """Digits, or the name of a weekday, which Encore takes for its number in every field."""
    digits = word.removeprefix("+")
    return int(digits) if digits.isdecimal() else _WEEKDAYS.get(word.upper())

"""Days as far as they are known, and the arithmetic that resolves them against a day of publication."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905  as above


class Day(NamedTuple):
    """A day as far as it is known; `weekday` counts from Monday, 0."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None


class Context(NamedTuple):
    """When a text was published, if that is known, and whether it speaks of the future."""

    anchor: date | None
    future: bool


def is_calendar_word(word: str) -> bool:
    """Tell whether a word names a month or a weekday, in full or shortened."""
    plain = word.lower().rstrip(".")
    return len(plain) > 2 and any(name.startswith(plain) for name in (*_MONTHS, *_WEEKDAYS))


def known(day: date) -> Day:
    """Return a calendar day with its weekday."""
    return Day(day.year, day.month, day.day, day.weekday())


def valid(year: int, month: int, day: int) -> date | None:
    """Return a day of the calendar, or None where there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_number(name: str) -> int:
    """Return 1 to 12 for the name of a month, in full or shortened."""
    return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower().rstrip(".")[:3]))


def weekday_number(name: str) -> int:
    """Return 0 to 6 for the name of a weekday, in full or shortened."""
    return next(number for number, day in enumerate(_WEEKDAYS) if day.startswith(name.lower().rstrip(".s")[:3]))


def month_day(month: int, day: int, year: int | None, context: Context, weekday: int | None = None) -> list[Day]:
    """Return what "12 November" may mean.

    Without a year it is the one with that weekday, else the last one, and the next where the future is meant.
    """
    if not 1 <= day <= 31:
        return []
    if year is not None:
        found = valid(year, month, day)
        return [known(found)] if found else []
    if context.anchor is None:
        return [Day(None, month, day)]
    years = (context.anchor.year - 1, context.anchor.year, context.anchor.year + 1)
    near = [found for found in (valid(each, month, day) for each in years) if found]
    past = [found for found in near if found <= context.anchor + timedelta(days=1)]
    later = [found for found in near if found > context.anchor + timedelta(days=1)]
    if weekday is not None:
        return [known(found) for found in near if found.weekday() == weekday]
    return [known(found) for found in past[-1:] + (later[:1] if context.future or not past else [])]


def stepped(step: int, unit: str, anchor: date | None, *, whole: bool) -> tuple[list[Day], str]:
    """Return the day, month or year that lies some steps from the day of publication."""
    relation = f"{step} {unit}"
    if anchor is None:
        return [], relation
    if unit in {"day", "week", "fortnight"}:
        if whole and unit != "day":
            monday = anchor - timedelta(days=anchor.weekday()) + timedelta(weeks=step)
            months = {(day.year, day.month) for day in (monday, monday + timedelta(days=6))}
            return [Day(year, month) for year, month in sorted(months)], relation
        return [known(anchor + timedelta(days=step * {"day": 1, "week": 7, "fortnight": 14}[unit]))], relation
    if unit == "month":
        months_since = anchor.year * 12 + anchor.month - 1 + step
        return [Day(months_since // 12, months_since % 12 + 1)], relation
    return ([Day(anchor.year + step)] if unit == "year" else []), relation

"""Days, months and years in words, as exact stretches of time (the home of date parsing)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rag.errors import ConfigurationError

LANGUAGES = ["en", "ko"]
"""In which dates are understood; looking through every language costs a second."""
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A half-open stretch of time: a day, a month or a year; a moment is a stretch of no length."""

    start: datetime
    end: datetime


def parse_period(text: str, now: datetime) -> Period | None:
    """Return what a date in words names ("May 2023", "9 November", "last Tuesday", ISO), or None.

    A day or month without a year is the latest one that is not after `now`.
    """
    try:
        return _period(text, now)
    except (OverflowError, ValueError):
        return None


def _period(text: str, now: datetime) -> Period | None:
    text = text.strip()
    moment = _iso_moment(text)
    if moment is not None:
        return _stretch(moment, "day" if len(text) <= 10 else "time")
    if text.isdigit() and len(text) != 4:
        return None
    from dateparser.date import DateDataParser  # noqa: PLC0415  heavy: only where it is used

    settings = {
        "RELATIVE_BASE": now.astimezone(UTC).replace(tzinfo=None),
        "TIMEZONE": "UTC",
        "PREFER_DATES_FROM": "past",
        "PREFER_DAY_OF_MONTH": "first",
        "PREFER_MONTH_OF_YEAR": "first",
    }
    # "last November" is November to it; "last week" and "last Tuesday" it knows.
    named = re.sub(rf"^last (?={_MONTHS})", "", text, flags=re.IGNORECASE)
    found = DateDataParser(languages=LANGUAGES, settings=settings).get_date_data(named)
    if found is None or found.date_obj is None:
        return None
    return _stretch(found.date_obj.replace(tzinfo=UTC), found.period or "day")


def demand_period(text: str, now: datetime, name: str) -> Period:
    """Return the period that an option or field gives; raise ConfigurationError naming it."""
    period = parse_period(text, now)
    if period is None:
        raise ConfigurationError(f"{name} is not a date: {text[:60]!r}; write one such as 2023-11-09 or 'May 2023'.")
    return period


def _iso_moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _stretch(moment: datetime, size: str) -> Period:
    if size == "time":
        return Period(start=moment, end=moment)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match size:
        case "year":
            start = day.replace(month=1, day=1)
            return Period(start=start, end=start.replace(year=start.year + 1))
        case "month":
            start = day.replace(day=1)
            return Period(start=start, end=(start + timedelta(days=32)).replace(day=1))
        case "week":
            start = day - timedelta(days=day.weekday())
            return Period(start=start, end=start + timedelta(days=7))
    return Period(start=day, end=day + timedelta(days=1))

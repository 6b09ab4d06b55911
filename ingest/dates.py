"""Reads publication dates strictly: what is not surely a day is no date."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from rag.question.periods import parse_period

_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_NUMBERS_ONLY = re.compile(r"\s*\d{1,2}\s*[/.\-]\s*\d{1,2}\s*[/.\-]")
"""03/04/2024 is a day in March or in April, depending on who wrote it."""
_FAR_AWAY = datetime(2500, 1, 1, tzinfo=UTC)
"""The day from which words are understood: what is relative to it ("yesterday") ends near it, and shows."""
_UNIX_TIME = re.compile(r"(\d{9,10})(?:\d{3})?(?:\.\d+)?")


def moment(text: str) -> datetime | None:
    """Return the moment in UTC that a date names; None unless it surely names one day or a time on it.

    Understood are ISO 8601, RFC 2822, seconds or milliseconds since 1970, and dates with the month in words.
    """
    text = text.strip()
    unix = _UNIX_TIME.fullmatch(text)
    if unix:
        return datetime.fromtimestamp(int(unix[1]), UTC)
    if len(text) > 60 or not _YEAR.search(text) or _NUMBERS_ONLY.match(text):
        return None
    return _mail_date(text) or _day(text)


def _mail_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _day(text: str) -> datetime | None:
    period = parse_period(text, _FAR_AWAY)
    if period is None or period.end - period.start > timedelta(days=1) or period.start.year > _FAR_AWAY.year - 100:
        return None
    return period.start

"""What a question says about when and by whom its articles were published, as a scope.

Only words about *publication* narrow the search ("since May 2023", "last week", "according to the Courier"). A date
inside a question ("what happened on 9 November?") does not: the articles that tell of a day appear on later days.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rag.question.periods import Period, parse_period
from rag.types import Question, Scope

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?:,?\s+\d{{4}})?"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?\b|{_MONTH}\s+\d{{4}}|\d{{4}}\b|{_MONTH}"
    r"|(?:last|this)\s+\w+|yesterday|today)"
)
_TOLD = r"\b(?:published|written|posted|printed|articles?|stories|story|coverage|reports?|news)\s+"
_SINCE = re.compile(rf"\bsince\s+(?P<date>{_DATE})", re.IGNORECASE)
_RECENT = re.compile(
    r"\b(?:(?P<date>yesterday|(?:last|this|past) (?:week|month|weekend))"
    r"|(?:in|over|during|within) the (?:last|past) (?P<many>\d{1,3} |few |couple of )?"
    r"(?P<unit>hour|day|week|month|year)s?)\b(?! of\b)",
    re.IGNORECASE,
)
_TOLD_WHEN = re.compile(
    rf"{_TOLD}(?P<how>in|on|from|during|before|until|after|since)\s+(?P<date>{_DATE})", re.IGNORECASE
)
_TOLD_BETWEEN = re.compile(
    rf"{_TOLD}(?:between|from)\s+(?P<first>{_DATE})\s+(?:and|to|until)\s+(?P<last>{_DATE})", re.IGNORECASE
)
_REPORT = r"(?:say|said|report|reported|write|written|publish|published|print|printed|claim|claimed|cover|covered)"


_SOME = 3
"""How many "a few" and "a couple of" are taken for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    since: datetime | None = None
    until: datetime | None = None


def narrowed(question: Question, standalone: str, publishers: Sequence[str]) -> Scope:
    """Return the question's scope, narrowed by what its words say, never widened."""
    scope = question.scope
    # Who asks as of a day stands in that day: its "last week" is the week before.
    said = _said_when(question.text, _earlier(scope.as_of, question.asked_at) or question.asked_at)
    outlets = _said_by(question.text, publishers) or _said_by(standalone, publishers)
    return replace(
        scope,
        since=_later(scope.since, said.since),
        until=_earlier(scope.until, said.until),
        publishers=_common(scope.publishers, outlets),
    )


def _said_when(text: str, now: datetime) -> _Window:
    if found := _TOLD_BETWEEN.search(text):
        first, last = (parse_period(found[group], now) for group in ("first", "last"))
        if first and last and first.start < last.end:
            return _Window(since=first.start, until=last.end)
    if found := _TOLD_WHEN.search(text):
        return _told(found["how"].casefold(), parse_period(found["date"], now))
    if found := _SINCE.search(text):
        return _told("since", parse_period(found["date"], now))
    if found := _RECENT.search(text):
        return _told("since", parse_period(_recent_date(found), now))
    return _Window()


def _recent_date(found: re.Match[str]) -> str:
    if unit := found["unit"]:
        many = (found["many"] or "1").strip()
        return f"{many if many.isdigit() else _SOME} {unit}s ago"
    return re.sub(r"^past", "last", re.sub("weekend", "week", found["date"].casefold()))


def _told(how: str, period: Period | None) -> _Window:
    if period is None:
        return _Window()
    match how:
        case "since":
            return _Window(since=period.start)
        case "after":
            return _Window(since=period.end)
        case "before":
            return _Window(until=period.start)
        case "until":
            return _Window(until=period.end)
    return _Window(since=period.start, until=period.end)


def _said_by(text: str, publishers: Iterable[str]) -> tuple[str, ...]:
    return tuple(publisher for publisher in publishers if _names(text, publisher))


def _names(text: str, publisher: str) -> bool:
    """Tell whether a text asks for what an outlet said; what befell the outlet may be told by any other."""
    # "(fictional)" and the like are not said aloud.
    spoken = re.sub(r"^the\s+|\s*\([^)]*\)\s*$", "", publisher, flags=re.IGNORECASE)
    # Case tells the outlet Time from time.
    name = rf"(?:the )?(?-i:{re.escape(spoken)})\b"
    ways = (
        rf"\baccording to {name}",
        rf"{_TOLD}(?:in|by|from) {name}",
        rf"\b(?:said|reported) (?:in|by) {name}",
        rf"\b(?:did|does|has|had) {name} {_REPORT}\b",
    )
    return bool(spoken) and any(re.search(way, text, re.IGNORECASE) for way in ways)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other


def _common(users: tuple[str, ...], said: tuple[str, ...]) -> tuple[str, ...]:
    """An outlet that the user excluded stays excluded; where none is left in common the user's own choice holds."""
    if not users or not said:
        return users or said
    allowed = {publisher.casefold() for publisher in users}
    return tuple(publisher for publisher in said if publisher.casefold() in allowed) or users

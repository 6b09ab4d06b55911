"""Dates of a text, resolved against the day on which the article was published, and whether one text has the other's.

A date is a set of possible days, each known as far as it was said: "on Saturday" in an article published on Sunday
12 November 2023 is 11 November 2023; without a publication date it stays a Saturday. A claim's date is borne out when
all that it says (year, month, day, weekday) is also true of a date in the quote; it may say less, never more.
The arithmetic is our own, on the standard library: only the exact day of a weekday or of "two weeks ago" counts here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from rag.types import Span
from rag.verify.days import Context, Day, known, month_day, month_number, stepped, valid, weekday_number
from rag.verify.numerals import SMALL

_MONTH = (
    r"(?P<month>Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|"
    r"Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>1[5-9]\d\d|20\d\d)"
_COUNT = rf"(?P<count>\d{{1,3}}|an?|{'|'.join(SMALL)}|a few|several)"
_FUTURE = re.compile(
    r"\b(?:will|would|to be|due|plans?|planned|scheduled|upcoming|expect(?:s|ed)?|going to|next|set to|hopes?|until|"
    r"could|should|ahead|is to|are to|begins?|starts?|opens?|takes?|ends?|closes?|resumes?|deadline)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A date as it stands in an evened text, with the days that it may mean; none where it cannot be resolved."""

    days: tuple[Day, ...]
    start: int
    end: int
    text: str
    relation: str = ""
    """What an unresolved relative date says, in one form: "-2 week"."""


_Reader = Callable[[re.Match[str], Context], tuple[list[Day], str]]


def compare_dates(claim: Sequence[Dated], quoted: Sequence[Dated]) -> tuple[str, ...]:
    """Return which of a claim's dates are absent from the quoted ones."""
    missing = [each.text for each in claim if not any(_borne_out(each, other) for other in quoted)]
    return tuple(dict.fromkeys(missing))


def published_day(published: date) -> Dated:
    """Return a publication day as a date that a claim may name."""
    return Dated(days=(known(published),), start=0, end=0, text="")


def bare_year(dated: Dated) -> bool:
    """Tell whether a date is four digits alone, which may as well count something."""
    return len(dated.text) == 4 and dated.text.isdigit()


def spans(found: Sequence[Dated]) -> tuple[Span, ...]:
    """Return where the dates stand."""
    return tuple(Span(each.start, each.end) for each in found)


@lru_cache(maxsize=4096)
def dates(text: str, published: date | None) -> tuple[Dated, ...]:
    """Return the dates of an evened text in order; relative ones are resolved against the day of publication."""
    context = Context(published, bool(_FUTURE.search(text)))
    found: list[Dated] = []
    for pattern, read in _PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            days, relation = read(match, context)
            if days or relation:
                found.append(
                    Dated(
                        days=tuple(days),
                        start=match.start(),
                        end=match.end(),
                        text=_LEADING.sub("", match[0]),
                        relation=relation,
                    )
                )
    return tuple(sorted(found, key=lambda each: each.start))


def _borne_out(claim: Dated, quoted: Dated) -> bool:
    if claim.relation and claim.relation == quoted.relation:
        return True
    return any(_says_no_more(ours, theirs) for ours in claim.days for theirs in quoted.days)


def _says_no_more(ours: Day, theirs: Day) -> bool:
    return all(said is None or said == known for said, known in zip(ours, theirs, strict=True))


def _absolute(match: re.Match[str], context: Context) -> tuple[list[Day], str]:
    parts = match.groupdict()
    year = int(parts["year"]) if parts.get("year") else None
    said = parts.get("weekday")
    weekday = weekday_number(said) if said else None
    days = month_day(month_number(parts["month"]), int(parts["day"]), year, context, weekday)
    if parts.get("until"):
        days += month_day(month_number(parts["month"]), int(parts["until"]), year, context)
    if weekday is not None and days:
        days = [day._replace(weekday=weekday) if day.weekday is None else day for day in days]
        days = [day for day in days if day.weekday == weekday] or [day._replace(weekday=weekday) for day in days]
    return days, ""


def _numeric(match: re.Match[str], _: Context) -> tuple[list[Day], str]:
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    orders = ((second, first), (first, second))
    return [known(day) for day in (valid(year, month, each) for month, each in orders) if day], ""


def _iso(match: re.Match[str], _: Context) -> tuple[list[Day], str]:
    day = valid(int(match["year"]), int(match["number"]), int(match["day"]))
    return ([known(day)] if day else []), ""


def _month_year(match: re.Match[str], _: Context) -> tuple[list[Day], str]:
    return [Day(int(match["year"]), month_number(match["month"]))], ""


def _month_alone(match: re.Match[str], context: Context) -> tuple[list[Day], str]:
    month, anchor = month_number(match["month"]), context.anchor
    if anchor is None:
        return [Day(None, month)], ""
    year = anchor.year if month <= anchor.month else anchor.year - 1
    which = (match.groupdict().get("which") or "").lower()
    if which == "next":
        return [Day(year + 1, month)], ""
    if which == "last":
        return [
            Day(each, month) for each in ({year, anchor.year - 1} if month < anchor.month else {anchor.year - 1})
        ], ""
    return [Day(year, month)] + ([Day(year + 1, month)] if context.future else []), ""


def _year_alone(match: re.Match[str], _: Context) -> tuple[list[Day], str]:
    days = [Day(int(match["year"]))]
    if match.groupdict().get("until"):
        until = match["until"]
        days.append(Day(int(match["year"][: 4 - len(until)] + until)))
    return days, ""


def _decade(match: re.Match[str], _: Context) -> tuple[list[Day], str]:
    return [], f"the {match['decade'][-2:]}s"


def _weekday(match: re.Match[str], context: Context) -> tuple[list[Day], str]:
    number, anchor = weekday_number(match["weekday"]), context.anchor
    if anchor is None:
        return [Day(None, None, None, number)], ""
    last = anchor - timedelta(days=(anchor.weekday() - number) % 7)
    upcoming = last + timedelta(days=7)
    week = timedelta(days=7)
    match (match["which"] or match["tail"] or "").lower().split(" ")[0]:
        case "last" | "past":
            days = [last - week, last] if last < anchor else [last - week]
        case "next":
            days = [upcoming, upcoming + week]
        case "this" | "coming":
            days = [last, upcoming]
        case _:
            days = [last, upcoming] if context.future else [last]
    return [known(day) for day in days], ""


_NEAR_DAYS = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1, "last night": -1, "this morning": 0,
              "this afternoon": 0, "this evening": 0, "overnight": 0, "the day before yesterday": -2}  # fmt: skip


def _near_day(match: re.Match[str], context: Context) -> tuple[list[Day], str]:
    word = " ".join(match[0].lower().split())
    if context.anchor is None:
        return [], f"{_NEAR_DAYS[word]} day"
    return [known(context.anchor + timedelta(days=_NEAR_DAYS[word]))], ""


def _period(match: re.Match[str], context: Context) -> tuple[list[Day], str]:
    step = {"last": -1, "past": -1, "previous": -1, "next": 1, "coming": 1, "this": 0, "current": 0}[
        match["which"].lower()
    ]
    return stepped(step, match["unit"].lower(), context.anchor, whole=True)


def _ago(match: re.Match[str], context: Context) -> tuple[list[Day], str]:
    words = match["count"].lower()
    if words in {"a few", "several"}:
        return [], f"{words} {match['unit'].lower()}"
    count = int(words) if words.isdigit() else SMALL.get(words, 1)
    direction = 1 if match["when"].lower() in {"later", "after", "from now"} else -1
    exact = match["when"].lower() in {"ago", "from now"}
    # "Seven weeks after it opened" is what "it opened seven weeks earlier" says: the order is left to the words.
    relation = f"{-count if exact else count} {match['unit'].lower()}"
    days, _ = stepped(direction * count, match["unit"].lower(), context.anchor if exact else None, whole=False)
    if not exact and direction < 0 and context.anchor:
        days, _ = stepped(-count, match["unit"].lower(), context.anchor, whole=False)
    return days, relation


_WEEKDAY_NAME = r"(?P<weekday>Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day|\.)"
_BEFORE_MONTH = (
    "(?:in|since|until|from|by|of|during|to|and|or|between|early|late|mid|end|through|before|after|earlier|this|last|"
    "next)"
)
_TO_DAY = r"(?:\s?-\s?|\s(?:and|to)\s)(?P<until>[0-3]?\d)(?:st|nd|rd|th)?"
_AGO = "(?P<when>ago|earlier|later|before|after|from now|prior)"
_LEADING = re.compile(r"^(?:in|since|until|from|by|of|during|to|and|or|between|through|before|after)\s", re.IGNORECASE)
_COUNTED = (
    "percent|per cent|people|dollars|euros|pounds|jobs|men|women|homes|troops|workers|deaths|miles|km|metres|tonnes"
)
_PATTERNS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern, flags), reader)
    for pattern, flags, reader in (
        (rf"\b{_YEAR}-(?P<number>[01]\d)-(?P<day>[0-3]\d)(?!\d)", 0, _iso),
        (rf"\b(?P<first>\d{{1,2}})[/.](?P<second>\d{{1,2}})[/.]{_YEAR}\b", 0, _numeric),
        (
            rf"\b(?:{_WEEKDAY_NAME},?\s(?:the\s)?)?{_DAY}{_TO_DAY}\s(?:of\s)?{_MONTH}(?!\w)(?:,?\s{_YEAR}\b)?",
            0,
            _absolute,
        ),
        (rf"\b(?:{_WEEKDAY_NAME},?\s(?:the\s)?)?{_DAY}\s(?:of\s)?{_MONTH}(?!\w)(?:,?\s{_YEAR}\b)?", 0, _absolute),
        (
            rf"\b(?:{_WEEKDAY_NAME},?\s)?{_MONTH}\s(?:the\s)?{_DAY}(?!\d)(?:{_TO_DAY}(?!\d))?(?:,?\s{_YEAR}\b)?",
            0,
            _absolute,
        ),
        (rf"\b{_MONTH}(?:,?\sof)?,?\s{_YEAR}\b", 0, _month_year),
        (
            rf"(?:\b(?P<which>last|next|this|past|coming)\s)?\b{_WEEKDAY_NAME}(?!\w)(?P<tail>\s(?:last|next)\b(?:\sweek)?)?",
            re.IGNORECASE,
            _weekday,
        ),
        (rf"\b(?P<which>[Ll]ast|[Nn]ext)\s{_MONTH}(?!\w)", 0, _month_alone),
        (rf"(?:(?<=\s)|^)(?i:{_BEFORE_MONTH})[\s-]{_MONTH}(?![\w'])", 0, _month_alone),
        (r"\b(?P<month>January|February|July|September|October|November|December)\b", 0, _month_alone),
        (rf"\b(?i:{'|'.join(sorted(_NEAR_DAYS, key=len, reverse=True))})\b", 0, _near_day),
        (
            rf"\b{_COUNT}\s(?P<unit>day|week|fortnight|month|year|decade)s?\s{_AGO}\b",
            re.IGNORECASE,
            _ago,
        ),
        (
            r"\b(?P<which>last|next|this|previous|current|past|coming)\s(?P<unit>week|month|year)\b",
            re.IGNORECASE,
            _period,
        ),
        (r"\b(?:the\s)?(?P<decade>(?:1[5-9]|20)?\d0)'?s\b", 0, _decade),
        (rf"(?<![\w.,$€£-]){_YEAR}[-/](?P<until>\d\d|20\d\d)(?![\w-])", 0, _year_alone),
        (
            rf"(?<![\w.,$€£¥]){_YEAR}(?![\w%]|[.,]\d|\s(?:{_COUNTED})\b)",
            0,
            _year_alone,
        ),
    )
)

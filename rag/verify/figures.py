"""Figures of a text with what they measure.

Values are exact decimals. A figure keeps every reading that its notation admits ("5m" is metres or millions). Words
count as digits do: "two", "half a million", "a dozen", "1.2bn", "third". Figures inside names ("G7", "F-16") are left
to the names, dates to the dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from rag.types import Span
from rag.verify.numerals import Lexeme, Numeral, lexemes, read_numeral, touching, word_at
from rag.verify.synonyms import concept
from rag.verify.terms import carries_content
from rag.verify.units import MONEY_SIGNS, unit_at

_BOUNDS = {
    "least": "at least|more than|over|above|exceeding|no fewer than|no less than|upwards of|in excess of|a minimum of",
    "most": "up to|at most|less than|fewer than|under|below|nearly|almost|no more than|just short of|a maximum of",
    "except": "all but|except(?: for)?",
    "near": "about|around|some|roughly|approximately|estimated|circa|close to|more or less",
}
_BOUND = re.compile("|".join(rf"(?P<{kind}>\b(?:{words})\s+\Z)" for kind, words in _BOUNDS.items()), re.IGNORECASE)
_ENDS_THING = frozenset("and or but while as with of to in on at from by for than".split())  # noqa: SIM905  as text
_TIME = re.compile(
    r"(?<![\w:.,])(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s?(?P<half>[ap])\.?m\b\.?"
    r"|(?<![\w:.,-])(?P<hour24>\d{1,2}):(?P<minute24>\d{2})(?![\d:])"
    r"|\b(?P<named>noon|midday|midnight)\b",
    re.IGNORECASE,
)
_JOINT = re.compile(r"\s?-\s?|\s(?:to|and|or)\s(?:\D\s?)?")
_VAGUE = {"dozens": 12, "hundreds": 100, "thousands": 1000, "millions": 10**6, "billions": 10**9, "trillions": 10**12}
_DURATIONS = frozenset({"year", "month", "week", "day", "hour", "minute", "second"})


class Reading(NamedTuple):
    """One way to read a figure."""

    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure as it stands in an evened text."""

    readings: tuple[Reading, ...]
    start: int
    end: int
    text: str
    kind: str = "number"
    """"number", "ordinal", "fraction", "time" or "vague" ("thousands")."""
    bound: str = ""
    """"least" ("more than"), "most" ("nearly", "up to"), "near" ("about") or nothing."""
    things: frozenset[str] = frozenset()
    """Base forms of what it counts, as far as the next words tell."""
    done: str = ""
    """Concept of the content word right before it: what happened to what it counts."""
    weak: bool = False
    """True for a bare "one", which counts nothing as often as not."""


@lru_cache(maxsize=2048)
def figures(text: str, taken: tuple[Span, ...] = ()) -> tuple[Figure, ...]:
    """Return the figures of an evened text in order, leaving out what stands in the spans already taken."""
    times = list(_times(text, taken))
    closed = [*taken, *(Span(time.start, time.end) for time in times)]
    found = list(_numbers(text, closed))
    return tuple(sorted([*times, *_with_shared_units(text, found)], key=lambda figure: figure.start))


def _times(text: str, taken: Sequence[Span]) -> Iterator[Figure]:
    for found in _TIME.finditer(text):
        if not _within(found.start(), taken):
            yield Figure(
                readings=tuple(Reading(Decimal(value), "time") for value in _minutes(found)),
                start=found.start(),
                end=found.end(),
                text=found[0].rstrip(".") if "." not in found[0][:-1] else found[0],
                kind="time",
            )


def _minutes(found: re.Match[str]) -> list[int]:
    if found["named"]:
        return [0 if found["named"].lower() == "midnight" else 720]
    if found["half"]:
        return [int(found["hour"]) % 12 * 60 + int(found["minute"] or 0) + (720 if found["half"] in "pP" else 0)]
    minutes = int(found["hour24"]) * 60 + int(found["minute24"])
    return [minutes, minutes + 720] if minutes < 780 else [minutes]


def _numbers(text: str, closed: Sequence[Span]) -> Iterator[Figure]:
    row, at = lexemes(text), 0
    while at < len(row):
        if row[at].text in _VAGUE and not _within(row[at].start, closed):
            yield _vague(row[at], text)
        numeral = None if _within(row[at].start, closed) or _in_name(row, at, text) else read_numeral(row, at)
        if numeral is None:
            at += 1
            continue
        figure = _figure(row, at, numeral, text)
        at = numeral.after
        if figure:
            yield figure


def _within(place: int, spans: Sequence[Span]) -> bool:
    return any(span.start <= place < span.end for span in spans)


def _in_name(row: Sequence[Lexeme], at: int, text: str) -> bool:
    """Tell whether a number belongs to a name such as G7, F-16, COVID-19 or 737-MAX."""
    if row[at].kind != "number":
        return False
    before = at - 1 - (word_at(row, at - 1) == "-" and touching(row, at))
    glued = touching(row, at) and (before == at - 1 or touching(row, at - 1))
    return glued and before >= 0 and row[before].kind == "word" and text[row[before].start].isupper()


def _vague(lexeme: Lexeme, text: str) -> Figure:
    reading = Reading(Decimal(_VAGUE[lexeme.text]))
    return Figure(
        readings=(reading,), start=lexeme.start, end=lexeme.end, text=text[lexeme.start : lexeme.end], kind="vague"
    )


def _figure(row: Sequence[Lexeme], at: int, numeral: Numeral, text: str) -> Figure | None:
    start, sign, money = _prefix(row, at)
    unit, after = unit_at(row, numeral.after)
    readings = [Reading(sign * value, money or unit) for value in numeral.values]
    if numeral.short is not None:
        readings.append(Reading(sign * numeral.short, money or unit_at(row, numeral.after + 1)[0]))
        readings = readings[-1:] if money else readings
    end = row[after - 1].end
    bound = _BOUND.search(text, max(0, row[start].start - 20), row[start].start)
    kind = (bound.lastgroup or "") if bound else ""
    if bound and bound[0].split()[0].lower() in {"over", "under", "some"} and unit in _DURATIONS:
        kind = ""
    return Figure(
        readings=tuple(readings),
        start=row[start].start,
        end=end,
        text=text[row[start].start : end],
        kind=numeral.kind,
        bound=kind,
        things=_things(row, after),
        done=_before(row, at - 1),
        weak=row[at].text == "one" and numeral.values[0] == 1 and not unit and not money,
    )


def _before(row: Sequence[Lexeme], at: int) -> str:
    for lexeme in reversed(row[max(0, at - 4) : at + 1]):
        if lexeme.kind == "number" or lexeme.text in _APART:
            return ""
        if lexeme.kind == "word" and carries_content(lexeme.text) and lexeme.text not in _BOUNDING:
            return concept(lexeme.text)
    return ""


_APART = frozenset(", ; . and or but while as".split())  # noqa: SIM905  reads better as text
_BOUNDING = frozenset("least than around some roughly nearly almost approximately estimated many much".split())  # noqa: SIM905


def _prefix(row: Sequence[Lexeme], at: int) -> tuple[int, int, str]:
    """Return where a figure starts with its sign and currency before the digits, -1 or 1, and the currency."""
    start, sign, money = at, 1, ""
    if at and word_at(row, at - 1) in MONEY_SIGNS:
        start, money = at - 1, MONEY_SIGNS[row[at - 1].text]
        if touching(row, start) and word_at(row, start - 1) in {"us", "a", "c", "hk", "nz"}:
            start -= 1
    before = word_at(row, start - 1)
    if before == "minus" or (before == "-" and touching(row, start) and not touching(row, start - 1)):
        start, sign = start - 1, -1
    return start, sign, money


def _things(row: Sequence[Lexeme], after: int) -> frozenset[str]:
    things: list[str] = []
    for lexeme in row[after : after + 4]:
        if lexeme.kind != "word" or lexeme.text in _ENDS_THING or len(things) == 2:
            break
        if carries_content(lexeme.text):
            things.append(concept(lexeme.text))
    return frozenset(things)


def _with_shared_units(text: str, found: Sequence[Figure]) -> Iterator[Figure]:
    """Give each end of "2 to 3 million", "$2-3 million" or "4-5 percent" the other's unit and scale as readings."""
    for place, figure in enumerate(found):
        after = found[place + 1] if place + 1 < len(found) else None
        before = found[place - 1] if place else None
        if after and _JOINT.fullmatch(text[figure.end : after.start]):
            figure = _sharing(figure, after, (10**12, 10**9, 10**6, 1000))  # noqa: PLW2901  the same figure, better read
        elif before and _JOINT.fullmatch(text[before.end : figure.start]):
            figure = _sharing(figure, before, ())  # noqa: PLW2901  as above
        yield figure


def _sharing(figure: Figure, other: Figure, scales: Sequence[int]) -> Figure:
    ours, theirs = figure.readings[0], other.readings[0]
    scale = next((power for power in scales if theirs.value >= power), 1)
    unit = ours.unit or theirs.unit
    shared = [reading for reading in (Reading(ours.value, unit), Reading(ours.value * scale, unit)) if reading != ours]
    return replace(figure, readings=(*figure.readings, *shared), things=figure.things or other.things)

"""Figures of a text with what they measure, and whether one text has the other's.

Values are exact decimals. A figure keeps every reading that its notation admits ("5m" is metres or millions), and two
figures agree when any two readings do. Words count as digits do: "two", "half a million", "a dozen", "1.2bn", "third".
Figures inside names ("G7", "F-16") are left to the names, dates to the dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rag.types import Span
from rag.verify.numerals import Lexeme, Numeral, lexemes, read_numeral, touching, word_at
from rag.verify.terms import base, carries_content
from rag.verify.units import MONEY_SIGNS, STRICT, unit_at

_BOUNDS = {
    "least": "at least|more than|over|above|exceeding|no fewer than|no less than|upwards of|in excess of|a minimum of",
    "most": "up to|at most|less than|fewer than|under|below|nearly|almost|no more than|just short of|a maximum of",
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
    weak: bool = False
    """True for a bare "one", which counts nothing as often as not."""


class Comparison(NamedTuple):
    """Figures of a claim that the quotes lack, and those that they have only loosely."""

    missing: tuple[str, ...]
    loose: tuple[str, ...]


def compare_figures(claim: Sequence[Figure], quoted: Sequence[Figure]) -> Comparison:
    """Return which figures of a claim are absent from the quoted ones, and which agree but for a hedge or rounding."""
    missing, loose = [], []
    for figure in claim:
        equal = [other for other in quoted if _agree(figure, other)]
        if equal and not _about_another_thing(figure, equal, quoted) and not _bounded_apart(figure, equal):
            if not any(_same_bound(figure, other) for other in equal):
                loose.append(figure.text)
        elif any(_near(figure, other) for other in quoted):
            loose.append(figure.text)
        elif not figure.weak:
            missing.append(figure.text)
    return Comparison(tuple(dict.fromkeys(missing)), tuple(dict.fromkeys(loose)))


def turned_ranges(claim: str, quote: str) -> tuple[str, ...]:
    """Return what an evened claim gives as "from A to B" where the quote has "from B to A"."""
    ours, theirs = _steps(claim), _steps(quote)
    return tuple(
        f"from {first.text} to {last.text}"
        for first, last in ours
        if any(_agree(first, end) and _agree(last, begin) and not _agree(first, begin) for begin, end in theirs)
    )


def _steps(text: str) -> list[tuple[Figure, Figure]]:
    found = figures(text)
    return [
        (first, last)
        for first, last in pairwise(found)
        if text[first.end : last.start] == " to " and text[: first.start].endswith("from ")
    ]


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
        weak=row[at].text == "one" and numeral.values[0] == 1 and not unit and not money,
    )


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
            things.append(base(lexeme.text))
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


def _agree(claim: Figure, quoted: Figure) -> bool:
    if claim.kind == "vague":
        return _vaguely(claim, quoted)
    if {claim.kind, quoted.kind} == {"ordinal", "number"} or "vague" in quoted.kind:
        return False
    if (claim.kind == "time") != (quoted.kind == "time"):
        return False
    return any(_equal(ours, theirs) for ours in claim.readings for theirs in quoted.readings)


def _vaguely(claim: Figure, quoted: Figure) -> bool:
    scale = claim.readings[0].value
    if quoted.kind == "vague":
        return quoted.readings[0].value == scale
    return any(2 * scale <= abs(reading.value) < 1000 * scale for reading in quoted.readings)


def _equal(ours: Reading, theirs: Reading) -> bool:
    if {ours.unit, theirs.unit} == {"percent", ""} and Decimal(0) < min(ours.value, theirs.value) < 1:
        part, percent = (ours.value, theirs.value) if not ours.unit else (theirs.value, ours.value)
        return abs(part * 100 - percent) < Decimal("0.5")
    if {ours.unit, theirs.unit} == {"point", "basis point"}:
        smaller, larger = sorted((ours.value, theirs.value))
        return smaller * 100 == larger
    if ours.value != theirs.value:
        return False
    return ours.unit == theirs.unit or not ours.unit or (not theirs.unit and ours.unit not in STRICT)


def _about_another_thing(figure: Figure, equal: Sequence[Figure], quoted: Sequence[Figure]) -> bool:
    """Tell whether the quotes count what the claim counts, but with another figure ("3 dead, 5 hurt" turned round)."""
    if not figure.things or any(not other.things or other.things & figure.things for other in equal):
        return False
    return any(
        other.things & figure.things and other.kind == figure.kind and not _agree(figure, other) for other in quoted
    )


def _same_bound(figure: Figure, other: Figure) -> bool:
    return {"": "near"}.get(figure.bound, figure.bound) == {"": "near"}.get(other.bound, other.bound)


def _bounded_apart(figure: Figure, equal: Sequence[Figure]) -> bool:
    """Tell whether one says "more than" where the other says "fewer than"."""
    return all({figure.bound, other.bound} == {"least", "most"} for other in equal)


def _near(figure: Figure, other: Figure) -> bool:
    """Tell whether a hedged round figure ("nearly 300") stands for a quoted one (297), within a twentieth."""
    if not figure.bound or figure.kind != "number" or other.kind != "number":
        return False
    return any(
        _equal(Reading(ours.value, ours.unit), Reading(ours.value, theirs.unit))
        and len(f"{ours.value.normalize():f}".strip("-0.").replace(".", "")) <= 2
        and 0 < abs(ours.value - theirs.value) * 20 <= abs(theirs.value)
        and not (figure.bound == "least" and theirs.value < ours.value)
        and not (figure.bound == "most" and theirs.value > ours.value)
        for ours in figure.readings
        for theirs in other.readings
    )

"""The figures and days that an answer gives, and whether one of them is an expected one.

Figures are read with their units, in digits or words ("£4.1m" is 4,100,000 £, "two" is 2, "410만" is 4,100,000); units
that are whole multiples of each other are converted. Ordinals, times of day and vague numbers ("dozens") are no
figures. Days are read in whatever words, relative ones against the publication of what their sentence cites.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from rag.evaluation.scorers.wording import Statement
from rag.evaluation.suites.cases import ExpectedFigure
from rag.types import Source
from rag.verify.dates import Dated, bare_year, dates, spans
from rag.verify.days import Day, known, valid
from rag.verify.figures import Figure, Reading, figures
from rag.verify.foreign import numbers_in
from rag.verify.numerals import lexemes
from rag.verify.synonyms import concept, plain
from rag.verify.terms import UNSPACED, evened, tokens
from rag.verify.units import MULTIPLES, STRICT, unit_at

_COUNTS = frozenset({"number", "fraction"})
_ROUNDING = Decimal("1e-9")
"""Share of a value that counts as equal, for thirds and the like."""
_EASTERN_DAY = re.compile(
    r"(?:(\d{4})\s?[年년]\s?)?(?:(\d{1,2})\s?[월月]\s?)?(\d{1,2})\s?[일日](?!\s?(?:간|동안|間|间))"
)
"""A day as Korean, Japanese and Chinese write it, with month and year where they are said."""
_EASTERN_BEHIND = re.compile(r"[십백천만억조万萬亿億兆년월일年月日]|[시時时点](?![간間间])")
"""What makes another number, a date or a time of the digits before it."""
_PARTS_OF_A_DATE = frozenset("년월일시年月日時时点")


def figures_of(said: Statement) -> Iterator[Figure]:
    """Yield the figures of a sentence."""
    text = plain(evened(said.words))
    # Four digits alone may count something; other dates are no figures.
    for figure in figures(text, spans([each for each in dates(text, None) if not bare_year(each)])):
        if not _EASTERN_BEHIND.match(text, figure.end):
            yield figure
    for written, values in numbers_in(text) if UNSPACED.search(text) else ():
        if written[-1] not in _PARTS_OF_A_DATE:
            yield Figure(readings=tuple(map(Reading, values)), start=0, end=0, text=written)


def dates_of(said: Statement) -> Iterator[Dated]:
    """Yield the dates of a sentence and of what it cites."""
    sources = dict.fromkeys(citation.source for citation in said.citations)
    for published in dict.fromkeys(map(_day_of, sources)) or (None,):
        yield from _dated(said.words, published)
    for citation in said.citations:
        yield from _dated(citation.quote, _day_of(citation.source))


def gives(expected: ExpectedFigure, figure: Figure) -> bool:
    """Tell whether a figure has the expected value in the expected unit, by one of its readings.

    A unit that we do not know names what is counted; it may be left out, but not be another one.
    """
    if figure.kind not in _COUNTS:
        return False
    unit = _unit(expected.unit or "")
    things = set() if unit else {concept(token.word) for token in tokens(evened(expected.unit or ""))}
    if things and figure.things and not things <= figure.things:
        return False
    wanted = Decimal(str(expected.value))
    allowed = max(Decimal(str(expected.tolerance)), _ROUNDING) * abs(wanted)
    values = (_measured(reading, unit) if expected.unit else reading.value for reading in figure.readings)
    return any(value is not None and abs(value - wanted) <= allowed for value in values)


def gives_day(expected: date, day: Day) -> bool:
    """Tell whether a day is the expected one: day and month are said, and the year unless nothing tells it."""
    return (day.month, day.day) == (expected.month, expected.day) and day.year in {None, expected.year}


def _unit(written: str) -> str:
    """Return a unit as `rag.verify.units` names it, or nothing for the name of what is counted."""
    row = lexemes(evened(written))
    unit, after = unit_at(row, 0)
    return unit if after == len(row) else ""


def _measured(reading: Reading, unit: str) -> Decimal | None:
    """Return a reading's value in a unit, or None where it is of another kind."""
    if reading.unit == unit or (not reading.unit and unit not in STRICT):
        return reading.value
    if unit == "percent" and not reading.unit and 0 < reading.value < 1:
        return reading.value * 100
    ours, factor = MULTIPLES.get(unit, (unit, 1))
    theirs, times = MULTIPLES.get(reading.unit, (reading.unit, 1))
    return reading.value * times / factor if ours == theirs else None


def _day_of(source: Source) -> date | None:
    return source.published.date() if source.published else None


def _dated(words: str, published: date | None) -> Iterator[Dated]:
    text = evened(words)
    yield from dates(plain(text), published)
    for found in _EASTERN_DAY.finditer(text):
        year, month, day = (int(part) if part else None for part in found.groups())
        if published and not month:
            # "24일" alone is a day of the month of publication, or of the month before it.
            latest = published if day and day <= published.day else published.replace(day=1) - timedelta(days=1)
            year, month = latest.year, latest.month
        year = year or (published.year if published else None)
        resolved = valid(year, month, day) if year and month and day else None
        if resolved or not year:
            read = known(resolved) if resolved else Day(None, month, day)
            yield Dated(days=(read,), start=found.start(), end=found.end(), text=found[0])

"""Which figures and days an answer gives, and whether it makes a statement that it must not make.

Figures are read with their units, in digits or words ("£4.1m" is 4,100,000 £, "two" is 2); units that are whole
multiples of each other are converted. Ordinals, times of day and vague numbers ("dozens") are no figures. Days are
read in whatever words, relative ones against the publication of what their sentence cites; the days of the quotes that
are cited count as well, the day of publication that we write before a quotation does not.

A forbidden statement is made when a sentence of the answer bears it out by the rules of `rag.verify`, as those rules
bear out an answer by its quotes: wholly, not partly. A sentence that denies it does not make it, nor does one that
says who says so, unless the statement itself names its speaker; nor one that shares nothing but names with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from rag.evaluation.cases import Asked, ExpectedFigure
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.wording import Statement, abstains, statements
from rag.types import Source, Verdict
from rag.verify import Quote, Similarity, verify
from rag.verify.dates import Dated, bare_year, dates, spans
from rag.verify.days import Day
from rag.verify.figures import Figure, Reading, figures
from rag.verify.numerals import lexemes
from rag.verify.speakers import attributed
from rag.verify.synonyms import concept, plain, terms
from rag.verify.terms import evened, tokens
from rag.verify.units import MULTIPLES, STRICT, unit_at

_COUNTS = frozenset({"number", "fraction"})
_ROUNDING = Decimal("1e-9")
"""Share of a value that counts as equal, for thirds and the like."""
_NOWHERE = Source(article_id="", title="")


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Check | Score]:
    """Yield a check for each expected figure and day and each forbidden statement, and the shares that are given."""
    if sample.answer is None:
        return
    expect = asked.expect
    said = () if abstains(sample.answer) else statements(sample.answer)
    checks = [_figure_check(each, said) for each in expect.figures]
    yield from _with_share("answer.figures", checks)
    checks = [_day_check(each, said) for each in expect.dates]
    yield from _with_share("answer.dates", checks)
    yield from (_forbidden(statement, said, evidence.similarity) for statement in expect.forbids)


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


def makes(statement: str, said: Statement, similarity: Similarity, nearby: str = "") -> bool:
    """Tell whether a sentence of an answer makes a statement, in whatever words; `nearby` tells whom "she" means."""
    if (_attributed(said.words) and not _attributed(statement)) or _only_names_in_common(statement, said.words):
        return False
    sources = dict.fromkeys(citation.source for citation in said.citations) or (_NOWHERE,)
    quotes = (Quote(text=said.words, source=source, nearby=nearby) for source in sources)
    return any(verify(statement, [quote], similarity).verdict is Verdict.SUPPORTED for quote in quotes)


def _with_share(metric: str, checks: Sequence[Check]) -> Iterator[Check | Score]:
    yield from checks
    if checks:
        missing = ", ".join(check.expected for check in checks if not check.passed)
        given = sum(check.passed is True for check in checks)
        yield Score(metric=metric, value=given / len(checks), reason=f"not given: {missing}" if missing else "")


def _figure_check(expected: ExpectedFigure, said: Sequence[Statement]) -> Check:
    given = [figure for statement in said for figure in _figures(plain(evened(statement.words)))]
    return Check(
        name="figures",
        passed=any(gives(expected, figure) for figure in given),
        expected=_written(expected),
        got=_listed(figure.text for figure in given),
    )


def _figures(text: str) -> tuple[Figure, ...]:
    # Four digits alone may count something; other dates are no figures.
    return figures(text, spans([each for each in dates(text, None) if not bare_year(each)]))


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


def _written(expected: ExpectedFigure) -> str:
    within = f" within {expected.tolerance:.3g} of it" if expected.tolerance else ""
    return f"{expected.value:,.12g}{' ' if expected.unit else ''}{expected.unit or ''}{within}"


def _listed(given: Iterable[str]) -> str:
    found = list(dict.fromkeys(given))
    return f"the answer gives {', '.join(found)}" if found else "the answer gives none"


def _day_check(expected: date, said: Sequence[Statement]) -> Check:
    given = [dated for statement in said for dated in _dates(statement)]
    return Check(
        name="dates",
        passed=any(gives_day(expected, day) for dated in given for day in dated.days),
        expected=expected.isoformat(),
        got=_listed(map(_resolved, given)),
    )


def _dates(said: Statement) -> Iterator[Dated]:
    published = {citation.source.published for citation in said.citations} or {None}
    for moment in published:
        yield from dates(plain(evened(said.words)), moment.date() if moment else None)
    for citation in said.citations:
        moment = citation.source.published
        yield from dates(plain(evened(citation.quote)), moment.date() if moment else None)


def _resolved(dated: Dated) -> str:
    days = [date(day.year, day.month, day.day) for day in dated.days if day.year and day.month and day.day]
    return f"{dated.text} ({' or '.join(day.isoformat() for day in days)})" if days else dated.text


def _forbidden(statement: str, said: Sequence[Statement], similarity: Similarity) -> Check:
    nearby = " ".join(each.words for each in said)
    made = next((each.words for each in said if makes(statement, each, similarity, nearby)), None)
    return Check(
        name="forbids", passed=made is None, expected=f"not {statement}", got=made or "the answer does not say so"
    )


def _only_names_in_common(statement: str, words: str) -> bool:
    """Tell whether a sentence has none of a statement's ordinary words in any form: it says something else of them."""
    ordinary = " ".join(token for token in plain(evened(statement)).split() if token[0].islower())
    return bool(terms(ordinary)) and set(terms(ordinary)).isdisjoint(terms(plain(evened(words))))


def _attributed(words: str) -> bool:
    # Quotation marks alone attribute nothing; what stands between them is judged by the verifier.
    return attributed(plain(evened(words)).replace('"', " "))

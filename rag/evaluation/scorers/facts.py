"""Whether an answer gives the expected figures and days, and makes a statement that it must not make.

How figures and days are read, `given` says. The days of the quotes that are cited count as given; the day of
publication that we write before a quotation does not.

A forbidden statement is made when a sentence of the answer bears it out by the rules of `rag.verify`, as those rules
bear out an answer by its quotes: wholly, not partly. A sentence that denies it does not make it, nor does one that
says who says so, unless the statement itself names its speaker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.given import dates_of, figures_of, gives, gives_day
from rag.evaluation.scorers.wording import Statement, abstains, statements
from rag.evaluation.suites.cases import Asked, ExpectedFigure
from rag.types import Source, Verdict
from rag.verify import Quote, Similarity, verify
from rag.verify.dates import Dated
from rag.verify.speakers import attributed
from rag.verify.synonyms import plain
from rag.verify.terms import evened

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


def makes(statement: str, said: Statement, similarity: Similarity, nearby: str = "") -> bool:
    """Tell whether a sentence of an answer makes a statement, in whatever words; `nearby` tells whom "she" means."""
    if _attributed(said.words) and not _attributed(statement):
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
    given = [figure for statement in said for figure in figures_of(statement)]
    return Check(
        name="figures",
        passed=any(gives(expected, figure) for figure in given),
        expected=_written(expected),
        got=_listed(figure.text for figure in given),
    )


def _written(expected: ExpectedFigure) -> str:
    within = f", within {100 * expected.tolerance:.3g}%" if expected.tolerance else ""
    return f"{expected.value:,.15g}{' ' if expected.unit else ''}{expected.unit or ''}{within}"


def _listed(given: Iterable[str]) -> str:
    found = list(dict.fromkeys(given))
    return f"the answer gives {', '.join(found)}" if found else "the answer gives none"


def _day_check(expected: date, said: Sequence[Statement]) -> Check:
    given = [dated for statement in said for dated in dates_of(statement)]
    return Check(
        name="dates",
        passed=any(gives_day(expected, day) for dated in given for day in dated.days),
        expected=expected.isoformat(),
        got=_listed(map(_resolved, given)),
    )


def _resolved(dated: Dated) -> str:
    days = [date(day.year, day.month, day.day) for day in dated.days if day.year and day.month and day.day]
    return f"{dated.text} ({' or '.join(day.isoformat() for day in days)})" if days else dated.text


def _forbidden(statement: str, said: Sequence[Statement], similarity: Similarity) -> Check:
    nearby = " ".join(each.words for each in said)
    made = next((each.words for each in said if makes(statement, each, similarity, nearby)), None)
    return Check(
        name="forbids", passed=made is None, expected=f"not {statement}", got=made or "the answer does not say so"
    )


def _attributed(words: str) -> bool:
    # Quotation marks alone attribute nothing; what stands between them is judged by the verifier.
    return attributed(plain(evened(words)).replace('"', " "))

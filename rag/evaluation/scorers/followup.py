"""Whether a follow-up question was understood as the same question standing alone."""

from __future__ import annotations

from collections.abc import Iterator

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.suites.cases import Asked
from rag.types import Answer, Citation


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Check | Score]:  # noqa: ARG001  a scorer's form
    """Yield a check of each text that the searched question must hold, and whether both ways gave one answer."""
    answer, expect = sample.answer, asked.expect
    if answer is None:
        return
    for text in expect.searched:
        held = text.casefold() in answer.standalone.casefold()
        yield Check(name="searched", passed=held, expected=text, got=answer.standalone)
    if expect.alone is None:
        return
    expected = f"answered like: {expect.alone}"
    if sample.alone is None:
        why = "the question standing alone was not answered"
        yield Check(name="alone", passed=None, expected=expected, got=why)
        yield Score(metric="followup.consistency", value=None, reason=why)
        return
    difference = _difference(answer, sample.alone)
    yield Check(name="alone", passed=not difference, expected=expected, got=difference or "so it was")
    yield Score(metric="followup.consistency", value=float(not difference), reason=difference)


def _difference(answer: Answer, alone: Answer) -> str:
    """Return how two answers differ: in status, or in that they share no cited place; else an empty text."""
    if answer.status is not alone.status:
        return f"{answer.status}, and standing alone {alone.status}"
    cited = (answer.citations, alone.citations)
    if any(cited) and not any(_overlap(one, other) for one in cited[0] for other in cited[1]):
        return "no place is cited by both"
    return ""


def _overlap(one: Citation, other: Citation) -> bool:
    same = (one.source.article_id, one.version) == (other.source.article_id, other.version)
    return same and one.start < other.end and other.start < one.end

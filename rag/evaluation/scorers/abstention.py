"""Whether an answer was given where there is one, and only there; a right abstention is a success."""

from __future__ import annotations

from collections.abc import Iterator

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.binary import precision_recall_f1
from rag.evaluation.suites.cases import Asked
from rag.types import Status


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Check | Score]:  # noqa: ARG001  a scorer's form
    """Yield the check of the status, and scores where the case tells whether the articles answer."""
    answer, expect = sample.answer, asked.expect
    if answer is None:
        return
    if expect.statuses:
        expected = " or ".join(expect.statuses)
        yield Check(name="status", passed=answer.status in expect.statuses, expected=expected, got=answer.status.value)
    if expect.answerable is not None:
        abstained = answer.status is Status.NOT_IN_SOURCES
        yield from precision_recall_f1(
            "abstention",
            said=abstained,
            true=not expect.answerable,
            reason="left unanswered though the articles answer" if abstained else "answered though they do not say",
        )

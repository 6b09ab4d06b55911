"""Whether disagreement among the articles is shown where it is, and only there."""

from __future__ import annotations

from collections.abc import Iterator

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample, Score
from rag.evaluation.scorers.binary import precision_recall_f1
from rag.evaluation.suites.cases import Asked
from rag.types import Status


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Score]:  # noqa: ARG001  a scorer's form
    """Yield scores where the case states a status, unless it allows both a conflict and something else."""
    answer, statuses = sample.answer, asked.expect.statuses
    told = {status is Status.CONFLICTING for status in statuses}
    if answer is None or len(told) != 1:
        return
    said = answer.status is Status.CONFLICTING
    yield from precision_recall_f1(
        "conflict",
        said=said,
        true=told.pop(),
        reason="called conflicting though it is not" if said else f"a conflict called {answer.status}",
    )

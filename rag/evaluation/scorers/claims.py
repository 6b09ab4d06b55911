"""How much of an answer its own verdicts call supported, as its reader is told."""

from __future__ import annotations

from collections.abc import Iterator

from rag.evaluation.cases import Asked
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample, Score
from rag.types import Verdict


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Score]:  # noqa: ARG001  a scorer's form
    """Yield the share of the sentences with the verdict supported; one that only leads in ("They differ:") is none."""
    answer = sample.answer
    if answer is None:
        return
    said = [(answer.text[each.start : each.end], each.verdict) for each in answer.claims]
    judged = [(words, verdict) for words, verdict in said if verdict is not Verdict.UNCITED or words[-1:] != ":"]
    if judged:
        loose = [f"{verdict}: {words}" for words, verdict in judged if verdict is not Verdict.SUPPORTED]
        yield Score(metric="claims.support", value=1 - len(loose) / len(judged), reason=loose[0] if loose else "")

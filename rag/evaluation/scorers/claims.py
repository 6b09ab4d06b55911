"""How much of an answer its own verdicts call supported, as its reader is told."""

from __future__ import annotations

from collections.abc import Iterator

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample, Score
from rag.evaluation.scorers.proof import Proof
from rag.evaluation.suites.cases import Asked
from rag.types import Verdict


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Score]:  # noqa: ARG001  a scorer's form
    """Yield the share of the sentences with the verdict supported, of those that need a citation."""
    answer = sample.answer
    if answer is None or not answer.claims:
        return
    needed = Proof(answer, evidence).needed
    judged = [claim for claim, needs in zip(answer.claims, needed, strict=True) if needs]
    if judged:
        loose = [
            f"{each.verdict}: {answer.text[each.start : each.end]}"
            for each in judged
            if each.verdict is not Verdict.SUPPORTED
        ]
        yield Score(metric="claims.support", value=1 - len(loose) / len(judged), reason=loose[0] if loose else "")

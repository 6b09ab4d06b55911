"""Samples become results: every scorer looks at each, and what they find decides the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag.errors import ConfigurationError
from rag.evaluation.cases import Asked, Case, Suite
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Outcome, Result, Sample, Score
from rag.evaluation.scorers import SCORERS, Scorer

_WORST_FIRST = (Outcome.ERROR, Outcome.FAILED, Outcome.XFAILED, Outcome.XPASSED, Outcome.PASSED)


def score_case(
    suite: Suite, case: Case, samples: Sequence[Sample], evidence: Evidence, judge: Scorer | None = None
) -> tuple[Result, ...]:
    """Return one result per sample of a case, by attempt and turn; raise ConfigurationError for an unusable suite.

    A case that is expected to fail has failed as expected in an attempt in which any turn fails. Whether an attempt
    passes as a whole is scored once, with its last turn. An error in the place of an answer is scored as unknown.
    """
    cluster, tags = cluster_of(suite, case, evidence), tuple(dict.fromkeys([*suite.tags, *case.tags]))
    scorers = (*SCORERS, judge) if judge else SCORERS
    attempts: dict[int, list[Sample]] = {}
    for sample in sorted(samples, key=lambda each: (each.attempt, each.turn)):
        attempts.setdefault(sample.attempt, []).append(sample)
    results: list[Result] = []
    for turns in attempts.values():
        looked = [_looked_at(case.turns[sample.turn - 1], sample, evidence, scorers) for sample in turns]
        outcomes = _outcomes(case, turns, [checks for checks, _ in looked])
        for sample, (checks, scores), outcome in zip(turns, looked, outcomes, strict=True):
            last = sample is turns[-1]
            results.append(
                Result(
                    case=case,
                    asked=case.turns[sample.turn - 1],
                    sample=sample,
                    checks=checks,
                    scores=(_passed(turns, [checks for checks, _ in looked]), *scores) if last else scores,
                    outcome=outcome,
                    cluster=cluster,
                    tags=tags,
                )
            )
    return tuple(results)


def outcome_of(results: Sequence[Result]) -> Outcome:
    """Return what became of a case: the worst of its turns and attempts; without any it was skipped."""
    found = {result.outcome for result in results}
    return next((outcome for outcome in _WORST_FIRST if outcome in found), Outcome.SKIPPED)


def _looked_at(
    asked: Asked, sample: Sample, evidence: Evidence, scorers: Iterable[Scorer]
) -> tuple[tuple[Check, ...], tuple[Score, ...]]:
    if sample.answer is None:
        return (), ()
    found = [each for scorer in scorers for each in scorer(asked, sample, evidence)]
    return (
        tuple(each for each in found if isinstance(each, Check)),
        tuple(each for each in found if isinstance(each, Score)),
    )


def _outcomes(case: Case, turns: Sequence[Sample], checks: Sequence[Sequence[Check]]) -> list[Outcome]:
    plain = [_outcome(sample, of_turn) for sample, of_turn in zip(turns, checks, strict=True)]
    if case.xfail is None:
        return plain
    whole = Outcome.XPASSED if all(outcome is Outcome.PASSED for outcome in plain) else Outcome.XFAILED
    return [whole] * len(plain)


def _outcome(sample: Sample, checks: Sequence[Check]) -> Outcome:
    if sample.answer is None:
        return Outcome.ERROR
    return Outcome.FAILED if any(check.passed is False for check in checks) else Outcome.PASSED


def _passed(turns: Sequence[Sample], checks: Sequence[Sequence[Check]]) -> Score:
    """Return whether every expectation of an attempt holds; unknown where nothing failed and something is unknown."""
    every = [check for of_turn in checks for check in of_turn]
    failed = [check.name for check in every if check.passed is False]
    if failed:
        return Score(metric="pass", value=0.0, reason=f"failed: {', '.join(dict.fromkeys(failed))}")
    errors = [sample.error or "no answer" for sample in turns if sample.answer is None]
    untold = [check.name for check in every if check.passed is None]
    if errors or untold:
        return Score(metric="pass", value=None, reason=errors[0] if errors else f"unknown: {', '.join(untold)}")
    return Score(metric="pass", value=1.0)


def cluster_of(suite: Suite, case: Case, evidence: Evidence) -> str:
    """Return the article that a case is about, the first one that it names as right, else the case itself."""
    named = (
        cited.article
        for asked in case.turns
        for cited in (*asked.expect.relevant, *asked.expect.cites, *asked.expect.cites_any)
    )
    article = case.about or next(named, None)
    if article is None:
        return f"{suite.suite}: {case.id}"
    try:
        return evidence.article_id(article)
    except ConfigurationError:
        return article

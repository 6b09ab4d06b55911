"""Samples become results: every scorer looks at each, and what they find decides the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Outcome, Result, Sample, Score
from rag.evaluation.scorers import SCORERS, Scorer
from rag.evaluation.suites.cases import Case, Suite
from rag.evaluation.suites.checking import untrue

_WORST_FIRST = (Outcome.ERROR, Outcome.FAILED, Outcome.XFAILED, Outcome.XPASSED, Outcome.PASSED)


def score_case(
    suite: Suite, case: Case, samples: Sequence[Sample], evidence: Evidence, judge: Scorer | None = None
) -> tuple[Result, ...]:
    """Return one result per sample of a case, by attempt and turn; raise ConfigurationError for an unusable suite.

    A case that is expected to fail has failed as expected in an attempt in which any turn fails; an error in the place
    of a verdict is nobody's expectation. Whether an attempt passes as a whole is scored once, with its last turn; with
    an error in it that is unknown, and a failure that is expected is left out. A case that names what its articles do
    not hold is an error, whatever was answered.
    """
    whole = _Whole(
        case=case,
        cluster=cluster_of(suite, case, evidence),
        tags=tuple(dict.fromkeys([*suite.tags, *case.tags])),
    )
    scorers = (*SCORERS, judge) if judge else SCORERS
    wrong = next(untrue(case, evidence), None)
    ordered = sorted(samples, key=lambda each: (each.attempt, each.turn))
    return tuple(
        result
        for _, turns in groupby(ordered, key=lambda each: each.attempt)
        for result in whole.results([_looked_at(case, sample, evidence, scorers, wrong) for sample in turns])
    )


def outcome_of(results: Sequence[Result]) -> Outcome:
    """Return what became of a case: the worst of its turns and attempts; without any it was skipped."""
    return worst(result.outcome for result in results)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome that decides; SKIPPED where there is none."""
    found = set(outcomes)
    return next((outcome for outcome in _WORST_FIRST if outcome in found), Outcome.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A sample with what the scorers found."""

    sample: Sample
    checks: tuple[Check, ...] = ()
    scores: tuple[Score, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What became of it, were it not expected to fail."""
        told = {check.passed for check in self.checks}
        if self.sample.answer is None or (None in told and False not in told):
            return Outcome.ERROR
        return Outcome.FAILED if False in told else Outcome.PASSED


def _looked_at(case: Case, sample: Sample, evidence: Evidence, scorers: Iterable[Scorer], wrong: str | None) -> _Looked:
    if sample.answer is None:
        return _Looked(sample=sample)
    if wrong is not None:
        return _Looked(sample=sample, checks=(Check(name="suite", passed=None, expected="true", got=wrong),))
    found = [each for scorer in scorers for each in scorer(case.turns[sample.turn - 1], sample, evidence)]
    return _Looked(
        sample=sample,
        checks=tuple(each for each in found if isinstance(each, Check)),
        scores=tuple(each for each in found if isinstance(each, Score)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """What all results of a case have in common."""

    case: Case
    cluster: str
    tags: tuple[str, ...]

    def results(self, turns: Sequence[_Looked]) -> Iterator[Result]:
        """Yield the results of one attempt."""
        for looked in turns:
            yield Result(
                case=self.case,
                asked=self.case.turns[looked.sample.turn - 1],
                sample=looked.sample,
                checks=looked.checks,
                scores=(self._passed(turns), *looked.scores) if looked is turns[-1] else looked.scores,
                outcome=looked.outcome if self.case.xfail is None else _expected_to_fail(looked, turns),
                cluster=self.cluster,
                tags=self.tags,
            )

    def _passed(self, turns: Sequence[_Looked]) -> Score:
        told = _passed(turns)
        if self.case.xfail is not None and told.value == 0:
            return replace(told, value=None, reason=f"expected to fail; {told.reason}")
        return told


def _expected_to_fail(looked: _Looked, turns: Sequence[_Looked]) -> Outcome:
    outcomes = {each.outcome for each in turns}
    if Outcome.ERROR in outcomes:
        return looked.outcome
    return Outcome.XFAILED if Outcome.FAILED in outcomes else Outcome.XPASSED


def _passed(turns: Sequence[_Looked]) -> Score:
    """Return whether every expectation of an attempt holds; unknown where nothing failed and something is unknown."""
    checks = [check for looked in turns for check in looked.checks]
    failed = [check.name for check in checks if check.passed is False]
    if failed:
        return Score(metric="pass", value=0.0, reason=f"failed: {', '.join(dict.fromkeys(failed))}")
    errors = [looked.sample.error or "no answer" for looked in turns if looked.sample.answer is None]
    untold = [check.name for check in checks if check.passed is None]
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

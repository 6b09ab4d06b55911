"""What evaluating gives: samples (what was answered), results (what that is worth), summaries and comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rag.evaluation.runs.order import Selection
from rag.evaluation.suites.cases import Asked, Case
from rag.types import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One question of a case as it was asked, with its answer or the error in its place."""

    suite: str
    case_id: str
    turn: int = 1
    """Which question of a conversation, from 1."""
    attempt: int = 1
    """Which repetition, from 1."""
    asked: str
    """Digest of all that was asked, so that a changed case is not taken for this one."""
    answer: Answer | None = None
    error: str | None = None
    alone: Answer | None = None
    """The answer to the same question standing alone, where the case asks for it."""
    seconds: float = 0.0
    """From the question to the finished answer, as the caller waited."""
    first_seconds: float | None = None
    """From the question to the first words; None where there were none."""

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What names it within a run."""
        return (self.suite, self.case_id, self.turn, self.attempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One expectation of a case, and whether it holds; `passed` is None where that could not be told."""

    name: str
    passed: bool | None
    expected: str
    got: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A number about one sample. A metric is the mean of its scores, weighted.

    Weights make ratios of sums out of means: a sample counts towards the precision of abstaining only when it
    abstains, and towards F1 with 2·TP + FP + FN. `value` is None where it could not be told: unscored, never zero.
    """

    metric: str
    value: float | None
    weight: float = 1.0
    reason: str = ""
    """Why it could not be told, or what pulled it down."""


class Outcome(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """No verdict: there is no answer, or an expectation could not be checked."""
    XFAILED = "xfailed"
    """Failed, as the suite says it does."""
    XPASSED = "xpassed"
    """Passed, though the suite says that it fails."""
    SKIPPED = "skipped"

    @property
    def good(self) -> bool:
        """Whether a run with this outcome still counts as passed."""
        return self not in {Outcome.FAILED, Outcome.ERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A sample with its checks and scores."""

    case: Case
    asked: Asked
    sample: Sample
    checks: tuple[Check, ...]
    scores: tuple[Score, ...]
    outcome: Outcome
    cluster: str
    """Names the article that the case is about; cases of one article are not independent."""
    tags: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if check.passed is False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A metric over many samples, with its 95 % confidence interval; an end is nan where nothing can be said."""

    metric: str
    value: float
    low: float
    high: float
    count: int
    """Samples with a score."""
    clusters: int
    unscored: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run shows as a whole, and for each tag."""

    outcomes: Mapping[Outcome, int]
    """Cases (each with all its turns and attempts) by outcome."""
    estimates: tuple[Estimate, ...]
    by_tag: Mapping[str, tuple[Estimate, ...]] = field(default_factory=dict)
    detectable: float | None = None
    """Smallest change of the pass rate that a suite of this size would show with a power of 0.8; None where its
    articles are too few to show any."""
    flaky: tuple[str, ...] = ()
    """Cases that passed in some attempts only."""


class Direction(StrEnum):
    """Which way a metric went."""

    BETTER = "better"
    WORSE = "worse"
    NO_EVIDENCE = "no evidence of change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One metric in two runs over the same cases."""

    metric: str
    before: float
    after: float
    low: float
    """95 % confidence interval of the difference."""
    high: float
    p: float
    adjusted_p: float
    """After correction for the number of metrics; that of the pass rate, which is tested alone, is `p`."""
    pairs: int
    detectable: float | None
    """Smallest difference that would be shown with a power of 0.8, did no other metric change; None where the
    articles are too few to show any, or that cannot be told."""
    direction: Direction

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run beside its baseline, case by case."""

    baseline: str
    changes: tuple[Change, ...]
    broken: tuple[str, ...]
    """Cases that passed before and fail now."""
    mended: tuple[str, ...]
    p: float
    """Exact McNemar test of broken against mended, counting cases as independent; that of `pass` counts articles."""
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()
    changed_cases: tuple[str, ...] = ()
    """Cases that ask something else than they did; left out of the comparison."""
    changed_articles: tuple[str, ...] = ()
    """Articles that were added, removed or changed in between."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Title by article id, of those of the baseline that changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """How a run was made: all that must be equal for its figures to be comparable."""

    name: str
    started: datetime
    suites: tuple[str, ...]
    answerer: str
    model: str
    settings: Mapping[str, str]
    corpus: Mapping[str, str]
    """Version by article id, for every suite's corpus together."""
    corpus_digest: str
    version: str
    """Of Dateline."""
    selection: Selection = field(default_factory=Selection)
    """Which cases of the suites were asked."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Title by article id."""
    attempts: int = 1
    jobs: int = 1
    """Questions that were answered at a time, on which latencies depend and answers do not."""
    judge: str | None = None
    remarks: tuple[str, ...] = ()
    """What whoever reads the figures should know, such as a corpus that changed under its suite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a report is written from; results are read again each time, so that memory stays bounded."""

    run: RunInfo
    summary: Summary
    results: Callable[[], Iterator[Result]]
    comparison: Comparison | None = None
    before: Callable[[tuple[str, str, int, int]], Sample | None] = lambda _: None
    """The baseline's sample of the same key, where there is one."""
    skipped: tuple[Case, ...] = ()
    """Cases that were not asked."""

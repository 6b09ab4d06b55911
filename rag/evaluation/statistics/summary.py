"""A run summed up: outcomes of cases, and every metric with its interval, as a whole and for each tag."""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rag.evaluation.metrics import METRICS, metric
from rag.evaluation.results import Estimate, Outcome, Result, Summary
from rag.evaluation.scoring import worst
from rag.evaluation.statistics.clustered import Scores
from rag.evaluation.statistics.inference import interval
from rag.evaluation.statistics.power import detectable_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

PASS = "pass"  # noqa: S105  the metric's name
_ORDER = {each.name: place for place, each in enumerate(METRICS)}


@dataclass(slots=True)
class Rows:
    """Scores of one metric as they came: the unit of each, its value (nan where it is unscored) and its weight."""

    units: array[int] = field(default_factory=lambda: array("l"))
    values: array[float] = field(default_factory=lambda: array("d"))
    weights: array[float] = field(default_factory=lambda: array("d"))

    def add(self, unit: int, value: float | None, weight: float) -> None:
        """Keep one score."""
        self.units.append(unit)
        self.values.append(math.nan if value is None else value)
        self.weights.append(weight)


@dataclass(slots=True, kw_only=True)
class CaseTally:
    """What is kept of a case."""

    outcome: Outcome
    """The worst so far."""
    cluster: str
    tags: tuple[str, ...]
    asked: dict[int, str] = field(default_factory=dict)
    """Digest by turn."""
    passes: dict[int, float | None] = field(default_factory=dict)
    """By attempt; None where it could not be told."""

    @property
    def flaky(self) -> bool:
        """Whether it passes in some attempts only."""
        return {0.0, 1.0} <= set(self.passes.values())


class Tally:
    """Collects the numbers of results, whatever their order; answers are let go, so that memory stays bounded.

    A *unit* is one question of a case; attempts at it are scores of the same unit.
    """

    def __init__(self, results: Iterable[Result] = (), *, skipped: int = 0) -> None:
        self.cases: dict[tuple[str, str], CaseTally] = {}
        self.units: dict[tuple[str, str, int], int] = {}
        self.answered: set[int] = set()
        """Units with an answer in some attempt."""
        self.rows: dict[str, Rows] = defaultdict(Rows)
        self._skipped = skipped
        for result in results:
            self.add(result)

    def add(self, result: Result) -> None:
        """Count one result."""
        sample = result.sample
        unit = self.units.setdefault((sample.suite, sample.case_id, sample.turn), len(self.units))
        if sample.answer is not None:
            self.answered.add(unit)
        case = self._case(result)
        case.asked[sample.turn] = sample.asked
        for score in result.scores:
            self.rows[score.metric].add(unit, score.value, score.weight)
            if score.metric == PASS:
                case.passes[sample.attempt] = score.value

    def summary(self) -> Summary:
        """Return the whole with its intervals."""
        outcomes = Counter(case.outcome for case in self.cases.values())
        outcomes[Outcome.SKIPPED] += self._skipped
        owners = [self.cases[suite, name] for suite, name, _ in self.units]
        clusters = numbered([owner.cluster for owner in owners])
        every, tags = np.ones(len(owners), dtype=bool), sorted({tag for owner in owners for tag in owner.tags})
        tagged = {tag: np.array([tag in owner.tags for owner in owners]) for tag in tags}
        by_tag = shown_by_tag(self.rows)
        return Summary(
            outcomes={outcome: outcomes[outcome] for outcome in Outcome},
            estimates=tuple(self._estimates(ordered(self.rows), clusters, every)),
            by_tag={
                tag: tuple(each for each in self._estimates(by_tag, clusters, kept) if each.count)
                for tag, kept in tagged.items()
            },
            detectable=detectable_rate(_scores(self.rows.get(PASS, Rows()), clusters, every)[0]),
            flaky=tuple(sorted(name for (_, name), case in self.cases.items() if case.flaky)),
        )

    def _case(self, result: Result) -> CaseTally:
        key = (result.sample.suite, result.sample.case_id)
        case = self.cases.get(key)
        if case is None:
            case = self.cases[key] = CaseTally(outcome=result.outcome, cluster=result.cluster, tags=result.tags)
        case.outcome = worst([result.outcome, case.outcome])
        return case

    def _estimates(
        self, names: Iterable[str], clusters: NDArray[np.intp], kept: NDArray[np.bool_]
    ) -> Iterator[Estimate]:
        for name in names:
            scores, unscored = _scores(self.rows[name], clusters, kept)
            if len(scores.values) or unscored:
                yield estimate(name, scores, unscored)


def estimate(name: str, scores: Scores, unscored: int = 0) -> Estimate:
    """Return a metric of some scores with its interval."""
    about = metric(name)
    value, low, high = interval(*scores, about.aggregate, bounded=about.unit == "ratio")
    return Estimate(
        metric=name,
        value=value,
        low=low,
        high=high,
        count=len(scores.values),
        clusters=len(np.unique(scores.clusters)),
        unscored=unscored,
    )


def numbered(names: Sequence[str]) -> NDArray[np.intp]:
    """Return a number for each name, the same whatever their order."""
    numbers = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([numbers[name] for name in names], dtype=np.intp)


def ordered(names: Iterable[str]) -> list[str]:
    """Return metrics in the order in which they are documented, a suite's own after them by name."""
    return sorted(names, key=lambda name: (_ORDER.get(name, len(_ORDER)), name))


def shown_by_tag(names: Iterable[str]) -> list[str]:
    """Return the metrics that are worth a column for every tag: qualities, without what details them."""
    return [
        name
        for name in ordered(names)
        if metric(name).unit == "ratio" and not name.startswith("defect.") and name != "judge.spread"
    ]


def _scores(rows: Rows, clusters: NDArray[np.intp], kept: NDArray[np.bool_]) -> tuple[Scores, int]:
    """Return the scores of the units that are kept, and how many of those could not be told."""
    units = np.array(rows.units, dtype=np.intp)
    chosen = kept[units]
    scores = Scores(np.array(rows.values)[chosen], np.array(rows.weights)[chosen], clusters[units[chosen]])
    return scores.counting(), int((~np.isfinite(scores.values)).sum())

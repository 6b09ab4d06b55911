"""What makes a run fail: a failing case, a metric beyond its threshold, or evidence that something got worse."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.errors import ConfigurationError
from rag.evaluation.metrics import BY_NAME, metric
from rag.evaluation.reports.figures import count
from rag.evaluation.results import Direction, Outcome, Report
from rag.evaluation.suites.cases import Suite


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The worst value of a metric that will do: a floor where more is better, a ceiling where less is."""

    metric: str
    value: float

    def holds(self, value: float) -> bool:
        """Tell whether a value will do."""
        return value >= self.value if metric(self.metric).higher_is_better else value <= self.value

    def __str__(self) -> str:
        """Return it in words."""
        least = "at least" if metric(self.metric).higher_is_better else "at most"
        return f"{self.metric} must be {least} {self.value:g}"


def thresholds(words: Iterable[str], suites: Sequence[Suite]) -> tuple[Threshold, ...]:
    """Return the thresholds that were given as metric=value; raise ConfigurationError for what can never be met."""
    own = any(asked.expect.scorers for suite in suites for case in suite.cases for asked in case.turns)
    return tuple(_threshold(word, own_metrics=own) for word in words)


def failures(report: Report, wanted: Sequence[Threshold]) -> Iterator[str]:
    """Yield why a run fails, in a line each; nothing where it does not.

    A threshold of `pass` stands in the place of "no case may fail". Seconds that grew since the baseline are no reason:
    they may be another machine's. Their thresholds are.
    """
    outcomes = report.summary.outcomes
    if (failed := outcomes.get(Outcome.FAILED, 0)) and not any(each.metric == "pass" for each in wanted):
        yield f"{count(failed, 'case')} failed."
    if untold := outcomes.get(Outcome.ERROR, 0):
        yield f"{count(untold, 'case')} without a verdict."
    found = {estimate.metric: estimate.value for estimate in report.summary.estimates}
    for each in wanted:
        if each.metric not in found:
            yield f"{each}, but no case gave it a value."
        elif not each.holds(found[each.metric]):
            yield f"{each}, and is {found[each.metric]:.4g}."
    if report.comparison is not None:
        if not report.comparison.changes:
            yield f"Nothing was compared: no case was answered both in this run and in {report.comparison.baseline}."
        worse = [
            change.metric
            for change in report.comparison.changes
            if change.direction is Direction.WORSE and metric(change.metric).unit != "seconds"
        ]
        if worse:
            yield f"Worse than {report.comparison.baseline}: {', '.join(worse)}."


def _threshold(word: str, *, own_metrics: bool) -> Threshold:
    name, _, number = word.partition("=")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigurationError(f"--fail-under {word} is not metric=value; write it as pass=0.95.")
    if name not in BY_NAME and not own_metrics:
        near = difflib.get_close_matches(name, BY_NAME, n=3) or list(BY_NAME)
        raise ConfigurationError(f"There is no metric {name}; did you mean {' or '.join(near)}?")
    return Threshold(metric=name, value=value)

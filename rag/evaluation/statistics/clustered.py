"""Scores in clusters, and figures of them as functions of the clusters that are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Units = NDArray[np.intp]
    Figure = Callable[[Units], Floats]
    """Gives one number for each row of drawn clusters; a cluster that was drawn twice stands there twice."""

Aggregate = Literal["mean", "median", "p95"]
QUANTILE = {"median": 0.5, "p95": 0.95}
NOTHING = 1e-12
"""Differences below this come from the arithmetic alone."""
_HUGE = 1e9


class Scores(NamedTuple):
    """Scores of one metric, as equally long columns; clusters are any whole numbers."""

    values: Floats
    weights: Floats
    clusters: Units

    @property
    def varied(self) -> bool:
        """Whether not all are the same."""
        return bool(np.ptp(self.values) > NOTHING)

    @property
    def binary(self) -> bool:
        """Whether all are 0 or 1 and weigh the same."""
        return bool(np.isin(self.values, (0.0, 1.0)).all() and np.ptp(self.weights) == 0.0)

    @property
    def ratios(self) -> bool:
        """Whether all lie between 0 and 1."""
        return bool((self.values >= 0.0).all() and (self.values <= 1.0).all())

    def counting(self) -> Scores:
        """Return those that count: with a value and a weight."""
        return self.where((self.weights > 0.0) & np.isfinite(self.weights) & np.isfinite(self.values))

    def where(self, kept: NDArray[np.bool_] | slice) -> Scores:
        """Return some of them."""
        return Scores(self.values[kept], self.weights[kept], self.clusters[kept])

    def joined(self, others: Scores) -> Scores:
        """Return these and others."""
        return Scores(
            np.concatenate((self.values, others.values)),
            np.concatenate((self.weights, others.weights)),
            np.concatenate((self.clusters, others.clusters)),
        )

    def numbered(self) -> tuple[Scores, int]:
        """Return them with clusters numbered from 0, and how many clusters there are."""
        names, numbers = np.unique(self.clusters, return_inverse=True)
        return self._replace(clusters=numbers), len(names)


def figure(scores: Scores, count: int, aggregate: Aggregate) -> Figure:
    """Return the aggregate as a function of the clusters; nan where those drawn have no score."""
    return _mean(scores, count) if aggregate == "mean" else _quantile(scores, count, QUANTILE[aggregate])


def aggregated(scores: Scores, aggregate: Aggregate) -> float:
    """Return the aggregate of all scores, of which there is at least one; quantiles are values that occur."""
    alone = scores._replace(clusters=np.zeros(len(scores.values), dtype=np.intp))
    return float(figure(alone, 1, aggregate)(np.zeros((1, 1), dtype=np.intp))[0])


def quantile(values: ArrayLike, aggregate: Literal["median", "p95"]) -> float:
    """Return the quantile of values as a metric has it."""
    column = np.asarray(values, dtype=float)
    return aggregated(Scores(column, np.ones(len(column)), np.zeros(len(column), dtype=np.intp)), aggregate)


def studentized(scores: Scores, count: int) -> tuple[float, Figure]:
    """Return the standard error of the mean, and its studentized deviation as a function of the clusters."""
    above, below = sums(scores.clusters, scores.weights * scores.values, count), _weights(scores, count)
    mean = float(above.sum() / below.sum())

    def error(top: Floats, bottom: Floats, ratio: Floats) -> Floats:
        residuals = top - ratio[:, None] * bottom
        made: Floats = np.sqrt(count / (count - 1) * np.square(residuals).sum(axis=-1)) / bottom.sum(axis=-1)
        return made

    def deviation(units: Units) -> Floats:
        top, bottom = above[units], below[units]
        ratio: Floats = top.sum(axis=-1) / bottom.sum(axis=-1)
        spread, apart = error(top, bottom, ratio), ratio - mean
        made: Floats = np.divide(apart, spread, out=np.sign(apart) * _HUGE, where=spread > NOTHING)
        return made

    return float(error(above[None], below[None], np.array([mean]))[0]), deviation


def endless(deviations: Floats) -> bool:
    """Tell whether a studentized deviation has no spread to be measured by."""
    return bool((np.abs(deviations) >= _HUGE * (1 - NOTHING)).any())


def pulls(before: Scores, after: Scores, count: int, aggregate: Aggregate) -> Floats:
    """Return how much each cluster speaks for `after`: its sums less what the mean of both runs would make of them.

    Where weights are equal these are the differences of its sums. A quantile is compared by the share of scores above
    the quantile of both runs together.
    """
    both = before.joined(after)
    if aggregate != "mean":
        middle = np.quantile(both.values, QUANTILE[aggregate], method="inverted_cdf")
        before, after = (each._replace(values=(each.values > middle).astype(float)) for each in (before, after))
        return pulls(before, after, count, "mean")
    mean = float(np.average(both.values, weights=both.weights))
    was, now = (sums(each.clusters, each.weights * (each.values - mean), count) for each in (before, after))
    return np.where(np.abs(now - was) > NOTHING, now - was, 0.0)


def sums(groups: Units, values: Floats, count: int) -> Floats:
    """Return the sum of the values of each of `count` groups."""
    return np.bincount(groups, values, minlength=count).astype(float)


def _weights(scores: Scores, count: int) -> Floats:
    return sums(scores.clusters, scores.weights, count)


def _mean(scores: Scores, count: int) -> Figure:
    above, below = sums(scores.clusters, scores.weights * scores.values, count), _weights(scores, count)

    def ratio(units: Units) -> Floats:
        total = below[units].sum(axis=-1)
        made: Floats = np.divide(above[units].sum(axis=-1), total, out=np.full(len(units), math.nan), where=total > 0.0)
        return made

    return ratio


def _quantile(scores: Scores, count: int, share: float) -> Figure:
    order = np.argsort(scores.values, kind="stable")
    ranked, owners = scores.values[order], scores.clusters[order]

    def inverted(units: Units) -> Floats:
        times = np.stack([np.bincount(row, minlength=count) for row in units])
        upto = times[:, owners].cumsum(axis=-1)
        rank = (upto < share * upto[:, -1:] - NOTHING).sum(axis=-1)
        return np.where(upto[:, -1] > 0, ranked[np.minimum(rank, len(ranked) - 1)], math.nan)

    return inverted

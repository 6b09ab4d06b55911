"""How sure a figure is: intervals, tests of a difference, and correction for many tests.

Answers about one article stand or fall together, so what is drawn, flipped or counted is the *cluster*: all scores of
the cases about one article. Confidence is 95 %. Every draw starts from one seed, so that a report comes out the same
each time. Ends of intervals are nan where nothing can be said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rag.evaluation.statistics.clustered import (
    NOTHING,
    QUANTILE,
    Aggregate,
    Scores,
    aggregated,
    endless,
    figure,
    pulls,
    studentized,
    sums,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rag.evaluation.statistics.clustered import Figure, Floats, Units

ALPHA = 0.05
RESAMPLES = 1000
FLIPS = 9999
"""Random sign flips, where there are too many for all of them."""
MOST_DRAWN, MOST_FLIPPED = 1000, 250
"""Clusters that are drawn and flipped one by one; more go in this many groups, put together at random."""
FEWEST = 5
"""Clusters that an interval of a difference needs: with 4, one in seven would exclude zero though nothing changed."""
CELLS = 250_000
"""Numbers held at once while drawing."""
SEED = 2718

Ends = tuple[float, float]
_UNKNOWN = (math.nan, math.nan)
_NONE = 1e18


def interval(
    values: ArrayLike, weights: ArrayLike, clusters: ArrayLike, aggregate: Aggregate = "mean", *, bounded: bool = True
) -> tuple[float, float, float]:
    """Return the aggregate of scores with its interval; `bounded` tells that values are ratios where they can be.

    * Mean of scores of 0 and 1 that weigh the same: Clopper-Pearson on the number of samples that would tell as much
      if they were independent (Korn and Graubard, Survey Methodology 1998).
    * Other means: studentized bootstrap of clusters (Efron and Tibshirani 1993, chapter 12), which follows skew.
      Where too few clusters differ for that, the above for ratios, and expanded percentiles for others.
    * Quantiles: bootstrap of clusters with percentiles expanded for small numbers of them (Hesterberg, The American
      Statistician 2015); the upper end is nan where the highest of so few scores may well lie below it.
    * Scores that are all the same: Clopper-Pearson with a cluster as one trial. One cluster alone: the whole range.
    """
    scores, count = Scores(np.asarray(values), np.asarray(weights), np.asarray(clusters)).counting().numbered()
    if not count:
        return math.nan, *_UNKNOWN
    value = aggregated(scores, aggregate)
    bounded = bounded and scores.ratios
    whole = (0.0, 1.0) if bounded else _UNKNOWN
    if not scores.varied:
        return value, *_unvaried(value, count, whole)
    if count == 1:
        return value, *whole
    if aggregate != "mean":
        return value, *_of_quantile(scores, count, aggregate)
    return value, *_of_mean(scores, value, count, bounded=bounded)


class Paired(NamedTuple):
    """A metric in two runs over the same questions; the interval is that of after less before."""

    before: float
    after: float
    low: float
    high: float
    p: float
    clusters: int
    spread: float
    """Standard error of the difference; 0 where no cluster differs, or so few are compared that it is unknown."""
    typical: float
    """How far a cluster moves that differs at all, on average and whatever the direction: `most` where none does and
    there is an end, 0 where it cannot be told."""
    most: float
    """The largest difference that there can be: 1 for ratios, otherwise infinite."""


def paired(before: Scores, after: Scores, aggregate: Aggregate = "mean", *, bounded: bool = True) -> Paired:
    """Compare two runs, each with at least one score, cluster by cluster.

    The interval is a bootstrap with expanded percentiles that draws a cluster with both of its runs; where no cluster
    differs, what may have gone unseen; the whole range for fewer than `FEWEST` clusters, which show too little of how
    clusters differ. The p-value is that of a sign flip test: were the runs alike, either could have given a cluster's
    scores. See `clustered.pulls` for what is flipped.
    """
    before, after = before.counting(), after.counting()
    both, count = before.joined(after).numbered()
    signed = pulls(*_parted(both, before), count, aggregate)
    groups, number = _pooled(both, count)
    values = aggregated(before, aggregate), aggregated(after, aggregate)
    was, now = (figure(each, number, aggregate) for each in _parted(groups, before))
    most = 1.0 if bounded and both.ratios else math.inf
    whole = _UNKNOWN if most == math.inf else (-most, most)
    typical = _typical(signed, both, most) if aggregate == "mean" else 0.0
    if count < FEWEST:
        return Paired(*values, *whole, flipped(signed), count, 0.0, typical, most)
    drawn = _drawn(lambda units: now(units) - was(units), groups, number)
    low, high = expanded(drawn, number) or _unvaried(values[1] - values[0], count, whole)
    spread = float(np.nanstd(drawn)) * math.sqrt(number / (number - 1))
    return Paired(*values, low, high, flipped(signed), count, spread, typical, most)


def flipped(signed: Floats) -> float:
    """Return the p-value of a sign flip test that numbers, one per cluster, lie evenly about zero.

    Exact where all flips can be tried, otherwise from a sample of them.
    """
    from scipy.stats import permutation_test  # noqa: PLC0415  heavy: only where figures are summed up

    signed = signed[signed != 0.0]
    if len(signed) < 2:
        return 1.0
    if len(signed) > MOST_FLIPPED:
        signed = sums(_grouped(len(signed), MOST_FLIPPED), signed, MOST_FLIPPED)
    test = permutation_test(
        (signed,),
        lambda flips, axis: flips.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=FLIPS,
        batch=max(1, CELLS // len(signed)),
        rng=np.random.default_rng(SEED),
    )
    return float(test.pvalue)


def mcnemar(broken: int, mended: int) -> float:
    """Return the p-value of the exact McNemar test that changed cases were as likely to change either way."""
    from scipy.stats import binomtest  # noqa: PLC0415  heavy: only where figures are summed up

    return float(binomtest(broken, broken + mended, 0.5).pvalue) if broken + mended else 1.0


def adjusted(ps: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Benjamini and Hochberg 1995), which bounds false discoveries.

    It allows for metrics of the same answers that rise and fall together, and finds more than bounding the chance of
    a single false alarm would; where nothing has changed at all, that chance is bounded too.
    """
    from scipy.stats import false_discovery_control  # noqa: PLC0415  heavy: only where figures are summed up

    return [float(p) for p in false_discovery_control(ps, method="bh")] if ps else []


def expanded(drawn: Floats, count: int) -> Ends | None:
    """Return the expanded percentiles (Hesterberg 2015) of the draws that have scores; None where these do not vary."""
    from scipy.stats import norm, t  # noqa: PLC0415  heavy: only where figures are summed up

    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn) or np.ptp(drawn) < NOTHING:
        return None
    tail = float(norm.cdf(-math.sqrt(count / (count - 1)) * t.ppf(1 - ALPHA / 2, count - 1)))
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return float(low), float(high)


def _parted(both: Scores, before: Scores) -> tuple[Scores, Scores]:
    return both.where(slice(len(before.values))), both.where(slice(len(before.values), None))


def _typical(signed: Floats, both: Scores, most: float) -> float:
    moved = np.abs(signed[signed != 0.0])
    if not len(moved):
        return most if math.isfinite(most) else 0.0
    return float(moved.mean()) * len(signed) * 2 / float(both.weights.sum())


def _of_mean(scores: Scores, value: float, count: int, *, bounded: bool) -> Ends:
    if scores.binary:
        return _binomial(scores, value, count)
    groups, number = _pooled(scores, count)
    error, deviation = studentized(groups, number)
    drawn = _drawn(deviation, groups, number)
    low, high = np.quantile(drawn, (ALPHA / 2, 1 - ALPHA / 2), method="inverted_cdf")
    if error > NOTHING and not endless(np.array([low, high])):
        ends = value - error * float(high), value - error * float(low)
        return (max(0.0, ends[0]), min(1.0, ends[1])) if bounded else ends
    if bounded:
        return _binomial(scores, value, count)
    return expanded(_drawn(figure(groups, number, "mean"), groups, number), number) or _UNKNOWN


def _of_quantile(scores: Scores, count: int, aggregate: Aggregate) -> Ends:
    groups, number = _pooled(scores, count)
    low, high = expanded(_drawn(figure(groups, number, aggregate), groups, number), number) or _UNKNOWN
    return low, high if QUANTILE[aggregate] ** count <= ALPHA / 2 else math.nan


def _pooled(scores: Scores, count: int) -> tuple[Scores, int]:
    if count <= MOST_DRAWN:
        return scores, count
    return scores._replace(clusters=_grouped(count, MOST_DRAWN)[scores.clusters]), MOST_DRAWN


def _grouped(count: int, groups: int) -> Units:
    """Return a group for each of `count`, of nearly equal sizes, at random."""
    return np.random.default_rng(SEED).permutation(count) % groups


def _drawn(of: Figure, scores: Scores, count: int) -> Floats:
    """Return a figure for clusters drawn with replacement, again and again; nan where a draw has no score."""
    from scipy.stats import bootstrap  # noqa: PLC0415  heavy: only where figures are summed up

    made = bootstrap(
        (np.arange(count),),
        # It warns of nan.
        lambda units, axis: np.nan_to_num(of(np.atleast_2d(units)), nan=_NONE),  # noqa: ARG005  given by name
        n_resamples=RESAMPLES,
        batch=max(1, CELLS // max(count, len(scores.values))),
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    drawn = np.asarray(made.bootstrap_distribution).ravel()
    return np.where(drawn == _NONE, math.nan, drawn)


def _binomial(scores: Scores, value: float, count: int) -> Ends:
    """Return the Clopper-Pearson interval of a share, the number of trials divided by the clusters' design effect."""
    from scipy.stats import beta, t  # noqa: PLC0415  heavy: only where figures are summed up

    size, (error, _) = len(scores.values), studentized(scores, count)
    trials = min(size, value * (1 - value) / error**2) if error > NOTHING else size
    trials *= (t.ppf(1 - ALPHA / 2, size - 1) / t.ppf(1 - ALPHA / 2, count - 1)) ** 2
    hits = value * trials
    low, high = beta.ppf(ALPHA / 2, hits, trials - hits + 1), beta.ppf(1 - ALPHA / 2, hits + 1, trials - hits)
    return float(low), float(high)


def _unvaried(value: float, count: int, whole: Ends) -> Ends:
    """Return the interval of a mean when each of `count` clusters gave the same value.

    If a share s of clusters were otherwise, all those drawn could hide it with the chance (1 - s) ** count; the
    largest share that is still likely may lie anywhere in the whole range.
    """
    sure = (ALPHA / 2) ** (1 / count)
    return sure * value + (1 - sure) * whole[0], sure * value + (1 - sure) * whole[1]

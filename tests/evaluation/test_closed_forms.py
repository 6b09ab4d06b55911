"""Small samples: terms that matter for a handful of articles, against formulas written out, with weights and ties."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from rag.evaluation.statistics.clustered import Scores, pulls, studentized
from rag.evaluation.statistics.inference import expanded, interval, paired

# Passes of each article: unequal numbers of cases, and ties among the rates.
PASSES: dict[int, Sequence[Sequence[int]]] = {
    3: [[1, 1, 0, 1], [0, 1], [1, 1, 1]],
    4: [[1, 1], [0, 0, 1], [1, 0], [1, 1, 1, 1, 0]],
    5: [[1], [1, 0], [1, 1, 1], [0, 0], [1, 1, 1, 0, 1, 1]],
    6: [[1, 0], [1, 0], [1, 1, 1], [0], [1, 1], [1, 1, 1, 1, 0, 0, 1]],
    8: [[1], [1], [0, 0, 0], [1, 1, 1, 1], [1, 0], [1, 0], [1, 1, 0, 1, 1], [1]],
}
# Value and weight of each score of each article.
RATIOS: dict[int, Sequence[Sequence[tuple[float, float]]]] = {
    3: [[(0.5, 2), (1.0, 1)], [(0.25, 4)], [(0.5, 1), (0.75, 3)]],
    5: [[(1.0, 1)], [(0.5, 2), (0.5, 5)], [(0.0, 3)], [(0.75, 1), (0.25, 2)], [(1.0, 4)]],
    8: [[(n / 8, 1 + n % 3), (0.5, 1 + n)] for n in range(8)],
}


def scores_of(articles: Sequence[Sequence[tuple[float, float]]]) -> Scores:
    rows = [(value, weight, number) for number, article in enumerate(articles) for value, weight in article]
    values, weights, clusters = zip(*rows, strict=True)
    return Scores(np.array(values, dtype=float), np.array(weights, dtype=float), np.array(clusters))


def students(df: int) -> float:
    return float(stats.t.ppf(0.975, df))


def standard_error(articles: Sequence[Sequence[tuple[float, float]]]) -> float:
    """Return the linearized standard error of a ratio over clusters drawn with replacement (Cochran 1977, 6.4)."""
    k, total = len(articles), sum(weight for article in articles for _, weight in article)
    mean = sum(weight * value for article in articles for value, weight in article) / total
    residuals = [sum(weight * (value - mean) for value, weight in article) for article in articles]
    return math.sqrt(k / (k - 1) * sum(each**2 for each in residuals)) / total


@pytest.mark.parametrize("articles", PASSES.values(), ids=PASSES)
def test_the_interval_of_passes_is_korn_and_graubards(articles: Sequence[Sequence[int]]) -> None:
    k, n = len(articles), sum(map(len, articles))
    rows = [[(float(each), 1.0) for each in article] for article in articles]
    rate = sum(map(sum, articles)) / n
    effective = min(n, rate * (1 - rate) / standard_error(rows) ** 2)
    trials = effective * (students(n - 1) / students(k - 1)) ** 2
    low = stats.beta.ppf(0.025, rate * trials, trials - rate * trials + 1)
    high = stats.beta.ppf(0.975, rate * trials + 1, trials - rate * trials)
    assert interval(*scores_of(rows)) == pytest.approx((rate, low, high))


@pytest.mark.parametrize("articles", RATIOS.values(), ids=RATIOS)
def test_deviations_are_measured_by_the_standard_error_of_the_clusters_that_are_drawn(
    articles: Sequence[Sequence[tuple[float, float]]],
) -> None:
    scores, k = scores_of(articles), len(articles)
    error, deviation = studentized(scores, k)
    assert error == pytest.approx(standard_error(articles))
    units = [(n * n) % k for n in range(k)]
    drawn = [articles[unit] for unit in units]
    rows = [row for article in drawn for row in article]
    mean = sum(value * weight for value, weight in rows) / sum(weight for _, weight in rows)
    apart = mean - np.average(scores.values, weights=scores.weights)
    assert deviation(np.array([units]))[0] == pytest.approx(apart / standard_error(drawn))


@pytest.mark.parametrize("k", [3, 4, 5, 6, 7, 8])
def test_percentiles_are_expanded_by_students_quantile_and_the_bias_of_a_variance(k: int) -> None:
    even = np.linspace(0.0, 1.0, 100_001)
    tail = stats.norm.cdf(-math.sqrt(k / (k - 1)) * students(k - 1))
    found = expanded(np.append(even, math.nan), k)
    assert found == pytest.approx((tail, 1 - tail), abs=1e-9)


@pytest.mark.parametrize("k", [5, 8])
def test_expanded_percentiles_of_normal_draws_are_students_interval(k: int) -> None:
    # A bootstrap's draws of the mean of k have a variance over k in place of k - 1.
    draws = stats.norm.ppf(np.linspace(0, 1, 1_000_003)[1:-1], scale=math.sqrt((k - 1) / k))
    assert expanded(draws, k) == pytest.approx((-students(k - 1), students(k - 1)), rel=1e-3)


@pytest.mark.parametrize("k", [5, 6, 8])
def test_the_spread_of_a_difference_is_its_standard_error(k: int) -> None:
    before, after = np.linspace(0.9, 0.5, k), np.array([0.7, 0.7, 0.5, 0.6, 0.1, 0.2, 0.3, 0.4])[:k]
    columns = np.ones(k), np.arange(k)
    found = paired(Scores(before, *columns), Scores(after, *columns))
    # The bootstrap has a thousand draws; a variance over k in place of k - 1 would be 6 to 11 % too small.
    assert found.spread == pytest.approx(stats.sem(after - before), rel=0.03)
    assert found.typical == pytest.approx(np.abs(after - before)[after != before].mean())


@pytest.mark.parametrize("k", [3, 5, 8])
def test_what_a_cluster_speaks_for_is_weighed_against_the_mean_of_both_runs(k: int) -> None:
    first = [[(0.25 * (n % 5), 1.0 + n)] for n in range(k)]
    then = [[(0.25 * ((3 * n) % 5), 2.0 + n % 2), (0.5, float(n))] for n in range(k)]
    rows = [row for article in (*first, *then) for row in article]
    mean = sum(weight * value for value, weight in rows) / sum(weight for _, weight in rows)
    expected = [
        sum(weight * (value - mean) for value, weight in then[n])
        - sum(weight * (value - mean) for value, weight in first[n])
        for n in range(k)
    ]
    assert pulls(scores_of(first), scores_of(then), k, "mean") == pytest.approx(np.array(expected))


def test_scores_at_the_quantile_do_not_lie_above_it() -> None:
    before = scores_of([[(1.0, 1)], [(2.0, 1), (2.0, 1)], [(3.0, 1)], [(2.0, 1)]])
    after = scores_of([[(2.0, 1)], [(2.0, 1), (4.0, 1)], [(1.0, 1)], [(3.0, 1)]])
    # Of 1 1 2 2 2 2 2 3 3 4 the median is 2, and 3, 3 and 4 lie above it.
    assert pulls(before, after, 4, "median").tolist() == [0.0, 1.0, -1.0, 1.0]
    slow = scores_of([[(9.0, 1)] * 10, [(1.0, 1)] * 10])
    assert pulls(slow, slow, 2, "p95").tolist() == [0.0, 0.0]
    assert pulls(slow, scores_of([[(9.0, 1)] * 10, [(9.0, 1)] * 10]), 2, "p95").tolist() == [0.0, 0.0]


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_so_few_clusters_leave_the_whole_range_of_a_difference(k: int) -> None:
    columns = np.ones(k), np.arange(k)
    before, after = Scores(np.linspace(0.8, 0.9, k), *columns), Scores(np.linspace(0.2, 0.1, k), *columns)
    assert (paired(before, after).low, paired(before, after).high) == (-1.0, 1.0)
    assert (paired(before, before).low, paired(before, before).high) == (-1.0, 1.0)
    seconds = paired(before, after, "median", bounded=False)
    assert math.isnan(seconds.low)
    assert math.isnan(seconds.high)

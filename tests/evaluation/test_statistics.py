"""Intervals, tests and detectable differences: known answers, scipy itself, and how often they are right."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rag.evaluation.statistics import inference as statistics
from rag.evaluation.statistics.clustered import Aggregate, Scores
from rag.evaluation.statistics.inference import (
    adjusted,
    flipped,
    interval,
    mcnemar,
    paired,
)

Random = np.random.Generator


def scores(values: object, clusters: object = None, weights: object = None) -> Scores:
    column = np.asarray(values, dtype=float)
    return Scores(
        column,
        np.ones(len(column)) if weights is None else np.asarray(weights, dtype=float),
        np.arange(len(column)) if clusters is None else np.asarray(clusters),
    )


def independent(values: object, aggregate: Aggregate = "mean", *, bounded: bool = True) -> tuple[float, float, float]:
    return interval(*scores(values), aggregate, bounded=bounded)


@given(st.lists(st.booleans(), min_size=2, max_size=300))
@settings(deadline=None, max_examples=50)
def test_independent_passes_have_the_clopper_pearson_interval(passes: list[bool]) -> None:
    value, low, high = independent(np.array(passes))
    exact = stats.binomtest(sum(passes), len(passes)).proportion_ci(0.95, "exact")
    assert value == pytest.approx(np.mean(passes))
    # The variance over n - 1 makes for a slightly smaller number of trials than there are samples.
    assert low == pytest.approx(exact.low, abs=0.6 / len(passes))
    assert high == pytest.approx(exact.high, abs=0.6 / len(passes))
    assert low <= value <= high


def test_passes_of_one_article_count_once_when_they_always_agree() -> None:
    once = independent([1, 1, 1, 0, 0, 1, 0, 1, 1, 1])
    tenfold = interval(*scores(np.repeat([1, 1, 1, 0, 0, 1, 0, 1, 1, 1], 10), np.repeat(np.arange(10), 10)))
    assert tenfold[0] == once[0]
    assert tenfold[2] - tenfold[1] >= (once[2] - once[1]) * 0.95


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("count", [1, 2, 10, 80])
def test_scores_that_are_all_alike_leave_the_room_that_clopper_and_pearson_leave(value: float, count: int) -> None:
    exact = stats.binomtest(int(value * count), count).proportion_ci(0.95, "exact")
    clusters = np.repeat(np.arange(count), 3)
    assert interval(*scores(np.full(3 * count, value), clusters)) == pytest.approx((value, exact.low, exact.high))


def test_equal_ratios_between_the_ends_leave_room_on_both_sides() -> None:
    value, low, high = independent([0.5] * 40)
    assert value == 0.5
    assert (low, high) == pytest.approx((0.5 * 0.025 ** (1 / 40), 1 - 0.5 * 0.025 ** (1 / 40)))


def test_nothing_is_said_about_the_range_of_numbers_that_never_vary() -> None:
    value, low, high = independent([120.0] * 9, bounded=False)
    assert value == 120.0
    assert math.isnan(low)
    assert math.isnan(high)


def test_one_article_alone_tells_nothing_of_others() -> None:
    assert interval(*scores([1, 0, 1, 1], [7, 7, 7, 7])) == (0.75, 0.0, 1.0)
    value, low, high = interval(*scores([3.0, 4.0], [7, 7]), bounded=False)
    assert value == 3.5
    assert math.isnan(low)
    assert math.isnan(high)


def test_no_score_gives_no_figure() -> None:
    assert all(math.isnan(each) for each in interval([], [], []))
    assert all(math.isnan(each) for each in interval([math.nan, 1.0], [1.0, 0.0], [1, 2]))


def test_scores_beyond_the_range_of_ratios_are_not_cut_to_it() -> None:
    value, low, high = independent([2.0, 3.5, 4.0, 1.0, 2.5, 3.0])
    assert low < value < high
    assert value > 1.0


def test_a_mean_is_weighted_and_unscored_values_do_not_count() -> None:
    value, low, high = interval([1.0, 0.0, 0.25, math.nan, 0.9], [2, 1, 1, 1, 0], [1, 2, 3, 4, 5])
    assert value == pytest.approx(2.25 / 4)
    assert low <= value <= high


ROW = st.tuples(st.sampled_from([0.0, 0.25, 1.0]) | st.floats(0, 1), st.floats(0, 9), st.integers(0, 6))


@given(st.lists(ROW, min_size=1, max_size=30), st.sampled_from(["mean", "median", "p95"]))
@settings(deadline=None, max_examples=40)
def test_every_interval_holds_its_value_and_stays_among_ratios(
    rows: list[tuple[float, float, int]], aggregate: Aggregate
) -> None:
    values, weights, clusters = np.array(rows).T
    value, low, high = interval(values, weights, clusters, aggregate)
    if any(weight > 0 for _, weight, _ in rows):
        assert not (low > value + 1e-9 or high < value - 1e-9)
        assert not (low < 0 or high > 1)
    else:
        assert math.isnan(value)


@pytest.mark.parametrize(("aggregate", "share"), [("median", 0.5), ("p95", 0.95)])
@given(values=st.lists(st.floats(0, 100), min_size=1, max_size=60))
@settings(deadline=None, max_examples=20)
def test_quantiles_are_values_that_occur(aggregate: Aggregate, share: float, values: list[float]) -> None:
    value, low, high = independent(values, aggregate, bounded=False)
    assert value == np.quantile(values, share, method="inverted_cdf")
    assert not (low > value or high < value)


def test_a_tail_has_no_upper_end_before_there_are_values_enough() -> None:
    few, many = np.arange(71.0), np.arange(72.0)
    assert math.isnan(independent(few, "p95", bounded=False)[2])
    assert independent(many, "p95", bounded=False)[2] == pytest.approx(71.0, abs=1.0)
    assert stats.binom.pmf(72, 72, 0.95) < 0.025 < stats.binom.pmf(71, 71, 0.95)


def test_the_median_lies_between_order_statistics_as_scipy_has_them() -> None:
    values = np.random.default_rng(5).lognormal(size=120)
    exact = stats.quantile_test(values, p=0.5).confidence_interval(0.95)
    _, low, high = independent(values, "median", bounded=False)
    assert (low, high) == pytest.approx((exact.low, exact.high), rel=0.15)


def test_a_mean_of_many_agrees_with_scipys_own_bootstrap_and_with_students_interval() -> None:
    values = np.random.default_rng(6).beta(4, 2, size=400)
    _, low, high = independent(values)
    theirs = stats.bootstrap((values,), np.mean, method="BCa", rng=np.random.default_rng(1)).confidence_interval
    closed = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.003)
    assert (low, high) == pytest.approx((closed.low, closed.high), abs=0.003)


def test_the_same_scores_give_the_same_interval_in_any_order() -> None:
    random = np.random.default_rng(7)
    values, clusters = random.random(200), random.integers(40, size=200)
    order = random.permutation(200)
    first = interval(*scores(values, clusters))
    assert first == interval(*scores(values, clusters))
    assert first == pytest.approx(interval(*scores(values[order], clusters[order])), abs=1e-9)


def clustered(random: Random, count: int, draw: Callable[[np.ndarray], np.ndarray]) -> Scores:
    """Make 1 to 9 scores about each of `count` articles, of which each has its own difficulty."""
    clusters = np.repeat(np.arange(count), random.integers(1, 10, size=count))
    return scores(draw(random.beta(1.6, 0.4, size=count)[clusters]), clusters)


@pytest.mark.parametrize("kind", ["passes", "ratios"])
@pytest.mark.parametrize("count", [12, 40])
def test_intervals_by_article_cover_the_truth_and_naive_ones_do_not(kind: str, count: int) -> None:
    random, trials, truth = np.random.default_rng(8), 150, 0.8
    draws = {
        "passes": lambda p: (random.random(len(p)) < p).astype(float),
        "ratios": lambda p: random.binomial(4, p) / 4,
    }
    covered = naive = 0
    for _ in range(trials):
        made = clustered(random, count, draws[kind])
        _, low, high = interval(*made)
        covered += low <= truth <= high
        _, low, high = interval(*made._replace(clusters=np.arange(len(made.values))))
        naive += low <= truth <= high
    assert covered >= stats.binom.ppf(0.001, trials, 0.95)
    assert naive < stats.binom.ppf(0.001, trials, 0.95)


def test_many_articles_are_drawn_in_groups_without_loss() -> None:
    values = np.random.default_rng(9).beta(4, 2, size=5000)
    _, low, high = independent(values)
    closed = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert len(values) > statistics.MOST_DRAWN
    assert high - low == pytest.approx(closed.high - closed.low, rel=0.15)


@given(st.integers(0, 40), st.integers(0, 40))
@settings(deadline=None)
def test_mcnemar_is_the_exact_binomial_test(broken: int, mended: int) -> None:
    n, few = broken + mended, min(broken, mended)
    tail = sum(math.comb(n, k) for k in range(few + 1)) / 2**n
    assert mcnemar(broken, mended) == pytest.approx(min(1.0, 2 * tail))


@given(st.lists(st.floats(-1, 1).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=9))
@settings(deadline=None, max_examples=50)
def test_few_clusters_are_flipped_in_every_way(signed: list[float]) -> None:
    sums = [sum(np.multiply(signs, signed)) for signs in itertools.product((-1, 1), repeat=len(signed))]
    seen = sum(signed)
    more, less = (np.mean([(way * each) >= way * seen - 1e-9 for each in sums]) for way in (1, -1))
    assert flipped(np.array(signed)) == pytest.approx(min(1.0, 2 * min(more, less)))


def test_flipping_passes_of_independent_cases_is_mcnemars_test() -> None:
    before = np.repeat([1.0, 0.0, 1.0, 0.0], [30, 20, 9, 2])
    after = np.repeat([1.0, 0.0, 0.0, 1.0], [30, 20, 9, 2])
    found = paired(scores(before), scores(after))
    assert found.p == pytest.approx(mcnemar(9, 2))
    assert found.after - found.before == pytest.approx(-7 / 61)
    assert found.low < -7 / 61 < found.high


def test_many_clusters_are_flipped_in_groups_as_students_test_has_it() -> None:
    random = np.random.default_rng(10)
    before = random.random(3000)
    after = np.clip(before + random.normal(0.004, 0.1, size=3000), 0, 1)
    found = paired(scores(before), scores(after))
    closed = stats.ttest_rel(after, before)
    assert found.p == pytest.approx(closed.pvalue, abs=0.02)
    span = closed.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((span.low, span.high), abs=0.001)


def test_the_difference_is_that_of_weighted_means_also_where_a_run_has_scores_alone() -> None:
    before = scores([1, 0, 1], [1, 2, 3], [1, 1, 2])
    after = scores([0, 1], [2, 4])
    found = paired(before, after)
    assert (found.before, found.after) == (0.75, 0.5)
    assert found.low <= -0.25 <= found.high


def test_equal_runs_are_no_evidence_and_leave_room_for_what_was_not_seen() -> None:
    same = scores([1, 0, 1, 1, 0, 1, 1, 1])
    found = paired(same, same)
    unseen = 1 - 0.025 ** (1 / 8)
    assert found[:4] == pytest.approx((0.75, 0.75, -unseen, unseen))
    assert (found.p, found.spread) == (1.0, 0.0)


def test_one_article_is_no_evidence_of_anything() -> None:
    found = paired(scores([1, 1, 1, 1], [5] * 4), scores([0, 0, 0, 0], [5] * 4))
    assert found[:5] == (1.0, 0.0, -1.0, 1.0, 1.0)


def test_slower_answers_are_found_by_their_median() -> None:
    random = np.random.default_rng(11)
    before = random.lognormal(size=200)
    found = paired(scores(before), scores(before * 1.8), "median", bounded=False)
    assert found.p < 0.001
    assert 0 < found.low < found.after - found.before < found.high
    same = paired(scores(before), scores(random.permutation(before)), "p95", bounded=False)
    assert same.p > 0.5


def test_runs_that_do_not_differ_raise_false_alarms_as_rarely_as_promised() -> None:
    random, trials, alarms, naive, covered = np.random.default_rng(12), 60, 0, 0, 0
    for _ in range(trials):
        clusters = np.repeat(np.arange(12), random.integers(1, 6, size=12))
        luck = random.normal(0, 0.2, size=(2, 12))[:, clusters]
        before, after = (np.clip(0.5 + each + random.normal(0, 0.1, size=len(clusters)), 0, 1) for each in luck)
        found = paired(scores(before, clusters), scores(after, clusters))
        alarms += found.p < 0.05
        covered += found.low <= 0 <= found.high
        naive += flipped(after - before) < 0.05
    assert alarms <= stats.binom.ppf(0.999, trials, 0.05)
    assert covered >= stats.binom.ppf(0.001, trials, 0.93)
    assert naive > stats.binom.ppf(0.999, trials, 0.05)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
@settings(deadline=None)
def test_adjusted_p_values_are_benjamini_and_hochbergs(ps: list[float]) -> None:
    order, n = sorted(range(len(ps)), key=ps.__getitem__), len(ps)
    least, expected = 1.0, [0.0] * n
    for rank in range(n, 0, -1):
        least = min(least, ps[order[rank - 1]] * n / rank)
        expected[order[rank - 1]] = least
    assert adjusted(ps) == pytest.approx(expected)


def test_no_p_values_need_no_correction() -> None:
    assert adjusted([]) == []

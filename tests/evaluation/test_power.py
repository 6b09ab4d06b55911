"""What a suite can show: that the test by article finds the smallest change that is promised, and nothing below it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from rag.evaluation.statistics.clustered import Scores, pulls
from rag.evaluation.statistics.inference import ALPHA, FLIPS, flipped, paired
from rag.evaluation.statistics.power import detectable, detectable_rate, detectable_share, needed

TRIALS = 150


def scores(values: object, clusters: object = None) -> Scores:
    column = np.asarray(values, dtype=float)
    return Scores(column, np.ones(len(column)), np.arange(len(column)) if clusters is None else np.asarray(clusters))


def like_the_power(found: list[bool], lower: float = 0.8, upper: float = 0.8) -> bool:
    """Tell whether so many of the trials that were found agree with a power between the two."""
    least, most = stats.binom.ppf(0.001, len(found), lower), stats.binom.ppf(0.999, len(found), upper)
    return bool(least <= sum(found) <= most)


def differ(before: Scores, after: Scores, clusters: int) -> bool:
    return flipped(pulls(before, after, clusters, "mean")) < ALPHA


@pytest.mark.parametrize("level", [0.05, 1 / 32, 0.05 / 7, 0.05 / 20, 0.05 / 100])
def test_so_many_clusters_and_no_fewer_can_be_below_a_level(level: float) -> None:
    fewest = needed(level)
    assert flipped(np.ones(fewest)) < level <= 2.0 ** (2 - fewest)
    assert detectable_share(fewest - 1, level) is None
    assert detectable(0.1, fewest - 1, 1.0, level=level) is None
    assert detectable(0.1, fewest, 1.0, level=level) is not None


def test_no_number_of_clusters_is_below_a_level_that_sampled_flips_cannot_reach() -> None:
    assert detectable_share(10_000, 2 / (FLIPS + 1)) is None
    assert detectable_share(10_000, 2.1 / (FLIPS + 1)) is not None
    assert flipped(np.ones(200)) == pytest.approx(2 / (FLIPS + 1))


@pytest.mark.parametrize("clusters", [6, 7, 20, 80, 300])
def test_a_share_of_clusters_that_move_is_noticed_in_four_of_five_runs(clusters: int) -> None:
    share = detectable_share(clusters)
    assert share is not None
    assert stats.binom.sf(needed() - 1, clusters, share) == pytest.approx(0.8)


@pytest.mark.parametrize("clusters", [7, 12, 30])
def test_articles_that_break_as_a_whole_are_noticed_at_the_promised_change(clusters: int) -> None:
    random = np.random.default_rng(clusters)
    about = np.repeat(np.arange(clusters), random.integers(1, 10, size=clusters))
    before = scores(np.ones(len(about)), about)
    least = detectable_rate(before)
    assert least is not None
    found = [
        differ(before, scores(1.0 - (random.random(clusters) < least)[about], about), clusters) for _ in range(TRIALS)
    ]
    assert like_the_power(found)


def test_independent_runs_are_told_apart_at_the_promised_change() -> None:
    random, clusters = np.random.default_rng(2), 30
    about = np.repeat(np.arange(clusters), 6)

    def run(rate: float) -> Scores:
        luck = random.beta(2 * rate, 2 * (1 - rate), size=clusters)[about]
        return scores(random.random(len(about)) < luck, about)

    least = float(np.mean([detectable_rate(run(0.8)) or math.nan for _ in range(40)]))
    assert like_the_power([differ(run(0.8), run(0.8 - least), clusters) for _ in range(50)], 0.75, 0.85)


@pytest.mark.parametrize(("clusters", "together"), [(6, 1), (8, 1), (11, 1), (9, 5), (12, 5)])
def test_scores_that_move_alike_are_told_apart_at_the_promised_change(clusters: int, together: int) -> None:
    random, level = np.random.default_rng(clusters), ALPHA / together
    least = detectable(0.1 / math.sqrt(clusters), clusters, 0.1, level=level)
    assert least is not None
    found = [flipped(random.normal(least, 0.1, size=clusters)) < level for _ in range(TRIALS)]
    assert like_the_power(found, 0.7, 0.82)


def test_each_need_has_its_closed_form() -> None:
    students = stats.t.ppf(0.975, [5, 79]) + stats.t.ppf(0.8, [5, 79])
    # All of six must move the same way, each with the sixth root of the power.
    assert detectable(0.1, 6, 0.0) == pytest.approx(0.1 * math.sqrt(6) * stats.norm.ppf(0.8 ** (1 / 6)))
    assert detectable(0.1, 80, 0.0) == pytest.approx(0.1 * students[1])
    assert detectable(0.1, 6, 0.9) == pytest.approx(0.9 * 0.8 ** (1 / 6))
    passes = np.array([1.0] * 60 + [0.0] * 20)
    assert detectable_rate(scores(passes)) == pytest.approx(math.sqrt(2) * stats.sem(passes) * students[1])


@pytest.mark.parametrize("before", [[1.0] * 8, [1, 1, 1, 1, 1, 1, 1, 0]])
def test_one_article_that_broke_does_not_promise_that_another_would_be_noticed(before: list[float]) -> None:
    after = [0.0, *before[1:]]
    found = paired(scores(before), scores(after))
    least = detectable(found.spread, found.clusters, found.typical)
    assert least == pytest.approx(detectable_share(8))
    assert found.typical == 1.0


def test_what_moves_little_must_move_in_as_many_articles() -> None:
    before = scores([0.9] * 30)
    found = paired(before, scores([0.6] + [0.9] * 29))
    assert found.typical == pytest.approx(0.3)
    assert detectable(found.spread, 30, found.typical) == pytest.approx(0.3 * (detectable_share(30) or math.nan))


def test_runs_that_do_not_differ_promise_what_moving_articles_would_show() -> None:
    found = paired(scores([1.0] * 20), scores([1.0] * 20))
    assert (found.spread, found.typical, found.most) == (0.0, 1.0, 1.0)
    unbounded = paired(scores([9.0] * 20), scores([9.0] * 20), bounded=False)
    assert (unbounded.spread, unbounded.typical, unbounded.most) == (0.0, 0.0, math.inf)
    assert detectable(0.0, 20, 0.0) is None


def test_too_few_articles_promise_nothing_however_many_their_cases() -> None:
    five = np.repeat(np.arange(5), [9, 8, 6, 5, 5])
    passing, failing = scores(np.ones(33), five), scores(np.zeros(33), five)
    found = paired(passing, failing)
    assert (detectable_rate(passing), found.p) == (None, 2 / 32)
    assert detectable(found.spread, found.clusters, found.typical) is None


@pytest.mark.parametrize(
    ("passes", "least"),
    [([1] * 6 + [0] * 6, 0.5), ([1] * 5 + [0] * 5, None), ([1] * 4 + [0] * 6, 0.6), ([1, 0, 1], None)],
)
def test_a_pass_rate_moves_no_further_than_there_is_room(passes: list[float], least: float | None) -> None:
    assert detectable_rate(scores(passes)) == least
    if least is not None:
        other = scores([1 - passes[-1]] * len(passes)) if least > 0.5 else scores([0] * len(passes))
        assert paired(scores(passes), other).p < ALPHA


def test_a_promise_needs_scores() -> None:
    assert detectable_rate(scores([])) is None

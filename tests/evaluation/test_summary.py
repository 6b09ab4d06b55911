"""What a run is summed up to: outcomes, intervals by article, tags, attempts that disagree, and bounded memory."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from rag.evaluation.results import Outcome, Result, Sample, Score, Summary
from rag.evaluation.statistics.clustered import Scores
from rag.evaluation.statistics.inference import interval
from rag.evaluation.statistics.power import detectable_rate, detectable_share
from rag.evaluation.statistics.summary import Tally
from rag.evaluation.suites.cases import Case
from rag.types import Answer, Question, Scope, Status


def result(
    name: str,
    outcome: Outcome = Outcome.PASSED,
    *,
    scores: Iterable[Score] = (),
    cluster: str | None = None,
    attempt: int = 1,
    turn: int = 1,
    tags: tuple[str, ...] = (),
    text: str = "It is.",
) -> Result:
    case = Case(id=name, question="What?")
    answer = Answer(
        question=Question(text="What?"), standalone="What?", scope=Scope(), text=text, status=Status.ANSWERED
    )
    passes = {Outcome.PASSED: 1.0, Outcome.XPASSED: 1.0, Outcome.ERROR: None}.get(outcome, 0.0)
    return Result(
        case=case,
        asked=case.turns[0],
        sample=Sample(suite="s", case_id=name, turn=turn, attempt=attempt, asked="d", answer=answer),
        checks=(),
        scores=(Score(metric="pass", value=passes), *scores),
        outcome=outcome,
        cluster=cluster or name,
        tags=tags,
    )


def test_nothing_sums_up_to_nothing() -> None:
    assert Tally().summary() == Summary(outcomes=dict.fromkeys(Outcome, 0), estimates=())


def test_a_case_is_as_bad_as_its_worst_turn_and_attempt() -> None:
    tally = Tally(
        [
            result("a"),
            result("b", Outcome.FAILED, attempt=1),
            result("b", attempt=2),
            result("c", turn=1),
            result("c", Outcome.ERROR, turn=2),
            result("d", Outcome.XFAILED),
            result("e", Outcome.XPASSED),
        ],
        skipped=1,
    )
    assert tally.summary().outcomes == dict.fromkeys(Outcome, 1)


def test_cases_that_pass_now_and_then_are_named() -> None:
    attempts = {"steady": "PP", "flaky": "PFP", "failing": "FF", "away": "EP"}
    letters = {"P": Outcome.PASSED, "F": Outcome.FAILED, "E": Outcome.ERROR}
    made = [
        result(name, letters[letter], attempt=number)
        for name, each in attempts.items()
        for number, letter in enumerate(each, 1)
    ]
    summary = Tally(made).summary()
    assert summary.flaky == ("flaky",)
    rate = summary.estimates[0]
    assert (rate.metric, rate.count, rate.unscored, rate.clusters) == ("pass", 8, 1, 4)
    assert rate.value == pytest.approx(5 / 8)


def test_every_metric_has_the_interval_of_its_scores_by_article() -> None:
    draws = random.Random(1)
    rows = [(f"a{draws.randrange(12)}", draws.random(), draws.randrange(3)) for _ in range(60)]
    made = [
        result(str(number), cluster=article, scores=[Score(metric="citation.recall", value=value, weight=weight)])
        for number, (article, value, weight) in enumerate(rows)
    ]
    found = Tally(made).summary().estimates[1]
    columns = [row[1] for row in rows], [row[2] for row in rows], [int(row[0][1:]) for row in rows]
    assert found.metric == "citation.recall"
    assert (found.value, found.low, found.high) == pytest.approx(interval(*columns), abs=0.02)
    assert found.value == pytest.approx(np.average(columns[0], weights=columns[1]))
    assert found.count == sum(weight > 0 for weight in columns[1])


def test_metrics_come_in_their_order_and_own_ones_last() -> None:
    names = ["mine", "cost", "answer.f1", "abstention.f1", "also.mine"]
    summary = Tally([result("a", scores=[Score(metric=name, value=1.0) for name in names])]).summary()
    assert [each.metric for each in summary.estimates] == [
        "pass",
        "answer.f1",
        "abstention.f1",
        "cost",
        "also.mine",
        "mine",
    ]


def test_what_could_not_be_told_is_counted_and_no_zero() -> None:
    scores = [("judge.score", 1.0), ("judge.score", None), ("cost", None), ("cost", float("inf"))]
    made = [result(str(n), scores=[Score(metric=name, value=value)]) for n, (name, value) in enumerate(scores)]
    found = {each.metric: each for each in Tally(made).summary().estimates}
    judge, cost = found["judge.score"], found["cost"]
    assert (judge.value, judge.count, judge.unscored) == (1.0, 1, 1)
    assert (cost.count, cost.unscored, cost.clusters) == (0, 2, 0)
    assert np.isnan([cost.value, cost.low, cost.high]).all()


def test_quantiles_of_seconds_and_an_own_metric_beyond_ratios() -> None:
    made = [
        result(
            str(n), scores=[Score(metric="latency.p95", value=n / 10), Score(metric="stars", value=float(1 + n % 5))]
        )
        for n in range(100)
    ]
    found = {each.metric: each for each in Tally(made).summary().estimates}
    assert found["latency.p95"].value == pytest.approx(9.4)
    assert found["latency.p95"].low < 9.4 < found["latency.p95"].high
    assert found["stars"].value == 3.0
    assert 2.5 < found["stars"].low < 3.0 < found["stars"].high < 3.5


def test_tags_have_their_own_figures_without_details() -> None:
    scores = [Score(metric=name, value=0.5) for name in ("answer.f1", "defect.figure", "latency.p50", "judge.spread")]
    made = [
        result("a", tags=("who", "dates"), scores=scores),
        result("b", Outcome.FAILED, tags=("who",), scores=scores),
        result("c", tags=()),
    ]
    by_tag = Tally(made).summary().by_tag
    assert list(by_tag) == ["dates", "who"]
    assert [each.metric for each in by_tag["who"]] == ["pass", "answer.f1"]
    assert (by_tag["who"][0].value, by_tag["who"][0].count) == (0.5, 2)
    assert by_tag["dates"][0].value == 1.0


def test_the_order_of_results_does_not_matter() -> None:
    draws = random.Random(2)
    made = [
        result(
            str(n), attempt=attempt, cluster=str(n % 9), tags=(f"t{n % 3}",),
            scores=[Score(metric="answer.f1", value=draws.random())],
        )
        for n in range(40)
        for attempt in (1, 2)
    ]  # fmt: skip
    first = Tally(made).summary()
    draws.shuffle(made)
    second = Tally(made).summary()
    assert second.outcomes == first.outcomes
    assert list(second.by_tag) == list(first.by_tag)
    for ours, theirs in zip(first.estimates, second.estimates, strict=True):
        assert (ours.metric, ours.count, ours.clusters) == (theirs.metric, theirs.count, theirs.clusters)
        assert (ours.value, ours.low, ours.high) == pytest.approx((theirs.value, theirs.low, theirs.high), abs=1e-9)


def test_the_detectable_change_follows_from_passes_and_articles() -> None:
    made = [result(str(n), Outcome.PASSED if n % 4 else Outcome.FAILED) for n in range(80)]
    summary = Tally(made).summary()
    column = np.array([float(bool(n % 4)) for n in range(80)])
    assert summary.detectable == detectable_rate(Scores(column, np.ones(80), np.arange(80)))
    assert Tally([result(str(n)) for n in range(80)]).summary().detectable == detectable_share(80)
    five = [result(str(n), cluster=str(n % 5)) for n in range(33)]
    assert Tally(five).summary().detectable is None


def test_answers_are_let_go() -> None:
    def long_answers() -> Iterator[Result]:
        for n in range(400):
            yield result(str(n), cluster=str(n % 20), text=f"{n} " * 20_000)

    tracemalloc.start()
    try:
        Tally(long_answers())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000

"""Two runs compared: which cases are, what changed, and how seldom nothing is taken for something."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from rag.evaluation.results import Comparison, Direction, Outcome, Result, Sample, Score
from rag.evaluation.statistics.comparing import compare
from rag.evaluation.statistics.inference import mcnemar
from rag.evaluation.statistics.power import detectable_share, needed
from rag.evaluation.suites.cases import Case
from rag.types import Answer, Question, Scope, Status

ANSWER = Answer(question=Question(text="What?"), standalone="What?", scope=Scope(), text="It.", status=Status.ANSWERED)


def result(
    name: str,
    passes: float | None = 1.0,
    *,
    scores: Mapping[str, float | None] | None = None,
    asked: str = "d",
    suite: str = "s",
    attempt: int = 1,
    turn: int = 1,
    cluster: str | None = None,
    answer: Answer | None = ANSWER,
) -> Result:
    case = Case(id=name, question="What?")
    outcome = Outcome.ERROR if passes is None else Outcome.PASSED if passes else Outcome.FAILED
    own = [Score(metric=metric, value=value) for metric, value in (scores or {}).items()]
    return Result(
        case=case,
        asked=case.turns[0],
        sample=Sample(suite=suite, case_id=name, turn=turn, attempt=attempt, asked=asked, answer=answer),
        checks=(),
        scores=(Score(metric="pass", value=passes), *own),
        outcome=outcome,
        cluster=cluster or name,
    )


def compared(
    before: Iterable[Result],
    after: Iterable[Result],
    corpus_before: Mapping[str, str] | None = None,
    corpus_after: Mapping[str, str] | None = None,
) -> Comparison:
    return compare(before, after, baseline="main", corpus_before=corpus_before or {}, corpus_after=corpus_after or {})


def scored(metric: str, values: Iterable[float | None]) -> list[Result]:
    return [result(f"{n:03}", scores={metric: value}) for n, value in enumerate(values)]


def change(comparison: Comparison, metric: str) -> tuple[float, float, Direction]:
    found = next(each for each in comparison.changes if each.metric == metric)
    return found.before, found.after, found.direction


def test_a_run_beside_itself_shows_no_change() -> None:
    run = [result(str(n), float(n % 3 > 0), scores={"answer.f1": n / 30}) for n in range(30)]
    found = compared(run, run)
    assert (found.baseline, found.broken, found.mended, found.p) == ("main", (), (), 1.0)
    assert [each.metric for each in found.changes] == ["pass", "answer.f1"]
    for each in found.changes:
        assert (each.difference, each.p, each.adjusted_p, each.pairs) == (0.0, 1.0, 1.0, 30)
        assert each.detectable == detectable_share(30)
        assert each.low < 0 < each.high
        assert each.direction is Direction.NO_EVIDENCE


def test_empty_runs_compare() -> None:
    assert compared([], []) == Comparison(baseline="main", changes=(), broken=(), mended=(), p=1.0)
    assert compared([result("a")], []).only_before == ("a",)


def test_broken_and_mended_cases_are_named_and_tested() -> None:
    names = [f"{n:02}" for n in range(30)]
    before = [result(name, float(name < "20")) for name in names]
    after = [result(name, float("09" <= name < "22")) for name in names]
    found = compared(before, after)
    assert found.broken == tuple(names[:9])
    assert found.mended == ("20", "21")
    assert found.p == mcnemar(9, 2)
    assert change(found, "pass")[:2] == (20 / 30, 13 / 30)


def test_cases_that_only_one_run_has_or_that_ask_something_else_are_left_out() -> None:
    before = [result("a", 1.0), result("b", 1.0), result("c", 1.0), result("d", turn=1), result("d", turn=2)]
    after = [result("a", 1.0), result("b", 0.0, asked="other"), result("new", 0.0), result("d", 0.0, turn=1)]
    found = compared(before, after)
    assert found.only_before == ("c",)
    assert found.only_after == ("new",)
    assert found.changed_cases == ("b", "d")
    assert found.broken == ()
    assert change(found, "pass") == (1.0, 1.0, Direction.NO_EVIDENCE)


def test_cases_of_two_suites_with_one_name_are_told_apart() -> None:
    before = [result("a", suite="x"), result("a", suite="y"), result("b", suite="y")]
    after = [result("a", 0.0, suite="x"), result("a", suite="y"), result("b", 0.0, suite="y")]
    assert compared(before, after).broken == ("b", "x: a")


def test_a_case_passes_where_all_attempts_pass_that_both_runs_made() -> None:
    before = [result("a"), result("b"), result("c"), result("c", attempt=2)]
    after = [result("a"), result("a", 0.0, attempt=2), result("b", 0.0), result("c"), result("c", 0.0, attempt=2)]
    assert compared(before, after).broken == ("b", "c")


def test_attempts_count_as_their_mean() -> None:
    before = [result("a", scores={"answer.f1": 0.5}), result("b", scores={"answer.f1": 0.5})]
    after = [
        *(result("a", scores={"answer.f1": value}, attempt=n) for n, value in enumerate((0.2, 0.4, None), 1)),
        result("b", scores={"answer.f1": 0.9}),
    ]
    assert change(compared(before, after), "answer.f1")[:2] == pytest.approx((0.5, 0.6))


def test_what_could_not_be_told_in_one_run_is_left_out_of_both() -> None:
    before = scored("judge.score", [1.0, 0.0, 1.0, None])
    after = scored("judge.score", [1.0, None, 0.0, 0.0])
    found = compared(before, after)
    assert change(found, "judge.score")[:2] == (1.0, 0.5)
    assert next(each for each in found.changes if each.metric == "judge.score").pairs == 2


def test_an_error_is_neither_broken_nor_a_zero() -> None:
    before = [result("a", scores={"answer.f1": 1.0}), result("b", scores={"answer.f1": 0.2})]
    after = [result("a", None, answer=None), result("b", scores={"answer.f1": 0.2})]
    found = compared(before, after)
    assert found.broken == ()
    assert change(found, "answer.f1")[:2] == (0.2, 0.2)
    assert change(found, "pass")[:2] == (1.0, 1.0)


def test_a_metric_that_concerns_an_answer_in_one_run_alone_counts_there() -> None:
    before = [result("a", scores={"citation.precision": 0.5}), result("b", scores={"citation.precision": 1.0})]
    after = [result("a", scores={"citation.precision": 0.5}), result("b")]
    assert change(compared(before, after), "citation.precision")[:2] == (0.75, 0.5)


def test_a_metric_that_one_run_lacks_is_not_compared() -> None:
    found = compared(scored("judge.score", [1.0, 1.0]), [result("000"), result("001")])
    assert [each.metric for each in found.changes] == ["pass"]


@pytest.mark.parametrize(
    ("metric", "direction"),
    [("answer.em", Direction.WORSE), ("defect.figure", Direction.BETTER), ("an.own", Direction.WORSE)],
)
def test_a_fall_is_worse_where_more_is_better(metric: str, direction: Direction) -> None:
    before, after = scored(metric, [1.0] * 20 + [0.0] * 20), scored(metric, [0.0] * 9 + [1.0] * 11 + [0.0] * 20)
    found = compared(before, after)
    assert change(found, metric) == (0.5, 11 / 40, direction)
    back = compared(after, before)
    assert {change(back, metric)[2], direction} == {Direction.BETTER, Direction.WORSE}


def test_slower_and_dearer_is_worse() -> None:
    before = [result(str(n), scores={"latency.p50": 1 + n / 50, "cost": 0.01, "tokens": 100.0}) for n in range(50)]
    after = [result(str(n), scores={"latency.p50": 3 + n / 50, "cost": 0.02, "tokens": 150.0}) for n in range(50)]
    found = compared(before, after)
    for metric in ("latency.p50", "cost", "tokens"):
        assert change(found, metric)[2] is Direction.WORSE


def test_one_article_is_no_evidence_however_many_cases_it_has() -> None:
    before = [result(f"{n}", cluster="one") for n in range(60)]
    after = [result(f"{n}", 0.0, cluster="one") for n in range(60)]
    found = compared(before, after)
    assert change(found, "pass") == (1.0, 0.0, Direction.NO_EVIDENCE)
    assert len(found.broken) == 60
    assert found.p < 0.001


def test_p_values_are_corrected_apart_for_qualities_and_expenses() -> None:
    names = [f"own.{n}" for n in range(9)]
    values = random.Random(3)
    before = [
        result(f"{n:02}", scores={**{name: float(values.random() < 0.5) for name in names}, "cost": n / 10})
        for n in range(40)
    ]
    after = [
        result(f"{n:02}", scores={**{name: float(values.random() < 0.5) for name in names}, "cost": n / 10 + 0.1})
        for n in range(40)
    ]
    found = {each.metric: each for each in compared(before, after).changes}
    qualities = [found[name] for name in names]
    theirs = stats.false_discovery_control([each.p for each in qualities])
    assert [each.adjusted_p for each in qualities] == pytest.approx(theirs.tolist())
    assert found["cost"].adjusted_p == found["cost"].p
    assert found["pass"].adjusted_p == found["pass"].p


def test_the_pass_rate_is_tested_alone_and_promises_what_it_can_show() -> None:
    steady = {f"own.{n}": 0.5 for n in range(20)}
    before = [result(f"{n}", scores=steady) for n in range(12)]
    after = [result(f"{n}", float(n > 5), scores={**steady, "own.0": 0.5 - 0.02 * n}) for n in range(12)]
    found = {each.metric: each for each in compared(before, after).changes}
    assert found["pass"].direction is Direction.WORSE
    assert found["pass"].adjusted_p == 2 / 2**6
    assert found["own.0"].direction is Direction.WORSE
    # A change of one of twenty metrics alone must show at a level of 0.0025, which takes ten articles.
    share = detectable_share(12, 0.05 / 20)
    assert share is not None
    assert found["own.1"].detectable == share
    assert found["own.0"].detectable == pytest.approx(share * np.mean(0.02 * np.arange(1, 12)))
    assert needed(0.05 / 20) == 10
    few = {each.metric: each for each in compared(before[:9], after[:9]).changes}
    assert few["own.1"].detectable is None
    assert few["pass"].detectable == pytest.approx(detectable_share(9))


def test_what_is_promised_is_no_more_than_there_is() -> None:
    before = [result(f"{n}", scores={"answer.f1": float(n % 2), "stars": float(n)}) for n in range(6)]
    after = [result(f"{n}", scores={"answer.f1": float(n % 2 == 0), "stars": 9.0 * (n % 3)}) for n in range(6)]
    found = {each.metric: each for each in compared(before, after).changes}
    assert found["answer.f1"].detectable is None
    alone = {each.metric: each for each in compared(_without(before, "stars"), _without(after, "stars")).changes}
    assert alone["answer.f1"].detectable == 1.0


def _without(run: Iterable[Result], metric: str) -> list[Result]:
    return [replace(each, scores=tuple(score for score in each.scores if score.metric != metric)) for each in run]


def test_too_few_articles_promise_nothing_and_find_nothing() -> None:
    before = [result(f"{n}", cluster=f"{n % 5}") for n in range(33)]
    after = [result(f"{n}", 0.0, cluster=f"{n % 5}") for n in range(33)]
    [passes] = compared(before, after).changes
    assert (passes.before, passes.after, passes.direction) == (1.0, 0.0, Direction.NO_EVIDENCE)
    assert passes.detectable is None
    was, now = ([replace(each, cluster=f"{n % 6}") for n, each in enumerate(run)] for run in (before, after))
    six = compared(was, now)
    assert six.changes[0].direction is Direction.WORSE


def test_cases_that_flip_together_are_false_alarms_of_mcnemar_and_not_of_the_pass_rate() -> None:
    generator, trials, alarms, counted = np.random.default_rng(4), 50, 0, 0
    for _ in range(trials):
        was, now = generator.random((2, 20)) < 0.8
        before, after = (
            [result(f"{n}", float(run[n // 4]), cluster=f"{n // 4}") for n in range(80)] for run in (was, now)
        )
        found = compared(before, after)
        alarms += change(found, "pass")[2] is not Direction.NO_EVIDENCE
        counted += found.p < 0.05
    assert alarms <= stats.binom.ppf(0.99, trials, 0.05)
    assert counted > stats.binom.ppf(0.999, trials, 0.05)


def test_articles_that_differ_are_named() -> None:
    found = compared([], [], {"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "4", "d": "5"})
    assert found.changed_articles == ("b", "c", "d")
    titles = {"a": "A", "b": "Before", "c": "Gone"}
    named = compare([], [], baseline="m", corpus_before={"b": "1", "c": "1"}, corpus_after={}, titles_before=titles)
    assert named.titles == {"b": "Before", "c": "Gone"}


def run_of(seed: int, luck: Callable[[np.random.Generator], float], articles: int = 30) -> Iterator[Result]:
    """Answer one to four questions about each article, in eight metrics that share the article's luck."""
    generator, fixed = np.random.default_rng(seed), random.Random(0)
    for article in range(articles):
        fate, names = luck(generator), [f"m{n}" for n in range(8)]
        for question in range(fixed.randint(1, 4)):
            scores = {name: float(generator.random() < 0.7 + fate) for name in names}
            yield result(f"{article}-{question}", scores=scores, cluster=str(article))


def test_runs_that_do_not_differ_are_seldom_called_better_or_worse() -> None:
    trials, alarms, uncorrected = 24, 0, 0
    for trial in range(trials):
        before, after = (run_of(seed, lambda g: g.normal(0, 0.15), 12) for seed in (2 * trial, 2 * trial + 1))
        changes = compared(before, after).changes
        alarms += any(each.direction is not Direction.NO_EVIDENCE for each in changes)
        uncorrected += any(each.p < 0.05 for each in changes)
    assert alarms <= stats.binom.ppf(0.99, trials, 0.05) < uncorrected


def test_a_real_fall_is_found_among_several_metrics() -> None:
    found = compared(run_of(1, lambda _: 0.25), run_of(2, lambda _: -0.1))
    assert {each.direction for each in found.changes if each.metric != "pass"} == {Direction.WORSE}
    assert all(each.low < each.difference < each.high < 0 for each in found.changes if each.metric != "pass")
    assert all(0 < (each.detectable or 0) < 0.3 for each in found.changes if each.metric != "pass")


def test_the_order_of_results_does_not_matter() -> None:
    before, after = (list(run_of(seed, lambda _: 0.0)) for seed in (1, 2))
    first = compared(before, after)
    random.Random(1).shuffle(before)
    random.Random(2).shuffle(after)
    second = compared(before, after)
    for ours, theirs in zip(first.changes, second.changes, strict=True):
        assert (ours.metric, ours.p, ours.direction) == (theirs.metric, theirs.p, theirs.direction)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)

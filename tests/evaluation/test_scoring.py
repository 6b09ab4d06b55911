"""Samples as results: outcomes, expected failures, conversations, clusters and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Outcome, Result, Sample, Score
from rag.evaluation.scoring import outcome_of, score_case
from rag.evaluation.suites.cases import Asked, Case, Suite
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.types import Answer, Question, Scope, Source, Status

BRIDGE = Source(article_id="b1", title="Bridge shut", url="https://courier.example.com/bridge")
FERRY = Source(article_id="f1", title="Ferry fares", origin_id="row-7")


@pytest.fixture
def evidence(library: Callable[..., LocalLibrary]) -> Evidence:
    articles = ((BRIDGE, "The bridge was closed on Monday."), (FERRY, "A ticket costs £4."))
    return Evidence(library(*articles), HashingEmbedder())


def case(**fields: object) -> Case:
    given = {"id": "c", "question": None if "conversation" in fields else "?"} | fields
    return Case.model_validate(given)


def sample(status: str | None = "answered", *, turn: int = 1, attempt: int = 1) -> Sample:
    """A sample with an answer of this status, or with an error."""
    made = Sample(suite="s", case_id="c", asked="d", turn=turn, attempt=attempt)
    if status is None:
        return replace(made, error="The server did not answer.")
    answer = Answer(
        question=Question(text="?"), standalone="?", scope=Scope(), text="It was closed.", status=Status(status)
    )
    return replace(made, answer=answer)


def scored(evidence: Evidence, of: Case, *samples: Sample, tags: Sequence[str] = ()) -> tuple[Result, ...]:
    return score_case(Suite(suite="s", tags=tuple(tags), cases=(of,)), of, samples, evidence)


def passes(results: Sequence[Result]) -> list[float | None]:
    return [score.value for result in results for score in result.scores if score.metric == "pass"]


ANSWERED = {"status": "answered"}
TWO_TURNS = {"conversation": [{"question": "?", "expect": ANSWERED}, {"question": "!", "expect": ANSWERED}]}


@pytest.mark.parametrize(
    ("status", "outcome", "passed"),
    [("answered", "passed", 1.0), ("partial", "failed", 0.0), (None, "error", None)],
)
def test_a_case_passes_when_every_expectation_holds(
    evidence: Evidence, status: str | None, outcome: str, passed: float | None
) -> None:
    results = scored(evidence, case(expect=ANSWERED), sample(status))
    assert [result.outcome for result in results] == [outcome]
    assert passes(results) == [passed]


def test_an_error_gives_no_scores_but_why_it_is_unknown(evidence: Evidence) -> None:
    (result,) = scored(evidence, case(expect=ANSWERED), sample(None))
    assert result.checks == ()
    assert result.scores == (Score(metric="pass", value=None, reason="The server did not answer."),)


@pytest.mark.parametrize(
    ("status", "outcome", "passed"),
    [("answered", "xpassed", 1.0), ("partial", "xfailed", None), (None, "error", None)],
)
def test_a_failure_that_is_expected_is_left_out(
    evidence: Evidence, status: str | None, outcome: str, passed: float | None
) -> None:
    results = scored(evidence, case(expect=ANSWERED, xfail="known"), sample(status))
    assert [result.outcome for result in results] == [outcome]
    assert passes(results) == [passed]


def test_why_an_expected_failure_has_no_score(evidence: Evidence) -> None:
    (result,) = scored(evidence, case(expect=ANSWERED, xfail="known"), sample("partial"))
    assert next(score.reason for score in result.scores if score.metric == "pass") == "expected to fail; failed: status"


def test_a_conversation_passes_as_a_whole(evidence: Evidence) -> None:
    good = scored(evidence, case(**TWO_TURNS), sample(), sample(turn=2))
    assert [result.asked.question for result in good] == ["?", "!"]
    assert passes(good) == [1.0]
    bad = scored(evidence, case(**TWO_TURNS), sample("partial"), sample(turn=2))
    assert [result.outcome for result in bad] == ["failed", "passed"]
    assert passes(bad) == [0.0]
    assert outcome_of(bad) is Outcome.FAILED


def test_a_conversation_fails_as_expected_when_any_turn_fails(evidence: Evidence) -> None:
    results = scored(evidence, case(**TWO_TURNS, xfail="known"), sample("partial"), sample(turn=2))
    assert [result.outcome for result in results] == ["xfailed", "xfailed"]
    assert passes(results) == [None]


def test_a_failed_turn_outweighs_an_error(evidence: Evidence) -> None:
    results = scored(evidence, case(**TWO_TURNS), sample("partial"), sample(None, turn=2))
    assert passes(results) == [0.0]
    assert outcome_of(results) is Outcome.ERROR


def test_results_come_by_attempt_and_turn(evidence: Evidence) -> None:
    samples = [sample(turn=turn, attempt=attempt) for turn, attempt in ((2, 2), (1, 1), (2, 1), (1, 2))]
    results = scored(evidence, case(**TWO_TURNS), *samples)
    assert [(result.sample.attempt, result.sample.turn) for result in results] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert passes(results) == [1.0, 1.0]


def test_one_attempt_that_fails_makes_the_case_fail(evidence: Evidence) -> None:
    results = scored(evidence, case(expect=ANSWERED), sample(), sample("partial", attempt=2))
    assert [result.outcome for result in results] == ["passed", "failed"]
    assert outcome_of(results) is Outcome.FAILED


def test_a_case_without_samples_was_skipped() -> None:
    assert outcome_of(()) is Outcome.SKIPPED


def test_what_cannot_be_told_is_no_pass(evidence: Evidence) -> None:
    limited = case(expect={"cites_none": [{"article": "no such article"}]})
    results = scored(evidence, limited, sample())
    assert results[0].outcome is Outcome.ERROR
    assert passes(results) == [None]
    failing = case(expect={"status": "partial", "cites_none": [{"article": "no such article"}]})
    (result,) = scored(evidence, failing, sample())
    assert (result.outcome, [check.passed for check in result.checks]) == (Outcome.ERROR, [None])
    assert "no such article" in result.checks[0].got


@pytest.mark.parametrize(
    ("fields", "cluster"),
    [
        ({}, "s: c"),
        ({"expect": {"cites": [{"article": "Ferry fares"}]}}, "f1"),
        ({"expect": {"cites": [{"article": "row-7"}], "relevant": [{"article": "Bridge shut"}]}}, "b1"),
        ({"expect": {"cites_any": [{"article": "https://courier.example.com/bridge"}]}}, "b1"),
        ({"expect": {"cites_none": [{"article": "b1"}]}}, "s: c"),
        ({"about": "row-7", "expect": {"cites": [{"article": "b1"}]}}, "f1"),
        ({"expect": {"cites": [{"article": "unknown"}]}}, "unknown"),
        ({"conversation": [{"question": "?"}, {"question": "!", "expect": {"cites": [{"article": "b1"}]}}]}, "b1"),
    ],
)
def test_the_article_that_a_case_is_about_is_its_cluster(
    evidence: Evidence, fields: dict[str, object], cluster: str
) -> None:
    (result,) = scored(evidence, case(**fields), sample())
    assert result.cluster == cluster


def test_tags_are_those_of_the_suite_and_the_case(evidence: Evidence) -> None:
    (result,) = scored(evidence, case(tags=["dates", "bridge"]), sample(), tags=["seeds", "dates"])
    assert result.tags == ("seeds", "dates", "bridge")


def test_a_judge_scores_beside_the_others(evidence: Evidence) -> None:
    def judge(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Check | Score]:
        yield Score(metric="judge.score", value=0.75, reason=f"{asked.question} {sample.case_id} {bool(evidence)}")

    asked = case(expect=ANSWERED)
    (result,) = score_case(Suite(suite="s", cases=(asked,)), asked, [sample()], evidence, judge)
    assert Score(metric="judge.score", value=0.75, reason="? c True") in result.scores
    assert {score.metric for score in result.scores} >= {"pass", "latency.p50"}

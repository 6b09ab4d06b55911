"""Seconds, tokens and dollars: what is not known is unscored, and a limit on it is neither kept nor broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.spending import score
from rag.evaluation.suites.cases import Asked, Expectation
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.types import Answer, PromptUse, Question, Scope, Status, Usage

ANSWER = Answer(question=Question(text="?"), standalone="?", scope=Scope(), text="…", status=Status.ANSWERED)
SPENT = replace(
    ANSWER,
    usage=Usage(input_tokens=900, output_tokens=100),
    prompts=(PromptUse(name="answer", version="1", digest="d"),),
    cost=0.002,
)


@pytest.fixture
def evidence(library: Callable[..., LocalLibrary]) -> Evidence:
    return Evidence(library(), HashingEmbedder())


def scored(evidence: Evidence, answer: Answer, first: float | None = None, **expect: float) -> list[Check | Score]:
    sample = Sample(suite="s", case_id="c", asked="d", answer=answer, seconds=1.5, first_seconds=first)
    return list(score(Asked(question="?", expect=Expectation.model_validate(expect)), sample, evidence))


def values(found: list[Check | Score]) -> dict[str, float | None]:
    return {each.metric: each.value for each in found if isinstance(each, Score)}


def test_without_a_model_nothing_is_spent_but_time(evidence: Evidence) -> None:
    assert values(scored(evidence, ANSWER)) == {"latency.p50": 1.5, "latency.p95": 1.5, "tokens": 0.0, "cost": 0.0}


def test_a_model_costs_tokens_and_money(evidence: Evidence) -> None:
    told = values(scored(evidence, SPENT, 0.4))
    assert told == {"latency.p50": 1.5, "latency.p95": 1.5, "latency.first": 0.4, "tokens": 1000.0, "cost": 0.002}


def test_what_is_not_known_is_unscored(evidence: Evidence) -> None:
    told = values(scored(evidence, replace(SPENT, usage=Usage(), cost=None)))
    assert told["tokens"] is None
    assert told["cost"] is None


@pytest.mark.parametrize(
    ("limit", "most", "passed", "expected", "got"),
    [
        ("max_seconds", 1.5, True, "at most 1.50 s", "1.50 s"),
        ("max_seconds", 1.4, False, "at most 1.40 s", "1.50 s"),
        ("max_tokens", 1000, True, "at most 1000 tokens", "1000 tokens"),
        ("max_tokens", 999, False, "at most 999 tokens", "1000 tokens"),
        ("max_cost", 0.001, False, "at most $0.001000", "$0.002000"),
    ],
)
def test_limits(evidence: Evidence, limit: str, most: float, passed: bool, expected: str, got: str) -> None:
    (check,) = [each for each in scored(evidence, SPENT, **{limit: most}) if isinstance(each, Check)]
    assert check == Check(name=limit, passed=passed, expected=expected, got=got)


def test_a_limit_on_what_is_not_known_is_neither_kept_nor_broken(evidence: Evidence) -> None:
    (check,) = [each for each in scored(evidence, replace(SPENT, cost=None), max_cost=1) if isinstance(each, Check)]
    assert (check.passed, check.got) == (None, "unknown")

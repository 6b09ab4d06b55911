"""Abstention, and precision, recall and F1 as weighted means, against their definitions by counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.abstention import score
from rag.evaluation.scorers.binary import precision_recall_f1
from rag.evaluation.suites.cases import Asked, Expectation
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.types import Answer, Question, Scope, Status

Found = dict[str, float | None]


@pytest.fixture
def scored(library: Callable[..., LocalLibrary]) -> Callable[..., list[Check | Score]]:
    """Score an answer with a status for what a case expects."""
    evidence = Evidence(library(), HashingEmbedder())

    def run(found: Status, /, **expect: object) -> list[Check | Score]:
        answer = Answer(question=Question(text="?"), standalone="?", scope=Scope(), text="…", status=found)
        asked = Asked(question="?", expect=Expectation.model_validate(expect))
        return list(score(asked, Sample(suite="s", case_id="c", asked="d", answer=answer), evidence))

    return run


def values(found: Iterable[Check | Score]) -> Found:
    return {each.metric.removeprefix("abstention."): each.value for each in found if isinstance(each, Score)}


def test_both_kinds_of_error_are_told_apart(scored: Callable[..., list[Check | Score]]) -> None:
    cases: list[tuple[Status, str, bool, Found]] = [
        (Status.NOT_IN_SOURCES, "not_in_sources", True, {"precision": 1.0, "recall": 1.0, "f1": 1.0}),
        (Status.NOT_IN_SOURCES, "answered", False, {"precision": 0.0, "f1": 0.0}),
        (Status.ANSWERED, "not_in_sources", False, {"recall": 0.0, "f1": 0.0}),
        (Status.ANSWERED, "answered", True, {}),
        (Status.PARTIAL, "answered", False, {}),
    ]
    for status, expected, passed, found in cases:
        told = scored(status, status=expected)
        assert [each.passed for each in told if isinstance(each, Check)] == [passed]
        assert values(told) == found


def test_whether_the_articles_answer_follows_from_other_expectations(
    scored: Callable[..., list[Check | Score]],
) -> None:
    assert values(scored(Status.NOT_IN_SOURCES, contains=["14"])) == {"precision": 0.0, "f1": 0.0}
    assert scored(Status.NOT_IN_SOURCES, excludes=["14"]) == []
    assert values(scored(Status.NOT_IN_SOURCES, status=["answered", "not_in_sources"])) == {}


def test_the_check_names_every_status_that_will_do(scored: Callable[..., list[Check | Score]]) -> None:
    (check,) = [each for each in scored(Status.PARTIAL, status=["answered", "conflicting"]) if isinstance(each, Check)]
    assert check == Check(name="status", passed=False, expected="answered or conflicting", got="partial")


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_weighted_means_are_precision_recall_and_f1(decisions: Sequence[tuple[bool, bool]]) -> None:
    scores = [each for said, true in decisions for each in precision_recall_f1("x", said=said, true=true, reason="")]

    counts = Counter(decisions)
    hits, false_alarms, misses = counts[True, True], counts[True, False], counts[False, True]
    ratios = {
        "x.precision": (hits, hits + false_alarms),
        "x.recall": (hits, hits + misses),
        "x.f1": (2 * hits, 2 * hits + false_alarms + misses),
    }
    for metric, (part, whole) in ratios.items():
        mine = [each for each in scores if each.metric == metric]
        weight = sum(each.weight for each in mine)
        assert weight == whole
        if whole:
            assert sum((each.value or 0.0) * each.weight for each in mine) / weight == pytest.approx(part / whole)

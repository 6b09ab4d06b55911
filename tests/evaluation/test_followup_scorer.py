"""Follow-ups: what was searched, and whether the question standing alone is answered alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.followup import score
from rag.evaluation.suites.cases import Asked, Expectation
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.types import Answer, Citation, Question, Scope, Source, Status

Place = tuple[str, int, int]


def answered(status: Status, places: Sequence[Place] = (), standalone: str = "?") -> Answer:
    citations = tuple(
        Citation(marker=marker, source=Source(article_id=name, title=name), version="v", start=a, end=b, quote="…")
        for marker, (name, a, b) in enumerate(places, 1)
    )
    return Answer(
        question=Question(text="?"), standalone=standalone, scope=Scope(), text="…", status=status, citations=citations
    )


@pytest.fixture
def evidence(library: Callable[..., LocalLibrary]) -> Evidence:
    return Evidence(library(), HashingEmbedder())


def scored(evidence: Evidence, answer: Answer, other: Answer | None, /, **expect: object) -> list[Check | Score]:
    asked = Asked(question="?", expect=Expectation.model_validate(expect))
    return list(score(asked, Sample(suite="s", case_id="c", asked="d", answer=answer, alone=other), evidence))


YES, SAYS_NOT = Status.ANSWERED, Status.NOT_IN_SOURCES


@pytest.mark.parametrize(
    ("answer", "alone", "consistent"),
    [
        (answered(YES, [("a", 0, 10)]), answered(YES, [("a", 0, 10)]), 1.0),
        (answered(YES, [("a", 0, 10), ("b", 0, 9)]), answered(YES, [("c", 0, 9), ("a", 9, 20)]), 1.0),
        (answered(YES, [("a", 0, 10)]), answered(YES, [("a", 10, 20)]), 0.0),
        (answered(YES, [("a", 0, 10)]), answered(YES, [("b", 0, 10)]), 0.0),
        (answered(YES, [("a", 0, 10)]), answered(Status.CONFLICTING, [("a", 0, 10)]), 0.0),
        (answered(SAYS_NOT), answered(YES, [("a", 0, 10)]), 0.0),
        (answered(SAYS_NOT), answered(SAYS_NOT), 1.0),
        (answered(YES), answered(YES, [("a", 0, 10)]), 0.0),
    ],
)
def test_consistent_means_the_same_status_and_a_common_place(
    evidence: Evidence, answer: Answer, alone: Answer, consistent: float
) -> None:
    told = scored(evidence, answer, alone, alone="What does it cost?")
    assert [each.value for each in told if isinstance(each, Score)] == [consistent]
    assert [each.passed for each in told if isinstance(each, Check)] == [bool(consistent)]


def test_without_an_answer_to_the_question_alone_it_cannot_be_told(evidence: Evidence) -> None:
    told = scored(evidence, answered(YES), None, alone="What does it cost?")
    assert [each.value for each in told if isinstance(each, Score)] == [None]
    assert [each.passed for each in told if isinstance(each, Check)] == [None]


def test_what_was_searched_must_hold_the_texts(evidence: Evidence) -> None:
    answer = answered(YES, standalone="How much will the Arl Bridge repair cost?")
    told = scored(evidence, answer, None, searched=["arl bridge", "ferry"])
    assert [(each.passed, each.got) for each in told if isinstance(each, Check)] == [
        (True, "How much will the Arl Bridge repair cost?"),
        (False, "How much will the Arl Bridge repair cost?"),
    ]

"""Texts that an answer must hold, and exact match and F1 against SQuAD's official rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.text import exact_match, score, stands_in, token_f1
from rag.evaluation.suites.cases import Asked, Expectation
from rag.library import open_library
from rag.testing import HashingEmbedder
from rag.types import Answer, Citation, Question, Scope, Source, Status

REFERENCE = [
    json.loads(line) for line in Path(__file__).with_name("squad_reference.jsonl").read_text().splitlines()[1:]
]
POST = Source(article_id="post", title="Bill", publisher="Harbour Post")
ANSWER = "Harbour Post, 16 February 2024: Mending the “Arl Bridge” will cost £4.1 million – or more. [1]"


def answered(text: str, status: Status = Status.ANSWERED) -> Sample:
    cited = Citation(marker=1, source=POST, version="v", start=0, end=1, quote="M")
    answer = Answer(
        question=Question(text="?"), standalone="?", scope=Scope(), text=text, status=status, citations=(cited,)
    )
    return Sample(suite="s", case_id="c", asked="d", answer=answer)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    model = HashingEmbedder()
    place = tmp_path_factory.mktemp("library")
    with closing(open_library(place, model=model.name, dimension=model.dimension, create=True)) as library:
        yield Evidence(library, model)


def found(evidence: Evidence, text: str, status: Status = Status.ANSWERED, **expect: object) -> list[Check | Score]:
    asked = Asked(question="?", expect=Expectation.model_validate(expect))
    return list(score(asked, answered(text, status), evidence))


def checks(found: list[Check | Score]) -> dict[str, bool | None]:
    return {each.name: each.passed for each in found if isinstance(each, Check)}


def scores(found: list[Check | Score]) -> dict[str, float | None]:
    return {each.metric: each.value for each in found if isinstance(each, Score)}


@pytest.mark.parametrize("row", REFERENCE, ids=lambda row: repr(row["text"])[:30])
def test_exact_match_and_f1_are_squads(row: dict[str, str | float]) -> None:
    text, right = str(row["text"]), str(row["right"])
    assert exact_match(text, right) == row["em"]
    assert token_f1(text, right) == pytest.approx(row["f1"], abs=1e-12)


@given(st.text(), st.text())
def test_f1_is_symmetric_and_exact_match_is_its_best(one: str, other: str) -> None:
    f1 = token_f1(one, other)
    assert f1 == pytest.approx(token_f1(other, one))
    assert 0 <= exact_match(one, other) <= f1 <= 1
    assert token_f1(one, one) == exact_match(one, one) == 1


def test_the_reference_has_both_kinds() -> None:
    assert len(REFERENCE) == 170
    assert {row["em"] for row in REFERENCE} == {0, 1}
    assert sum(0 < row["f1"] < 1 for row in REFERENCE) > 40


def test_the_best_right_answer_counts_and_markers_do_not(evidence: Evidence) -> None:
    got = found(evidence, "The bridge. [1]", answer=["ferry", "a bridge"])
    assert scores(got) == {"answer.em": 1, "answer.f1": 1, "answer.contains": 1}
    got = found(evidence, ANSWER, answer=["£3.4 million", "£4.1 million"], min_f1=0.3)
    assert scores(got) == {"answer.em": 0, "answer.f1": pytest.approx(2 * 2 / (2 + 15)), "answer.contains": 1}
    assert checks(got) == {"answer": True, "min_f1": False}


def test_references_are_scored_and_not_checked(evidence: Evidence) -> None:
    got = found(evidence, "It was shut. [1]", reference="shut")
    assert (checks(got), scores(got)["answer.contains"]) == ({}, 1)


def test_an_abstention_is_the_empty_answer(evidence: Evidence) -> None:
    text = "The articles do not say. There is no article published before 3 May 2020 in this library."
    expect = {"answer": "3 May 2020", "contains": "3 May 2020", "any_of": "May", "matches": "May", "excludes": "ferry"}
    got = found(evidence, text, Status.NOT_IN_SOURCES, **expect)
    assert scores(got) == {"answer.em": 0, "answer.f1": 0, "answer.contains": 0}
    assert checks(got) == {"answer": False, "contains": False, "any_of": False, "matches": False, "excludes": True}
    # An article is no answer, though SQuAD's rules leave the empty text of it.
    assert scores(found(evidence, text, Status.NOT_IN_SOURCES, answer="The"))["answer.em"] == 0


def test_the_words_of_an_abstention_can_be_asked_for(evidence: Evidence) -> None:
    expect = Expectation(status=Status.NOT_IN_SOURCES, contains=("no article",), answer=("articles",))
    sample = answered("The articles do not say. There is no article.", Status.NOT_IN_SOURCES)
    got = list(score(Asked(question="?", expect=expect), sample, evidence))
    assert (checks(got), scores(got)) == ({"contains": True}, {})


@pytest.mark.parametrize(
    ("wanted", "text", "held"),
    [
        ("arl bridge", ANSWER, True),
        ('"ARL BRIDGE"', ANSWER, True),
        ("million - or", ANSWER, True),
        ("Harbour  Post", ANSWER, True),
        ("more. [1]", ANSWER, False),
        ("cafe\u0301", "The Café", True),
        ("4.1", ANSWER, True),
        ("1 million", ANSWER, False),
        ("4", ANSWER, False),
        ("14", "In 2014, 14 people", True),
        ("14", "In 2014, 140 people", False),
        ("2014", "In 2014, 140 people", True),
        ("1", "1,000", False),
        ("fire", "fired", True),
        ("\u200b", "anything", False),
        ("대표단", "대표단은", True),
    ],
)
def test_texts_are_compared_evenly(wanted: str, text: str, held: bool, evidence: Evidence) -> None:
    got = found(evidence, text, contains=wanted, any_of=["nowhere", wanted], excludes=wanted)
    assert checks(got) == {"contains": held, "any_of": held, "excludes": not held}


def test_what_was_found_is_shown(evidence: Evidence) -> None:
    got = found(
        evidence, "x" * 500 + " " + ANSWER, contains="ferry", excludes="four|bridge", any_of=["ferry", "bridge"]
    )
    told = {each.name: each.got for each in got if isinstance(each, Check)}
    assert told["any_of"] == "bridge"
    assert told["excludes"] == "not in the answer"
    assert len(told["contains"]) <= 300
    assert "bridge" in found(evidence, ANSWER, excludes="Bridge")[0].got.lower()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("right", "text", "stands"),
    [
        ("two", "Two workers were hurt.", True),
        ("two", "Twofold", False),
        ("the Arl Bridge", "Arl Bridge was shut", True),
        ("Bridge Arl", "Arl Bridge was shut", False),
        ("Tamsworth", "Tamsworth’s plan", True),
        ("Lanyon-Shaw", "Priya Lanyon-Shaw said", True),
        ("U.S.", "the US and Japan", True),
        ("4.1 million", "£4.1 million", True),
        ("£4.1 million", "$4.1 million", False),
        ("4.1 million", "41 million", False),
        ("-5", "5 degrees", False),
        ("5%", "5 per cent", False),
        ("Nuño", "Mayor Nuno", True),
        ("12명", "대표단 12명이", True),
        ("2명", "대표단 12명이", False),
        ("the", "the bridge", False),
        ("?", "really?", False),
        ("bridge", "", False),
    ],
)
def test_an_answer_stands_in_a_text_as_whole_words(right: str, text: str, stands: bool) -> None:
    assert stands_in(right, text) is stands


@pytest.mark.parametrize(
    ("pattern", "held"),
    [
        (r"£\d\.\d million", True),
        (r"“arl bridge”", True),
        (r"\"arl bridge\"", True),
        (r"^harbour", True),
        (r"\[1\]", False),
        (r"ferry|fare", False),
    ],
)
def test_regular_expressions_see_the_text_as_written_and_evened(pattern: str, held: bool, evidence: Evidence) -> None:
    assert checks(found(evidence, ANSWER, matches=pattern)) == {"matches": held}


def test_an_expression_that_backtracks_without_end_is_given_up(evidence: Evidence) -> None:
    (check,) = found(evidence, "1," * 40 + "x", matches=r"(.*?,){25}P")
    assert isinstance(check, Check)
    assert check.passed is None
    assert "gave up after" in check.got


@pytest.mark.parametrize(
    "pattern", ["(", "(?:(?:a{999}){,999}){999}", "(?:(?:a{1,}){999,}){999}", "a" * 2001, "(" * 999]
)
def test_what_is_no_expression_fails(pattern: str, evidence: Evidence) -> None:
    expect = Expectation(contains=("a",)).model_copy(update={"matches": (pattern,)})
    held, check = score(Asked(question="?", expect=expect), answered("a"), evidence)
    assert isinstance(held, Check)
    assert isinstance(check, Check)
    assert (held.passed, check.passed) == (True, False)
    assert check.got.startswith("no regular expression: ")


def test_repetition_is_no_crime(evidence: Evidence) -> None:
    text = "It was shut on 2024-02-14, after 93 years."
    assert checks(found(evidence, text, matches="it.{0,999}shut.{0,999}after.{0,999}years")) == {"matches": True}
    assert checks(found(evidence, text, matches=r"\d{4}-\d{2}-\d{2}, \w{3,20} \d{0,3} {0,1}years")) == {"matches": True}

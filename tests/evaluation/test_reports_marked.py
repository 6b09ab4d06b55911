"""Texts cut at their marks, and the curves behind the plots."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.made_up import MadeUp
from rag.evaluation.reports.marked import edits, passages, pieces
from rag.evaluation.reports.plots import Point, latency, point, trade_off
from rag.evaluation.results import Result
from rag.types import Answer, Citation, Claim, Verdict

WORDS = st.lists(st.sampled_from(["bridge", "shut", "£4.1", "million", "not", "[1]", " ", "\n", "다리", "."])).map(
    "".join
)


@pytest.fixture
def result() -> Result:
    return MadeUp(40, 6).result(19)


@pytest.fixture
def answer(result: Result) -> Answer:
    assert result.sample.answer is not None
    return result.sample.answer


@given(WORDS, WORDS)
def test_edits_hold_both_texts(before: str, after: str) -> None:
    found = edits(before, after)
    assert "".join(each.text for each in found if each.kind != "+") == before
    assert "".join(each.text for each in found if each.kind != "-") == after
    assert all(each.text for each in found)


def test_texts_that_are_too_long_are_not_compared() -> None:
    assert edits("word " * 2000, "other") == []


def test_a_claim_and_its_markers_are_apart(answer: Answer) -> None:
    found = pieces(answer)
    assert [each.marker for each in found if each.marker] == [1, 2]
    claimed = [each for each in found if each.text and each.verdict]
    assert [each.text for each in claimed] == [answer.text[claim.start : claim.end] for claim in answer.claims]
    place = next(i for i, each in enumerate(found) if each.missing)
    assert found[place].missing == ("nobody",)
    assert found[place - 1].marker == 1


def test_no_word_of_an_answer_is_shown_twice(answer: Answer) -> None:
    first = answer.claims[0]
    overlapping = Claim(start=first.start + 3, end=first.end + 5, markers=(), verdict=Verdict.UNCITED)
    shown = "".join(each.text for each in pieces(replace(answer, claims=(*answer.claims, overlapping))))
    assert shown.replace(" ", "") == answer.text.replace(" ", "").replace("[", "").replace("]", "")


def test_numbers_in_brackets_that_cite_nothing_stay_text(answer: Answer) -> None:
    found = pieces(replace(answer, text="It was 1990 [sic] [7].", claims=(), citations=()))
    assert [(each.text, each.marker) for each in found] == [("It was 1990 [sic] [7].", None)]


def test_cited_words_are_marked_in_their_passage(answer: Answer) -> None:
    shown = passages(answer)
    assert ["".join(part.text for part in each.stretches) for each in shown] == [
        hit.passage.text for hit in answer.hits[:2]
    ]
    marked = [part for each in shown for part in each.stretches if part.markers]
    assert [(part.text, part.markers) for part in marked] == [(each.quote, (each.marker,)) for each in answer.citations]


def test_quotes_that_overlap_share_their_stretch(answer: Answer) -> None:
    first = answer.citations[0]
    within = replace(first, marker=3, start=first.start + 5, end=first.end, quote=first.quote[5:])
    [shown, _] = passages(replace(answer, citations=(*answer.citations, within)))
    assert shown.markers == (1, 3)
    assert [part.markers for part in shown.stretches if part.markers] == [(1,), (1, 3)]


@pytest.mark.parametrize("change", [{"version": "0" * 16}, {"quote": "Other words."}, {"start": 0, "end": 10**6}])
def test_a_quote_that_no_passage_holds_stands_alone(answer: Answer, change: dict[str, str | int]) -> None:
    first: Citation = replace(answer.citations[0], **change)  # type: ignore[arg-type]
    [shown] = passages(replace(answer, citations=(first,)))
    assert not shown.consulted
    assert [part.text for part in shown.stretches] == [first.quote]


# Plots


def places(svg: str) -> int:
    root = ElementTree.fromstring(svg)
    return len(list(root.iter()))


def test_withholding_answers_trades_coverage_for_fewer_wrong_ones() -> None:
    points = [
        Point(confidence=0.9, answerable=True, answered=True),
        Point(confidence=0.8, answerable=False, answered=True),
        Point(confidence=0.7, answerable=True, answered=True),
        Point(confidence=0.6, answerable=True, answered=False),
        Point(confidence=float("-inf"), answerable=False, answered=False),
    ]
    plot = trade_off(points)
    assert plot is not None
    assert "This run answers 66.7 % of the answerable questions and 50.0 % of the unanswerable ones." in plot.told
    assert places(plot.svg) > 50


@pytest.mark.parametrize("answerable", [True, False])
def test_there_is_no_trade_off_among_questions_of_one_kind(answerable: bool) -> None:
    assert trade_off([Point(confidence=1.0, answerable=answerable, answered=True)]) is None


def test_only_cases_that_tell_whether_they_can_be_answered_count(result: Result) -> None:
    found = point(result)
    assert found is not None
    assert (found.answerable, found.answered) == (True, True)
    assert result.sample.answer is not None
    assert found.confidence == max(hit.score for hit in result.sample.answer.hits)
    untold = result.asked.model_copy(update={"expect": type(result.asked.expect)()})
    assert point(replace(result, asked=untold)) is None
    assert point(replace(result, sample=replace(result.sample, answer=None))) is None


@pytest.mark.parametrize("seconds", [[0.5], [0.0, 0.0], [0.001, 60.0], [0.1 * i for i in range(1, 101)]])
def test_latency_is_plotted_whatever_it_is(seconds: list[float]) -> None:
    plot = latency(seconds)
    assert plot is not None
    assert places(plot.svg) > 30
    assert latency(seconds) == plot


def test_latency_is_told_in_numbers() -> None:
    plot = latency([float(second) for second in range(101)])
    assert plot is not None
    assert plot.told == "Half of 101 answers took up to 50.00 s, 95 % up to 95.00 s, the slowest 100.00 s."
    assert latency([]) is None

"""Questions as users and scripts put them."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import ConfigurationError
from rag.question.requests import LONGEST_QUESTION, LONGEST_TURN, MOST_TURNS, make_question, make_scope, rows
from rag.types import Scope, Turn


def test_until_and_as_of_include_the_whole_day_that_is_named() -> None:
    scope = make_scope(since="2023-11-09", until="2023-11-09", as_of="2023-11-09")
    assert scope.since == datetime(2023, 11, 9, tzinfo=UTC)
    assert scope.until == datetime(2023, 11, 10, tzinfo=UTC)
    assert scope.as_of == datetime(2023, 11, 9, 23, 59, 59, 999999, tzinfo=UTC)


def test_until_a_moment_includes_it_and_as_of_a_moment_is_it() -> None:
    scope = make_scope(until="2023-11-09T10:00:00Z", as_of="2023-11-09T10:00:00Z")
    assert scope.until == datetime(2023, 11, 9, 10, 0, 0, 1, tzinfo=UTC)
    assert scope.as_of == datetime(2023, 11, 9, 10, tzinfo=UTC)


def test_words_for_days_are_read_as_of_a_moment() -> None:
    scope = make_scope(since="yesterday", until="today", now=datetime(2023, 11, 9, 10, tzinfo=UTC))
    assert (scope.since, scope.until) == (datetime(2023, 11, 8, tzinfo=UTC), datetime(2023, 11, 10, tzinfo=UTC))


@pytest.mark.parametrize(("since", "until"), [("2024-02", "January 2024"), ("2024-01-02", "2024-01-01")])
def test_a_scope_that_ends_before_it_begins_is_refused(since: str, until: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        make_scope(since=since, until=until)
    assert str(refused.value) == f"since ({since}) is after until ({until}); swap them, or leave one out."


def test_no_options_are_no_limits() -> None:
    assert make_scope() == Scope()
    assert make_scope().unlimited


@pytest.mark.parametrize("text", ["", "  \n", "\0", "x" * (LONGEST_QUESTION + 1)])
def test_an_empty_or_endless_question_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        make_question(text, Scope())


def test_a_question_is_made_comparable_with_article_text() -> None:
    assert make_question(" Cafe\u0301 \ud83d\0?\n", Scope()).text == "Caf\u00e9 \ufffd ?"


def test_a_history_is_cleaned_and_kept_within_bounds() -> None:
    turns = [Turn(question=f"{number} Cafe\u0301?", answer="x" * (LONGEST_TURN + 1)) for number in range(50)]
    kept = make_question("Why?", Scope(), turns).history
    assert [turn.question for turn in kept] == [f"{number} Caf\u00e9?" for number in range(50 - MOST_TURNS, 50)]
    assert {len(turn.answer) for turn in kept} == {LONGEST_TURN}


def test_a_batch_keeps_order_and_ids_and_names_what_is_wrong() -> None:
    lines = [
        json.dumps({"id": "a", "question": "Who won?", "history": [["Who ran?", "Two men."]], "since": "2023"}),
        "",
        "{",
        "[1]",
        json.dumps({"id": 7}),
        json.dumps({"id": "b", "question": "Why?", "as_of": "someday"}),
        json.dumps({"id": "c", "question": "Why?", "until": 5}),
        json.dumps({"id": "d", "question": "Why?", "history": ["Who?"]}),
        json.dumps({"id": "e", "question": "Why?", "publishers": ["CNN"], "article_ids": "x"}),
    ]
    found = list(rows(lines))
    assert [row.id for row in found] == ["a", None, None, 7, "b", "c", "d", "e"]
    assert [row.error for row in found] == [
        None,
        "Row 3 is not JSON; write one object to a line.",
        "Row 4 is not an object with id and question.",
        "Row 5: question is missing or not text.",
        "Row 6: as_of is not a date: 'someday'; write one such as 2023-11-09 or 'May 2023'.",
        "Row 7: until must be text such as 2023-11-09.",
        "Row 8: history must be a list of [question, answer] pairs.",
        None,
    ]
    first, last = found[0].question, found[-1].question
    assert first is not None
    assert first.history == (Turn(question="Who ran?", answer="Two men."),)
    assert first.scope.since == datetime(2023, 1, 1, tzinfo=UTC)
    assert last is not None
    assert last.scope == Scope(publishers=("CNN",), article_ids=("x",))


@given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5).map(json.dumps))
def test_whatever_a_line_holds_it_becomes_a_question_or_one_line_of_error(line: str) -> None:
    for row in rows([line]):
        assert (row.question is None) != (row.error is None)
        assert row.error is None or "\n" not in row.error

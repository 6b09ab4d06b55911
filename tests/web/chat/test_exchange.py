from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.errors import ConfigurationError
from rag.types import Answer, Citation, Delta, Event, Found, Restart, Scope, Searching, Turn
from rag.web.chat.exchange import Conversation, Exchange, Stage


def _after(*events: Event, question: str = "What is the budget?") -> Exchange:
    exchange = Exchange(question=question)
    for event in events:
        exchange = exchange.after(event)
    return exchange


def test_an_exchange_follows_the_events(cite: Callable[[int, str], Citation]) -> None:
    one, two = cite(1, "No job is lost"), cite(2, "a pause")
    searching = Searching(standalone="What is the harbour budget?", scope=Scope())
    exchange = _after(searching, Found(hits=()), Delta(text="No. [1]", citations=(one,)))
    assert (exchange.stage, exchange.rewritten) == (Stage.WRITING, "What is the harbour budget?")
    exchange = exchange.after(Delta(text=" Yes. [2]", citations=(two,)))
    assert (exchange.text, exchange.citations) == ("No. [1] Yes. [2]", (one, two))


def test_a_restart_withdraws_text_and_citations(cite: Callable[[int, str], Citation]) -> None:
    exchange = _after(Delta(text="No. [1]", citations=(cite(1, "a pause"),)), Restart(reason="The model failed."))
    assert (exchange.text, exchange.citations, exchange.busy) == ("", (), True)


def test_the_finished_answer_replaces_what_was_streamed(answer: Callable[..., Answer]) -> None:
    final = answer("The articles do not say.")
    exchange = _after(Delta(text="A draft"), final)
    assert (exchange.text, exchange.answer, exchange.busy) == (final.text, final, False)
    assert exchange.rewritten == ""


def test_only_what_is_under_way_can_be_stopped(answer: Callable[..., Answer]) -> None:
    done = _after(answer("The articles do not say."))
    conversation = Conversation(exchanges=(done, _after(Delta(text="A dr")))).stopped()
    assert [exchange.stage for exchange in conversation.exchanges] == [Stage.DONE, Stage.STOPPED]


def test_the_next_question_carries_the_answered_ones_without_markers(answer: Callable[..., Answer]) -> None:
    done = _after(answer("It held the budget. [1] No job is lost. [2] [3]"))
    failed = Exchange(question="Who?").failed("The model server is busy.")
    question = Conversation(exchanges=(done, failed)).question("And why?")
    expected = Turn(question="What is the budget?", answer="It held the budget. No job is lost.")
    assert (question.text, question.history) == ("And why?", (expected,))


@pytest.mark.parametrize(("typed", "asked"), [("  why?\n", "why?"), ("a\0b", "a b"), ("Cafe\u0301?", "Caf\u00e9?")])
def test_what_is_typed_is_read_as_everywhere_else(typed: str, asked: str) -> None:
    assert Conversation().question(typed).text == asked


@pytest.mark.parametrize("typed", ["", " \n", None, 7, ["why?"]])
def test_what_is_no_question_is_refused_in_one_line(typed: object) -> None:
    with pytest.raises(ConfigurationError, match="The question is empty"):
        Conversation().question(typed)

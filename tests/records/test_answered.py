"""An answer is read back from feedback as it was, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rag.records.answered import answer_of
from rag.records.feedback import Feedback
from rag.types import Status
from rag.wire import Json

CITED: dict[str, Json] = {"marker": 1, "article_id": "a", "quote": "Rates rose.", "title": "Rates"}
TOLD: dict[str, Json] = {
    "question": "What rose?",
    "text": "Rates rose. [1]",
    "status": "answered",
    "scope": {"since": "2024-01-01T00:00:00Z", "publishers": ["The Tidewater Post"]},
    "citations": [CITED],
    "model": "some-model",
}


def test_an_answer_is_read_back() -> None:
    answer = answer_of(Feedback(rating="up", answer=TOLD, created=datetime(2024, 5, 4, tzinfo=UTC)))
    assert answer
    assert (answer.question.text, answer.text, answer.status) == ("What rose?", "Rates rose. [1]", Status.ANSWERED)
    assert (answer.scope.since, answer.scope.publishers) == (datetime(2024, 1, 1, tzinfo=UTC), ("The Tidewater Post",))
    assert answer.question.asked_at == datetime(2024, 5, 4, tzinfo=UTC)
    [cited] = answer.citations
    assert (cited.marker, cited.quote, cited.source.article_id, cited.source.title) == (1, "Rates rose.", "a", "Rates")


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": None},
        {"status": "perhaps"},
        {"question": None},
        {"citations": None},
        {"citations": ["a"]},
        {"citations": [{**CITED, "marker": "first"}]},
        {"scope": {"since": "2024"}},
        {"scope": {"since": "last spring"}},
        {"scope": {"publishers": 5}},
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(wrong: dict[str, Json]) -> None:
    created = datetime(2024, 5, 4, tzinfo=UTC)
    assert answer_of(Feedback(rating="up", answer={**TOLD, **wrong}, created=created)) is None


def test_an_answer_that_was_erased_is_none() -> None:
    assert answer_of(Feedback(rating="up", answer=None, created=datetime(2024, 5, 4, tzinfo=UTC))) is None

"""The answer that feedback is about, read back from what was kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from rag.records.feedback import Feedback
from rag.types import Answer

if TYPE_CHECKING:
    from rag.wire import Json

_ANSWER = TypeAdapter(Answer)


def answer_of(given: Feedback) -> Answer | None:
    """Return the answer that feedback is about, without its claims; None where too little of it was given."""
    told = given.answer or {}
    try:
        scope = _scope(told.get("scope"))
        question = {"text": told.get("question"), "scope": scope, "asked_at": given.created}
        cited = told.get("citations")
        citations = [_citation(each) for each in cited] if isinstance(cited, Sequence) else cited
        answer = {"standalone": "", **told, "scope": scope, "question": question, "citations": citations}
        return _ANSWER.validate_python(answer)
    except ValueError:  # a part is missing or of another form, such as a date in words, which an answer never has
        return None


def _scope(told: Json) -> Mapping[str, object]:
    scope = told if isinstance(told, Mapping) else {}
    # A year alone would be taken for a number of seconds.
    return {name: datetime.fromisoformat(each) if isinstance(each, str) else each for name, each in scope.items()}


def _citation(told: Json) -> Json:
    cited = told if isinstance(told, Mapping) else {}
    return {"version": "", "start": 0, "end": 0, **cited, "source": {"title": "", **cited}}

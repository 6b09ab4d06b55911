"""The forms of what is asked, and the questions that they become."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, HTTPException, Path, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from rag.errors import UserError
from rag.question.requests import LONGEST_QUESTION, make_question, make_scope
from rag.types import Question, Scope, Turn

DateWords = Annotated[str, Field(max_length=100, examples=["2023-05-01", "May 2023"])]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number, in JSON also 12.0."""
Name = Annotated[str, Field(min_length=1, max_length=500)]
Spoken = Annotated[str, Field(max_length=100_000)]
ArticleId = Annotated[
    str,
    AfterValidator(unquote),
    Path(description="An article's id, percent-encoded where it holds other than letters and digits."),
]
"""The id in the path of a route under "/v1/articles", where paths arrive as they were sent (`border.Paths`)."""


class Asked(BaseModel):
    """Something that is asked: nothing but these keys, and nothing made to fit."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ScopeAsked(Asked):
    """What may be searched; empty means everything."""

    since: DateWords | None = Field(default=None, description="Published on or after this date.")
    until: DateWords | None = Field(default=None, description="Published on or before this date.")
    as_of: DateWords | None = Field(default=None, description="As it could be known on this date.")
    publishers: list[Name] = Field(default=[], max_length=100)
    article_ids: list[Name] = Field(default=[], max_length=1000)

    def scope(self, now: datetime | None = None) -> Scope:
        """Return the scope; words such as "yesterday" are read as of `now`. Raises ConfigurationError."""
        return make_scope(
            since=self.since,
            until=self.until,
            as_of=self.as_of,
            publishers=self.publishers,
            article_ids=self.article_ids,
            now=now,
        )


class TurnAsked(Asked):
    """One earlier exchange; it helps to understand the question and is never evidence."""

    question: Spoken
    answer: Spoken

    def turn(self) -> Turn:
        """Return the turn."""
        return Turn(question=self.question, answer=self.answer)


Pair = Annotated[list[Spoken], Field(min_length=2, max_length=2, description="A question and its answer.")]


def _named(turn: object) -> object:
    match turn:
        case TurnAsked() | {}:
            return turn
        case [question, answer]:
            return {"question": question, "answer": answer}
    raise PydanticCustomError("turn", "Input should be an object with question and answer, or a pair of them")


Exchange = Annotated[TurnAsked, BeforeValidator(_named, json_schema_input_type=TurnAsked | Pair)]
"""A turn in either form."""


class QuestionAsked(Asked):
    """A question over the articles."""

    question: Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION)]
    history: list[Exchange] = Field(default=[], max_length=200, description="Earlier exchanges, oldest first.")
    scope: ScopeAsked = ScopeAsked()
    asked_at: Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"})] | None = Field(
        default=None,
        description="The moment from which words such as “last week” count; now, unless it is given. "
        "In UTC where it names no other zone.",
        examples=["2024-02-20T09:00:00Z"],
    )

    def as_question(self) -> Question:
        """Return the question; raise ConfigurationError or UserError where it cannot be used."""
        now = None if self.asked_at is None else _moment(self.asked_at)
        question = make_question(self.question, self.scope.scope(now), [each.turn() for each in self.history])
        return question if now is None else replace(question, asked_at=now)


class SearchAsked(QuestionAsked):
    """A search for the passages nearest to a question."""

    limit: Whole = Field(default=10, ge=1, le=100, description="How many passages.")


async def _json_body(request: Request) -> None:
    # Asynchronous, so that it does not wait for a thread.
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send the body as JSON, with the header Content-Type: application/json.")


JSON_BODY = Depends(_json_body)
"""The dependency of a route that reads JSON and nothing else."""


async def _known_query(request: Request) -> None:
    read = request.scope["route"].dependant
    known = {field.alias for part in (read, *read.dependencies) for field in part.query_params}
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        told = "There is no such parameter"
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": told} for name in unknown]
        )


KNOWN_QUERY = Depends(_known_query)
"""The dependency of routes that refuse a query parameter that they do not know: passed over, it would widen."""


def _moment(text: str) -> datetime:
    try:
        told = datetime.fromisoformat(text)
        moment = (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = _LONG_AGO
    if not _LONG_AGO < moment < _FAR_OFF:
        raise UserError("asked_at is not a moment such as 2024-05-01T12:00:00Z.")
    return moment


_LONG_AGO, _FAR_OFF = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

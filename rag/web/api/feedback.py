"""What readers say about answers."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from rag.records.feedback import Feedback, FeedbackStore
from rag.records.replies import Replies
from rag.types import digest
from rag.web.access.asker import asker_of
from rag.web.api import cursor
from rag.web.api.documenting import problems
from rag.web.api.idempotency import IdempotencyKey, once
from rag.web.api.requests import JSON_BODY, Asked, Name, ScopeAsked
from rag.web.api.schemas_writing import FeedbackPageSent, KeptSent
from rag.web.service import Service
from rag.wire import SCHEMA, feedback_object, list_object

_Words = Annotated[str, Field(max_length=10_000)]


class _Known(BaseModel):
    """Part of an answer as it was sent; what else it has is left out."""

    model_config = ConfigDict(extra="ignore", strict=True)


class CitationGiven(_Known):
    """A citation of the answer."""

    marker: int = Field(ge=1, le=10_000)
    article_id: Name
    quote: _Words
    version: Annotated[str, Field(max_length=100)] | None = None
    start: int | None = Field(None, ge=0)
    end: int | None = Field(None, ge=0)
    title: Annotated[str, Field(max_length=2_000)] | None = None
    publisher: Annotated[str, Field(max_length=2_000)] | None = None
    published: Annotated[str, Field(max_length=100)] | None = None
    url: Annotated[str, Field(max_length=2_000)] | None = None


class AnswerGiven(_Known):
    """The answer that it is about: the object that was sent, or at least its question and its text."""

    question: Annotated[str, Field(min_length=1, max_length=8_000)]
    text: Annotated[str, Field(max_length=100_000)]
    status: Literal["answered", "partial", "conflicting", "not_in_sources"] | None = None
    standalone: Annotated[str, Field(max_length=8_000)] | None = None
    scope: ScopeAsked | None = None
    citations: list[CitationGiven] = Field([], max_length=200)
    model: Annotated[str, Field(max_length=200)] | None = None
    generation: int | None = Field(None, ge=0, le=1 << 62)


class FeedbackGiven(Asked):
    """What a reader says about an answer."""

    answer: AnswerGiven
    rating: Literal["up", "down"]
    kind: Literal["wrong", "unsupported", "incomplete", "other"] | None = None
    comment: _Words | None = None
    correction: Annotated[_Words | None, Field(description="What the answer should have said.")] = None
    marker: Annotated[int | None, Field(ge=1, le=10_000, description="The citation that it is about.")] = None

    @model_validator(mode="after")
    def _cited(self) -> FeedbackGiven:
        if self.marker is not None and self.marker not in {each.marker for each in self.answer.citations}:
            raise ValueError(f"the answer has no citation {self.marker}")
        return self


def router(service: Service) -> APIRouter:
    """Return the routes."""
    store, replies = FeedbackStore(service.records), Replies(service.records)
    routes = APIRouter(prefix="/v1/feedback", tags=["answers"])

    @routes.post(
        "",
        status_code=201,
        summary="Say whether an answer is right",
        response_model=KeptSent,
        responses=problems(409, 507, body=True),
        dependencies=[JSON_BODY],
    )
    async def give_feedback(said: FeedbackGiven, request: Request, idempotency_key: IdempotencyKey = None) -> Response:
        """Keep what a reader says about an answer, together with the answer that they saw."""
        kept = _feedback(said, asker_of(request.scope).name)
        articles = [each.article_id for each in said.answer.citations]

        async def done() -> Response:
            made = await asyncio.to_thread(store.add, kept, articles)
            return JSONResponse({"schema": SCHEMA, "id": made}, 201)

        return await once(request, replies, idempotency_key, digest(said.model_dump_json()), done)

    @routes.get("", summary="Read the feedback", response_model=FeedbackPageSent, responses=problems(507))
    async def list_feedback(
        after: cursor.Given = None,
        limit: Annotated[int, Query(ge=1, le=500, description="How many.")] = 100,
        rating: Annotated[Literal["up", "down"] | None, Query(description="Only this rating.")] = None,
    ) -> Response:
        """List the feedback, newest first."""
        before = cursor.read_number("feedback", after)
        found = await asyncio.to_thread(lambda: store.list(limit=limit + 1, before=before, rating=rating))
        following = cursor.write_number("feedback", found[limit - 1].number) if len(found) > limit else None
        return JSONResponse(list_object("feedback", [feedback_object(each) for each in found[:limit]], following))

    return routes


def _feedback(said: FeedbackGiven, caller: str) -> Feedback:
    return Feedback(
        rating=said.rating,
        kind=said.kind,
        marker=said.marker,
        comment=said.comment,
        correction=said.correction,
        caller=caller,
        answer=said.answer.model_dump(mode="json", exclude_none=True),
    )

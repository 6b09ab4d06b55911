"""Answers as responses."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import count

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sse_starlette import ServerSentEvent

from rag.types import Answer, Event
from rag.web.api.documenting import problems, replied
from rag.web.api.leaving import unless_gone
from rag.web.api.requests import JSON_BODY
from rag.web.compatible.answering import begun, standing
from rag.web.compatible.asked import ResponseAsked
from rag.web.compatible.models import MODEL
from rag.web.compatible.references import references
from rag.web.compatible.refusing import CompatibleRoute, unknown_model
from rag.web.compatible.schemas import ResponseSent
from rag.web.events import event_stream, sent
from rag.web.problems import Problem
from rag.web.service import Service
from rag.wire import Json, answer_object
from rag.work import Stream


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["compatible"], route_class=CompatibleRoute)

    @routes.post(
        "/v1/responses",
        summary="Answer as a response",
        responses=problems(404, 502, body=True) | replied("The response.", "response.json", "response.txt"),
        dependencies=[JSON_BODY],
        response_model=ResponseSent,
    )
    async def respond(asked: ResponseAsked, request: Request) -> Response:
        """Answer a question or the last message of a conversation, with its citations; see docs/openai.md."""
        if asked.model != MODEL:
            return unknown_model(asked.model, MODEL).response()
        question = asked.question()
        made = _Response(base_url=str(request.base_url), metadata=asked.metadata or {})
        if not asked.stream:
            return JSONResponse(made.whole(await unless_gone(request, service.ask(question))))
        events = await begun(service, question, request)
        return event_stream(_events(_Events(made), events, live=asked.live), service)

    return routes


async def _events(told: _Events, events: Stream[Event], *, live: bool) -> AsyncGenerator[ServerSentEvent]:
    for event in told.opening():
        yield _sent(event)
    async with aclosing(standing(events, live=live)) as pieces:
        async for piece in pieces:
            match piece:
                case str():
                    yield _sent(told.delta(piece))
                case Problem():
                    yield _sent(told.error(piece))
                case Answer():
                    for event in told.ending(piece):
                        yield _sent(event)


def _sent(event: Mapping[str, Json]) -> ServerSentEvent:
    return sent(event, str(event["type"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Response:
    """One response, as it stands before the answer and after it."""

    base_url: str
    metadata: Mapping[str, str]
    id: str = field(default_factory=lambda: f"resp_{uuid.uuid4().hex}")
    message_id: str = field(default_factory=lambda: f"msg_{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, answer: Answer) -> dict[str, Json]:
        """Return the finished response."""
        used = answer.usage
        usage: Json = {
            "input_tokens": used.input_tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": used.output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": used.input_tokens + used.output_tokens,
        }
        return {
            **self.begun(),
            "status": "completed",
            "completed_at": int(time.time()),
            "output": [self.message("completed", self.text_of(answer))],
            "usage": usage,
            "dateline": answer_object(answer),
        }

    def begun(self) -> dict[str, Json]:
        """Return the response before there is an answer."""
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": "in_progress",
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "max_output_tokens": None,
            "metadata": dict(self.metadata),
            "model": MODEL,
            "output": [],
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "reasoning": None,
            "store": False,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
            "truncation": "disabled",
            "usage": None,
        }

    def message(self, status: str, *parts: Json) -> dict[str, Json]:
        """Return the one output item."""
        return {
            "id": self.message_id,
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": list(parts),
        }

    def text_of(self, answer: Answer) -> dict[str, Json]:
        """Return the one part of the message."""
        annotations: list[Json] = [
            {"type": "url_citation", **reference.url_citation()} for reference in references(answer, self.base_url)
        ]
        return output_text(answer.text, annotations)


def output_text(text: str, annotations: list[Json]) -> dict[str, Json]:
    """Return a part of a message."""
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}


class _Events:
    """The events that tell a response as it comes about, numbered."""

    def __init__(self, response: _Response) -> None:
        self._response = response
        self._numbers = count()
        self._item: dict[str, Json] = {"output_index": 0}
        self._part: dict[str, Json] = {"item_id": response.message_id, "output_index": 0, "content_index": 0}

    def opening(self) -> Iterator[dict[str, Json]]:
        """Yield what comes before any text."""
        yield self._event("response.created", response=self._response.begun())
        yield self._event("response.in_progress", response=self._response.begun())
        yield self._event("response.output_item.added", **self._item, item=self._response.message("in_progress"))
        yield self._event("response.content_part.added", **self._part, part=output_text("", []))

    def delta(self, text: str) -> dict[str, Json]:
        """Return the event of more text."""
        return self._event("response.output_text.delta", **self._part, delta=text, logprobs=[])

    def ending(self, answer: Answer) -> Iterator[dict[str, Json]]:
        """Yield what comes after all text; the last event holds the whole response."""
        part, whole = self._response.text_of(answer), self._response.whole(answer)
        annotations = part["annotations"]
        assert isinstance(annotations, list)
        for index, annotation in enumerate(annotations):
            yield self._event(
                "response.output_text.annotation.added", **self._part, annotation_index=index, annotation=annotation
            )
        yield self._event("response.output_text.done", **self._part, text=answer.text, logprobs=[])
        yield self._event("response.content_part.done", **self._part, part=part)
        yield self._event("response.output_item.done", **self._item, item=self._response.message("completed", part))
        yield self._event("response.completed", response=whole)

    def error(self, problem: Problem) -> dict[str, Json]:
        """Return the event that ends the stream without an answer; clients raise what its member `error` says."""
        told = problem.error()
        members = {name: told[name] for name in ("code", "message", "param")}
        return self._event("error", **members, error=told)

    def _event(self, kind: str, **members: Json) -> dict[str, Json]:
        return {"type": kind, "sequence_number": next(self._numbers), **members}

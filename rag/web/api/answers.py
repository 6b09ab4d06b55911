"""Questions in, answers and passages out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from sse_starlette import ServerSentEvent

from rag.types import Event, Question
from rag.web.api.accepting import preferred
from rag.web.api.documenting import problems, replied
from rag.web.api.leaving import unless_gone
from rag.web.api.requests import JSON_BODY, QuestionAsked, SearchAsked
from rag.web.api.schemas import AnswerSent, HitsSent
from rag.web.events import event_stream, sent, whole
from rag.web.problems import Problem
from rag.web.service import Service
from rag.wire import Json, answer_object, event_object, hits_object
from rag.work import Stream

_JSON, _EVENTS = "application/json", "text/event-stream"


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1", tags=["answers"], dependencies=[JSON_BODY])

    @routes.post(
        "/answers",
        summary="Answer a question",
        response_model=AnswerSent,
        responses=problems(406, 502, body=True) | replied("The answer with its proof.", "answer.json", "events.txt"),
    )
    async def create_answer(asked: QuestionAsked, request: Request) -> Response:
        """Answer with checked citations, or say that the articles do not.

        With `Accept: text/event-stream` the answer comes as it is written: `searching`, `hits`, then `delta` after
        `delta`; `restart` withdraws the text so far; `answer`, the last event, holds what is sent otherwise. An
        `error` event, also a last one, holds a problem. Hanging up calls the work off.
        """
        form = preferred(request.headers.get("accept"), (_JSON, _EVENTS))
        if form is None:
            raise HTTPException(406, f"An answer comes as {_JSON} or as {_EVENTS}; accept one of them.")
        question = asked.as_question()
        if form == _EVENTS:
            return await _streamed(service, question, request)
        return JSONResponse(answer_object(await unless_gone(request, service.ask(question))))

    @routes.post(
        "/search",
        summary="Search the articles",
        response_model=HitsSent,
        responses=problems(502, body=True) | replied("The passages, best first.", "hits.json"),
    )
    async def search(asked: SearchAsked, request: Request) -> Response:
        """Find the passages that an answer would be looked for in, best first."""
        question = asked.as_question()
        found = service.search(question, asked.limit)
        return JSONResponse(hits_object(await unless_gone(request, found)))

    return routes


async def _streamed(service: Service, question: Question, request: Request) -> Response:
    """Return the response once the first event is there, so that a failure before it still has a status of its own."""
    stream = service.stream(question)
    first = await unless_gone(request, anext(stream))
    return event_stream(_sent(first, stream), service)


async def _sent(first: Event, rest: Stream[Event]) -> AsyncGenerator[ServerSentEvent]:
    async with aclosing(whole(rest)) as events:
        yield sent(*_named(first))
        async for event in events:
            yield sent(*_named(event))


def _named(event: Event | Problem) -> tuple[dict[str, Json], str]:
    name, told = ("error", event.document()) if isinstance(event, Problem) else event_object(event)
    return told, name

"""Answers as chat completions."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sse_starlette import ServerSentEvent

from rag.types import Answer, Event
from rag.web.api.documenting import problems, replied
from rag.web.api.leaving import unless_gone
from rag.web.api.requests import JSON_BODY
from rag.web.compatible.answering import begun, standing
from rag.web.compatible.asked import CompletionAsked
from rag.web.compatible.models import MODEL
from rag.web.compatible.references import references
from rag.web.compatible.refusing import CompatibleRoute, unknown_model
from rag.web.compatible.schemas import CompletionSent
from rag.web.events import event_stream, sent
from rag.web.problems import Problem
from rag.web.service import Service
from rag.wire import Json, answer_object
from rag.work import Stream


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["compatible"], route_class=CompatibleRoute)

    @routes.post(
        "/v1/chat/completions",
        summary="Answer as a chat completion",
        responses=problems(404, 502, body=True) | replied("The completion.", "completion.json", "completion.txt"),
        dependencies=[JSON_BODY],
        response_model=CompletionSent,
    )
    async def complete(asked: CompletionAsked, request: Request) -> Response:
        """Answer the last message of a conversation, with its citations as annotations; see docs/openai.md."""
        if asked.model != MODEL:
            return unknown_model(asked.model, MODEL).response()
        question, completion = asked.question(), _Completion(base_url=str(request.base_url))
        if not asked.stream:
            return JSONResponse(completion.whole(await unless_gone(request, service.ask(question))))
        events = await begun(service, question, request)
        usage = bool(asked.stream_options and asked.stream_options.include_usage)
        return event_stream(_chunks(completion, events, live=asked.live, usage=usage), service)

    return routes


async def _chunks(
    completion: _Completion, events: Stream[Event], *, live: bool, usage: bool
) -> AsyncGenerator[ServerSentEvent]:
    yield sent(completion.chunk({"role": "assistant", "content": ""}))
    async with aclosing(standing(events, live=live)) as pieces:
        async for piece in pieces:
            match piece:
                case str():
                    yield sent(completion.chunk({"content": piece}))
                case Problem():
                    yield sent(piece.document())
                case Answer():
                    for last in completion.ending(piece, usage=usage):
                        yield sent(last)
                    yield ServerSentEvent("[DONE]", sep="\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Completion:
    """One completion, as a whole or in chunks; its last chunk and the whole carry the same references."""

    base_url: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, answer: Answer) -> dict[str, Json]:
        """Return the completion as one object."""
        message: dict[str, Json] = {
            "role": "assistant",
            "content": answer.text,
            "refusal": None,
            "annotations": self._annotations(answer),
        }
        choice: Json = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {
            **self._named("chat.completion"),
            "choices": [choice],
            "usage": _usage(answer),
            "dateline": answer_object(answer),
        }

    def chunk(self, delta: dict[str, Json], finish: str | None = None) -> dict[str, Json]:
        """Return a chunk that adds something to the message."""
        choice: Json = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return {**self._named("chat.completion.chunk"), "choices": [choice]}

    def ending(self, answer: Answer, *, usage: bool) -> list[dict[str, Json]]:
        """Return the last chunks: the references, then the tokens where asked for.

        The proof is in the very last, and in the message too: what puts chunks together keeps only what is there.
        """
        proof: dict[str, Json] = {"dateline": answer_object(answer)}
        last = self.chunk({"annotations": self._annotations(answer), **proof}, "stop")
        if not usage:
            return [{**last, **proof}]
        return [last, {**self._named("chat.completion.chunk"), "choices": [], "usage": _usage(answer), **proof}]

    def _annotations(self, answer: Answer) -> list[Json]:
        return [
            {"type": "url_citation", "url_citation": reference.url_citation()}
            for reference in references(answer, self.base_url)
        ]

    def _named(self, kind: str) -> dict[str, Json]:
        return {"id": self.id, "object": kind, "created": self.created, "model": MODEL}


def _usage(answer: Answer) -> dict[str, Json]:
    used = answer.usage
    return {
        "prompt_tokens": used.input_tokens,
        "completion_tokens": used.output_tokens,
        "total_tokens": used.input_tokens + used.output_tokens,
    }

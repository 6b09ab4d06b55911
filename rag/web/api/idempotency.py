"""Requests that write, sent once or more: the first is done, the others get its reply."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header, Request, Response

from rag.records.replies import Claim, Replies, Reply
from rag.web.access.asker import asker_of
from rag.web.problems import Problem

_KEPT_HEADERS = ("content-type", "location", "content-location", "preference-applied")

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r'^"?[!#-\[\]-~]{1,255}"?$',
        examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        description="A word of your own for this request, such as a UUID. Sent again under it within a day, the same "
        "request gets the same reply and is not done again.",
    ),
]


async def once(
    request: Request, replies: Replies, key: str | None, digest: str, done: Callable[[], Awaitable[Response]]
) -> Response:
    """Return the response to a request, done unless it was done before; `digest` names all that it asks for.

    Keys of different callers have nothing to do with each other. Only what succeeded, or always will fail in the same
    way, is kept. Raises StorageError, and what doing it raises.
    """
    if key is None:
        return await done()
    caller, key = asker_of(request.scope).name, key.strip('"')
    claim = await asyncio.to_thread(replies.claim, caller, key, f"{request.method} {request.url.path} {digest}")
    if claim is not Claim.GRANTED:
        return _told_before(claim) if isinstance(claim, Reply) else _REFUSED[claim].response()
    kept = False
    try:
        response = await done()
        if response.status_code < 500 and response.status_code not in _PASSING:
            await asyncio.to_thread(replies.keep, caller, key, _reply(response))
            kept = True
        return response
    finally:
        if not kept:
            await asyncio.shield(asyncio.to_thread(replies.release, caller, key))


_PASSING = (401, 403, 408, 409, 429)
"""What may be different the next time."""

_REFUSED = {
    Claim.BUSY: Problem(
        status=409,
        kind="in-progress",
        detail="A request with this Idempotency-Key is still under way; send it again in a moment.",
        retry_after=1,
    ),
    Claim.TAKEN: Problem(
        status=422,
        kind="key-reused",
        detail="This Idempotency-Key was used for another request; take a new one for a new request.",
    ),
}


def _reply(response: Response) -> Reply:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Reply(status=response.status_code, headers=headers, body=bytes(response.body))


def _told_before(reply: Reply) -> Response:
    replayed = {"Idempotency-Replayed": "true"}
    if reply.body is None:
        detail = "This was done, but an article that the reply told of has been removed since; nothing was done again."
        return Problem(status=410, kind="erased", detail=detail, headers=replayed).response()
    return Response(reply.body, reply.status, {**reply.headers, **replayed})

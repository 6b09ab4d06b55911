"""What a request may carry: no more bytes, no slower and no deeper than is of use."""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.web.access.gate import right_of
from rag.web.problems import Problem

DEEPEST = 64
"""Lists and objects within each other in a JSON body."""
PATIENCE = 30.0
"""Seconds that a body may take, and one more for each `_SLOWEST` bytes that arrived."""
_SLOWEST = 16_384
_DIGITS = 20
"""Of a length; Python refuses to read thousands of them."""

# Strings are passed over in one step; one that does not end goes on to the end of the body.
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


class Bodies:
    """ASGI middleware that reads bodies before the application does, and answers 400, 408 or 413 in its place.

    Files that are uploaded are handed on as they arrive, under the same limits.
    """

    def __init__(self, app: ASGIApp, *, largest: int, largest_upload: int, patience: float = PATIENCE) -> None:
        self._app = app
        self._largest = largest
        self._largest_upload = largest_upload
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on unless its body is not fit."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        limit = self._largest_upload if right_of(scope).upload else self._largest
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > _DIGITS or int(length) > limit:
            return await _too_large(limit).response()(scope, receive, send)
        measured = _Measured(receive, limit, self._patience)
        try:
            if headers.get("content-type", "").lower().startswith("multipart/"):
                await self._app(scope, measured.receive, measured.guarding(send))
            elif (body := await measured.whole()) is not None:
                await self._app(scope, _replaying(await _shallow(body), receive), send)
        except _Unfit as unfit:
            await unfit.problem.response()(scope, receive, send)


class _Unfit(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Measured:
    """A body that is counted and timed as it arrives."""

    def __init__(self, receive: Receive, limit: int, patience: float) -> None:
        self._receive = receive
        self._limit = limit
        self._patience = patience
        self._started = asyncio.get_running_loop().time()
        self._arrived = 0
        self._ended = False
        self._unfit: _Unfit | None = None

    async def receive(self) -> Message:
        """Return the next message; raise _Unfit from the first that is too much or too late."""
        if self._ended:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._started + self._patience + self._arrived / _SLOWEST):
                message = await self._receive()
        except TimeoutError:
            detail = "The body took too long to arrive; send it again."
            raise self._refused(Problem(status=408, kind="slow-body", detail=detail)) from None
        self._arrived += len(message.get("body", b""))
        self._ended = not message.get("more_body")
        if self._arrived > self._limit:
            raise self._refused(_too_large(self._limit))
        return message

    async def whole(self) -> bytes | None:
        """Return the whole body, or None when the client went away; raise _Unfit."""
        pieces: list[bytes] = []
        while not self._ended:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                return None
            pieces.append(message.get("body", b""))
        return b"".join(pieces)

    def guarding(self, send: Send) -> Send:
        """Return a way to send that keeps back what an application makes of a body that was cut off."""

        async def sending(message: Message) -> None:
            if self._unfit:
                raise self._unfit
            await send(message)

        return sending

    def _refused(self, problem: Problem) -> _Unfit:
        # What is still to come is not read, so the connection is of no more use.
        self._ended, self._unfit = True, _Unfit(problem)
        return self._unfit


def _replaying(body: bytes, receive: Receive) -> Receive:
    handed = False

    async def replay() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _shallow(body: bytes) -> bytes:
    """Return the body; raise _Unfit where it nests too deep for a parser that calls itself."""
    if body.count(b"[") + body.count(b"{") > DEEPEST and await asyncio.to_thread(_deeper, body):
        raise _Unfit(Problem(status=400, kind="too-deep", detail=f"The body nests more than {DEEPEST} levels deep."))
    return body


def _deeper(body: bytes) -> bool:
    depth = 0
    for token in _TOKENS.finditer(body):
        if (first := token[0][:1]) in b"[{":
            depth += 1
            if depth > DEEPEST:
                return True
        elif first != b'"':
            depth -= 1
    return False


def _too_large(limit: int) -> Problem:
    detail = f"The body is larger than {limit:,} bytes; send less at a time."
    return Problem(status=413, kind="too-large", detail=detail, headers={"connection": "close"})

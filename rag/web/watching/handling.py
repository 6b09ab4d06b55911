"""The outermost layer of the application: gives each request an id, and tells the watcher what became of it."""

from __future__ import annotations

import re
import time
import uuid

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.web.access.asker import asker_of
from rag.web.access.gate import path_of, right_of
from rag.web.access.rights import LOGIN, RIGHTS, Load, rights_to
from rag.web.service import Service
from rag.web.watching.watcher import NOWHERE, Handled, Watcher

_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_UNANSWERED = 499
"""The status of a request whose client went away before there was a response."""


def watched(app: FastAPI, service: Service) -> None:
    """Put the watcher before the application and its guards, so that it hears of what they refuse."""
    app.add_middleware(Handling, watcher=service.watcher)
    # A validator would log what it refuses; a transformer replaces it in silence.
    app.add_middleware(CorrelationIdMiddleware, validator=None, transformer=_own)


class Handling:
    """ASGI middleware that tells a watcher of every request."""

    def __init__(self, app: ASGIApp, watcher: Watcher) -> None:
        self._app = app
        self._watcher = watcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and tell how it ended."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, status = time.perf_counter(), _UNANSWERED

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._watcher.handling(Headers(scope=scope)):
            try:
                await self._app(scope, receive, sending)
            except Exception:
                status = 500
                raise
            finally:
                self._watcher.handled(_handled(scope, status, time.perf_counter() - began))


def _handled(scope: Scope, status: int, seconds: float) -> Handled:
    asker, method = asker_of(scope), scope["method"]
    try:
        right = right_of(scope)
    except KeyError:  # refused before anybody looked what it is for
        right = None
    # A path that is asked for with a method it does not have counts as itself.
    named = right or next(iter(rights_to(path_of(scope), (*RIGHTS, *LOGIN)).values()), None)
    return Handled(
        method=method if method in _METHODS else "other",
        route=named.path if named else NOWHERE,
        status=status,
        seconds=seconds,
        address=asker.address,
        key=asker.key.id if asker.key else None,
        minor=right is not None and right.load is Load.NONE,
    )


def _own(given: str) -> str:
    """Return the id that a client gave its request, or one of ours where that could not stand in a log line."""
    return given if _ID.fullmatch(given) else uuid.uuid4().hex

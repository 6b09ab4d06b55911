"""Failures of the page's framework as problem documents: it would echo what was sent, or tell of it in no form."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.web.problems import UNEXPECTED, Problem

_log = logging.getLogger(__name__)


class Told:
    """ASGI wrapper that puts a problem document in the place of a failure."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell in our own form where it fails."""
        started, failed = False, 0

        async def sending(message: Message) -> None:
            nonlocal started, failed
            if message["type"] == "http.response.start":
                started, failed = True, message["status"] if message["status"] >= 400 else 0
            if not failed:
                await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            if scope["type"] != "http" or (started and not failed):
                raise
            _log.exception("The page failed at %s %r.", scope["method"], scope["path"])
            failed = 500
        if failed:
            await _problem(failed).response()(scope, receive, send)


def _problem(status: int) -> Problem:
    if status == UNEXPECTED.status:
        return UNEXPECTED
    phrase = HTTPStatus(status).phrase
    detail = f"The page's framework does not take this ({phrase.lower()}); reload the page, or use the API under /v1."
    return Problem(status=status, kind=phrase.lower().replace(" ", "-"), detail=detail)

"""What stands between the guards and the API's routes: failures that nobody foresaw, and paths as they were sent."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.web.problems import UNEXPECTED

_log = logging.getLogger(__name__)
_ARTICLES = "/v1/articles/"


class Foreseen:
    """ASGI middleware that turns any other failure into a problem document, inside the guards that finish it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer it if that fails."""
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            _log.exception("%s %s failed.", scope["method"], scope["path"])
            await UNEXPECTED.response()(scope, receive, send)


class RawPaths:
    """ASGI middleware that keeps the paths of articles percent-encoded, because an id may hold a slash."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and _ARTICLES in scope["path"] and (raw := scope.get("raw_path")):
            scope = {**scope, "path": raw.decode("ascii", "replace")}
        await self._app(scope, receive, send)

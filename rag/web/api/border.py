"""What stands between the guards and the API's routes: failures that nobody foresaw, and paths as they were sent."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.web.access.gate import path_of
from rag.web.problems import UNEXPECTED

_log = logging.getLogger(__name__)
_ARTICLES = "/v1/articles/"
_PAGES_OWN = "/gradio_api/"
"""Below it a GET may take what it reads out of a queue."""


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
            _log.exception("%s %r failed.", scope["method"], scope["path"])
            await UNEXPECTED.response()(scope, receive, send)


class Paths:
    """ASGI middleware that has HEAD answered as GET is, and keeps the paths of articles percent-encoded.

    An article's id may hold a slash. The server leaves the body of a reply to HEAD out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            path = path_of(scope)
            if path.startswith(_ARTICLES):
                scope = {**scope, "path": scope["raw_path"].decode("ascii", "replace")}
            if scope["method"] == "HEAD" and not path.startswith(_PAGES_OWN):
                scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)

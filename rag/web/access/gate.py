"""Who may ask the server what: known hosts, the page's own requests, and the few routes that the page needs."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound
ANY_HOST = "*"

# Gradio serves many more, among them uploads and a proxy; a page without files needs none of those.
_ROUTES = re.compile(
    r"/(?:healthz|config|theme\.css|favicon\.ico|robots\.txt|(?:assets|static)/.+"
    r"|gradio_api/(?:info|heartbeat/[^/]+|queue/(?:join|data)|run/predict|component_server|cancel|reset"
    r"|call/ask(?:/[^/]+)?))?/?"
)


class Gate:
    """ASGI middleware that answers 403 or 404 in the place of the application.

    A name that its owner points at this machine (DNS rebinding) is not a known host. Addresses written as numbers
    cannot be pointed anywhere, so all of them are known when one of the hosts stands for every address.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._named = frozenset(name.strip("[]").lower() for name in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on unless there is a reason not to."""
        from starlette.datastructures import Headers  # noqa: PLC0415 - only a running server needs it
        from starlette.responses import PlainTextResponse  # noqa: PLC0415

        if scope["type"] == "http":
            if refusal := self._refusal(Headers(scope=scope)):
                return await PlainTextResponse(f"{refusal}\n", 403)(scope, receive, send)
            if not _ROUTES.fullmatch(scope["path"]):
                return await PlainTextResponse("There is nothing here.\n", 404)(scope, receive, send)
        return await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> str:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._knows(_name(f"//{host}")):
            return "This server does not go by that name. Whoever runs it can allow the name."
        # A proxy may have put a host of its own in the place of the one that the browser asked.
        if origin is None or _place(origin) == host.lower() or _name(origin) in self._named - LOCAL:
            return ""
        return "Only pages of this server may ask it."

    def _knows(self, name: str) -> bool:
        if ANY_HOST in self._named or name in LOCAL | (self._named - ANY_ADDRESS):
            return True
        return bool(self._named & ANY_ADDRESS) and _is_address(name)


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

"""What the server answers to at all: its own names, its own pages, and the paths that the table of rights names."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.web.access.rights import Right, rights_to
from rag.web.problems import NOWHERE, Problem

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound
ANY_HOST = "*"

_Place = tuple[str, str, int]
_PORTS = {"http": 80, "https": 443}
_PLACE = "dateline.right"


class Gate:
    """ASGI middleware that answers 403, 404 or 405 in the place of the application.

    A name that its owner points at this machine (DNS rebinding) is not a known host. Addresses written as numbers
    cannot be pointed anywhere, so all of them are known when one of the hosts stands for every address.
    """

    def __init__(
        self, app: ASGIApp, rights: tuple[Right, ...], hosts: Collection[str] = (), origins: Collection[str] = ()
    ) -> None:
        self._app = app
        self._rights = rights
        self._named = frozenset(name.strip("[]").lower() for name in hosts)
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on unless there is a reason not to."""
        if scope["type"] == "websocket":
            await receive()
            return await send({"type": "websocket.close", "code": 1008})
        if scope["type"] == "http" and (problem := self._problem(scope)):
            return await problem.response()(scope, receive, send)
        return await self._app(scope, receive, send)

    def _problem(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        if not self._knows(headers):
            detail = "This server does not go by that name. Whoever runs it can allow the name."
            return Problem(status=HTTPStatus.FORBIDDEN, kind="unknown-host", detail=detail)
        allowed = rights_to(path := path_of(scope), self._rights)
        if not allowed or (path.startswith(("/assets/", "/static/")) and ".." in path):
            return NOWHERE
        right = allowed.get(self._method(scope, headers))
        if right is None:
            methods = ", ".join(sorted(allowed))
            detail = f"This is not done here; {methods} would be."
            return Problem(status=405, kind="method-not-allowed", detail=detail, headers={"allow": methods})
        if not self._welcomes(scope, headers, right):
            return Problem(status=403, kind="foreign-page", detail="Only pages of this server may ask it.")
        scope[_PLACE] = right
        return None

    def _method(self, scope: Scope, headers: Headers) -> str:
        """Return the method that is asked for; a preflight of a page that may call asks for another than its own."""
        if scope["method"] == "OPTIONS" and headers.get("origin") in self._origins:
            return headers.get("access-control-request-method", "OPTIONS")
        return str(scope["method"])

    def _welcomes(self, scope: Scope, headers: Headers, right: Right) -> bool:
        origin = headers.get("origin")
        if origin is None or (origin in self._origins and not right.page):
            return True
        asked = _place(f"{scope['scheme']}://{headers['host']}")
        return (page := _place(origin)) is not None and (page == asked or self._shown(page, asked))

    def _shown(self, page: _Place, asked: _Place | None) -> bool:
        """Tell whether a page is ours as an allowed name shows it: its proxy may tell of neither TLS nor the name."""
        scheme, name, port = page
        ports = {_PORTS[scheme], *(asked[2:] if asked else ())}
        weaker = asked is not None and asked[0] == "https" and scheme != "https"
        return name in self._named - LOCAL and port in ports and not weaker

    def _knows(self, headers: Headers) -> bool:
        hosts = headers.getlist("host")
        name = _name(f"//{hosts[0]}") if len(hosts) == 1 else ""
        if not name:
            return False
        if ANY_HOST in self._named or name in LOCAL | (self._named - ANY_ADDRESS):
            return True
        return bool(self._named & ANY_ADDRESS) and _is_address(name)


def path_of(scope: Scope) -> str:
    """Return the path of a request as the table of rights spells it, without the path that a proxy shows us under.

    Under "/v1/articles" it is percent-encoded, as it is to the routes: the id of an article may hold a slash.
    """
    path = _within(str(scope["path"]), scope)
    return _within(scope["raw_path"].decode("ascii", "replace"), scope) if path.startswith("/v1/articles/") else path


def _within(path: str, scope: Scope) -> str:
    root = str(scope.get("root_path", ""))
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def right_of(scope: Scope) -> Right:
    """Return the right that a request makes use of; the gate has put it there."""
    right = scope[_PLACE]
    assert isinstance(right, Right)
    return right


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _place(origin: str) -> _Place | None:
    """Return the scheme, the name and the port of an origin of HTTP."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return parts.scheme, parts.hostname or "", port


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

"""Asks for a key, or for a session that a key opened, and for the scope that a request takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.errors import DatelineError
from rag.records.keys import Keys
from rag.records.sessions import Sessions
from rag.web.access.asker import Asker, asker_of, remember
from rag.web.access.gate import path_of, right_of
from rag.web.access.limits import WrongKeys
from rag.web.problems import Problem, problem_of

COOKIE = "dateline"
_REALM = 'Bearer realm="Dateline"'
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorkeeper:
    """What the guard and the log-in share."""

    keys: Keys
    sessions: Sessions
    wrong: WrongKeys


class KeysGuard:
    """ASGI middleware that answers 400, 401, 403 or 429 where nobody known asks, and tells who it is."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._doorkeeper = doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if its key, or its session, is valid."""
        if scope["type"] != "http" or right_of(scope).scope is None:
            return await self._app(scope, receive, send)
        try:
            found = await self._asker(scope)
        except DatelineError as error:
            found = problem_of(error)
        if isinstance(found, Problem):
            if found.status == 401 and wants_page(scope):
                return await RedirectResponse(f"{scope.get('root_path', '')}/login", 303)(scope, receive, send)
            return await found.response()(scope, receive, send)
        remember(scope, found)
        return await self._app(scope, receive, send)

    async def _asker(self, scope: Scope) -> Asker | Problem:
        headers, address = Headers(scope=scope), asker_of(scope).address
        shown = _shown(headers)
        if len(shown) > 1:
            return Problem(status=400, kind="several-keys", detail="Show one key, in one header.")
        if not shown:
            return await self._in_session(scope, headers, address)
        if (key := await asyncio.to_thread(self._doorkeeper.keys.verify, shown[0])) is None:
            if refusal := self._doorkeeper.wrong.refusal(address):
                return refusal
            detail = "This key is not valid, or not any more; ask whoever runs the server for another."
            return _refused(401, "unauthorized", detail, f'{_REALM}, error="invalid_token"')
        return Asker(address=address, key=key)

    async def _in_session(self, scope: Scope, headers: Headers, address: str) -> Asker | Problem:
        token = session_token(headers)
        key = await asyncio.to_thread(self._doorkeeper.sessions.key, token) if token else None
        if key is None:
            detail = "This takes a key: send the header Authorization: Bearer KEY, or log in at /login."
            return _refused(401, "unauthorized", detail, _REALM)
        if not _from_our_page(scope, headers):
            return Problem(status=403, kind="foreign-page", detail="Only pages of this server may use its sessions.")
        return Asker(address=address, key=key)


class ScopesGuard:
    """ASGI middleware that answers 403 where the key lacks the scope; behind the limits, which count that as well."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if its key allows it."""
        if scope["type"] != "http" or (needed := right_of(scope).scope) is None:
            return await self._app(scope, receive, send)
        if not ((key := asker_of(scope).key) and key.allows(needed)):
            detail = f"This key does not have the scope {needed.value}; ask whoever runs the server for one that has."
            challenge = f'{_REALM}, error="insufficient_scope", scope="{needed.value}"'
            return await _refused(403, "forbidden", detail, challenge).response()(scope, receive, send)
        return await self._app(scope, receive, send)


def session_token(headers: Headers) -> str | None:
    """Return the token of the session that the browser remembers."""
    return cookie_parser("; ".join(headers.getlist("cookie"))).get(COOKIE)


def wants_page(scope: Scope) -> bool:
    """Tell whether a browser asks for the page itself."""
    headers = Headers(scope=scope)
    return scope["method"] == "GET" and path_of(scope) == "/" and "text/html" in headers.get("accept", "")


def _shown(headers: Headers) -> list[str]:
    """Return the keys that a request shows; other schemes of authorization are not ours to judge."""
    bearers = [value.partition(" ") for value in headers.getlist("authorization")]
    return [
        *(token.strip() for scheme, _, token in bearers if scheme.lower() == "bearer"),
        *(value.strip() for value in headers.getlist("x-api-key")),
    ]


def _from_our_page(scope: Scope, headers: Headers) -> bool:
    """Tell whether a browser says that a page of ours sent this, or that the user did; what changes things must."""
    site = headers.get("sec-fetch-site")
    if scope["method"] in _UNSAFE:
        # Older browsers name the origin alone; to what belongs to the page, the gate lets none but ours.
        return site == "same-origin" or (site is None and "origin" in headers and right_of(scope).page)
    return site in {None, "same-origin", "none"} or headers.get("sec-fetch-mode") == "navigate"


def _refused(status: int, kind: str, detail: str, challenge: str) -> Problem:
    return Problem(status=status, kind=kind, detail=detail, headers={"www-authenticate": challenge})

"""The page's log-in: a key opens a session, which the browser remembers in a cookie."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from rag.records.keys import Key, KeyScope
from rag.records.sessions import LASTS
from rag.web.access.asker import asker_of
from rag.web.access.keys import COOKIE, Doorkeeper, session_token

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent / "templates"


def router(doorkeeper: Doorkeeper) -> APIRouter:
    """Return the routes, which are no part of the API's description."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/login")
    async def show(request: Request) -> Response:
        token = session_token(request.headers)
        key = await asyncio.to_thread(doorkeeper.sessions.key, token) if token else None
        return _page(request, key=key)

    @routes.post("/login")
    async def log_in(request: Request, key: str = Form(max_length=200)) -> Response:
        found = await asyncio.to_thread(doorkeeper.keys.verify, key.strip())
        if found is None or not found.allows(KeyScope.ASK):
            if refusal := doorkeeper.wrong.refusal(asker_of(request.scope).address):
                headers = {"retry-after": str(refusal.retry_after)}
                return _page(request, message=refusal.detail, status=refusal.status, headers=headers)
            message = "This key does not open the page: it is not valid, or does not have the scope ask."
            return _page(request, message=message, status=401)
        await _end_session(request)
        token = await asyncio.to_thread(doorkeeper.sessions.open, found)
        return _remembering(request, token)

    @routes.post("/logout")
    async def log_out(request: Request) -> Response:
        await _end_session(request)
        response = RedirectResponse(f"{_root(request)}/login", 303)
        response.delete_cookie(COOKIE, path=f"{_root(request)}/")
        return response

    async def _end_session(request: Request) -> None:
        if token := session_token(request.headers):
            await asyncio.to_thread(doorkeeper.sessions.close, token)

    return routes


def _remembering(request: Request, token: str) -> Response:
    response = RedirectResponse(f"{_root(request)}/", 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LASTS.total_seconds()),
        path=f"{_root(request)}/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


def _page(
    request: Request,
    *,
    key: Key | None = None,
    message: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    template = _environment().get_template("login.html")
    html = template.render(
        root=_root(request),
        name=key.name if key else None,
        message=message,
        style=Markup(_style()),  # noqa: S704 - a file of ours
    )
    # Without a referrer browsers send a form as from nowhere, and the gate lets nothing in from there.
    own = {"content-security-policy": _policy(), "referrer-policy": "same-origin"}
    return HTMLResponse(html, status, {**own, **(headers or {})})


def _policy() -> str:
    """Return a policy that lets this page load nothing but its own style."""
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    own = ("default-src 'none'", f"style-src 'sha256-{digest}'", "img-src data:", "form-action 'self'")
    return "; ".join((*own, "frame-ancestors 'none'", "base-uri 'none'"))


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


@lru_cache(maxsize=1)
def _style() -> str:
    return (_HERE / "login.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only a log-in needs it

    return Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )

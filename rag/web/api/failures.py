"""Failures of a request as problem documents."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from rag.errors import DatelineError, OverloadedError
from rag.web.api.leaving import GoneError
from rag.web.problems import NOWHERE, Problem, problem_of
from rag.wire import Json

_log = logging.getLogger(__name__)
_MOST_MISTAKES = 20
_LONGEST = 200
"""Characters of what is told about one mistake."""
_DETAILS = {
    404: NOWHERE.detail,
    405: "This is not done here; the header Allow says what is.",
}


def handle(app: FastAPI) -> None:
    """Have the application answer failures with problem documents."""
    app.add_exception_handler(DatelineError, _ours)
    app.add_exception_handler(RequestValidationError, _form)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(GoneError, _gone)


def malformed(mistakes: Iterable[Mapping[str, object]]) -> Problem:
    """Return the problem with a request that does not have the form described, from pydantic's list of mistakes."""
    some = list(mistakes)[:_MOST_MISTAKES]
    if some and some[0].get("type") == "json_invalid":
        return Problem(status=400, kind="bad-request", detail="The body is not JSON; send one JSON object.")
    errors: list[dict[str, str]] = [{"where": _where(each), "what": _short(str(each.get("msg", "")))} for each in some]
    first = f"{errors[0]['where']}: {errors[0]['what']}" if errors else "unknown"
    return Problem(
        status=422,
        kind="invalid",
        detail=_short(f"The request does not have the form that is described at /openapi.json ({first})."),
        param=errors[0]["where"] if errors else None,
        extra={"errors": cast("Json", errors)},
    )


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, DatelineError)
    problem = problem_of(error)
    # Refusals of a full workroom are counted, not told one by one.
    if problem.status >= 500 and not isinstance(error, OverloadedError):
        _log.warning("%s %r failed: %s", request.method, request.url.path, error)
    return problem.response()


async def _form(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return malformed(error.errors()).response()


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    detail = _DETAILS.get(error.status_code, error.detail) if error.detail == _phrase(error) else error.detail
    return Problem(status=error.status_code, kind=kind, detail=detail, headers=error.headers or {}).response()


async def _gone(_: Request, __: Exception) -> Response:
    """Nobody reads this; it is for the log."""
    return Response(status_code=499)


def _phrase(error: HTTPException) -> str:
    return HTTPStatus(error.status_code).phrase


def _where(mistake: Mapping[str, object]) -> str:
    place = cast("Sequence[object]", mistake.get("loc", ()))
    return _short(".".join(str(part) for part in (place[1:] or place)))


def _short(text: str) -> str:
    """Names in a request are the caller's own: they may be long, or not even be text."""
    whole = text.encode("utf-8", "replace").decode()
    return whole if len(whole) <= _LONGEST else f"{whole[: _LONGEST - 1]}…"

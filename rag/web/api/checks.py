"""Drafts checked against the articles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from rag.check import LONGEST_DRAFT
from rag.web.api.documenting import problems
from rag.web.api.leaving import unless_gone
from rag.web.api.requests import JSON_BODY, Asked, ScopeAsked
from rag.web.api.schemas import CheckedSent
from rag.web.service import Service
from rag.wire import checked_object


class CheckAsked(Asked):
    """A draft that is to be checked."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_DRAFT, examples=["Drivers face a detour of 14 miles."])]
    scope: ScopeAsked = ScopeAsked()


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1", tags=["answers"], dependencies=[JSON_BODY])

    @routes.post("/checks", summary="Check a draft", response_model=CheckedSent, responses=problems(502, body=True))
    async def check(asked: CheckAsked, request: Request) -> JSONResponse:
        """Give each sentence that claims something a verdict, with the exact words that prove it or come closest.

        Markers and links of the draft itself are not believed. Questions, labels and lines that only lead in claim
        nothing and are left out.
        """
        made = service.check(asked.text, asked.scope.scope())
        return JSONResponse(checked_object(await unless_gone(request, made)))

    return routes

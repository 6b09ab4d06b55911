"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from rag.errors import LibraryError
from rag.web.problems import problem_of
from rag.web.service import Service


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> JSONResponse:
        try:
            return JSONResponse({"status": "ok", "generation": service.desk.library.generation()})
        except LibraryError as error:
            return problem_of(error).response()

    return routes

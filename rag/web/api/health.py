"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from rag.web.api.documenting import NO_KEY, problems
from rag.web.api.readiness import Readiness
from rag.web.api.schemas import HealthSent, ReadinessSent
from rag.web.problems import Problem
from rag.web.service import Service
from rag.wire import readiness_object


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["service"])
    readiness = Readiness(service.desk)

    @routes.get("/healthz", summary="Is the process alive?", response_model=HealthSent, openapi_extra=NO_KEY)
    async def healthz() -> JSONResponse:
        """Answer, whatever state the library and the models are in."""
        return JSONResponse({"status": "ok"})

    @routes.get(
        "/readyz", summary="Can it answer?", response_model=ReadinessSent, responses=problems(), openapi_extra=NO_KEY
    )
    async def readyz() -> JSONResponse:
        """Tell whether the library can be read and the embedding model loaded. Looked at anew every few seconds."""
        state = await readiness.state()
        told = readiness_object(state.generation, state.articles, state.problems)
        if state.ready:
            return JSONResponse({"status": "ready", **told})
        detail = "The service cannot answer now; `checks` says what is missing, the server's log why."
        return Problem(status=503, kind="not-ready", detail=detail, retry_after=5, extra=told).response()

    return routes

"""The answer API: routes under "/v1", and what watches the service."""

from __future__ import annotations

from fastapi import FastAPI, HTTPException

from rag.web.api import answers, articles, checks, documenting, failures, feedback, health, jobs, metrics
from rag.web.api.border import Foreseen, Paths
from rag.web.api.requests import KNOWN_QUERY
from rag.web.service import Service

_DOORS = (health, metrics, answers, articles, jobs, checks, feedback)


def include(app: FastAPI, service: Service) -> None:
    """Add the routes to the application, what turns their failures into problem documents, and their description."""
    for door in _DOORS:
        known = [KNOWN_QUERY] if door not in (health, metrics) else []
        app.include_router(door.router(service), generate_unique_id_function=documenting.name_of, dependencies=known)
    failures.handle(app)
    documenting.describe(app, service.options)
    app.add_middleware(Paths)
    app.add_middleware(Foreseen)


def include_end(app: FastAPI) -> None:
    """Have the API end here: what none of its routes takes must not go to the page's framework, which comes last."""

    @app.api_route("/v1/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    async def nothing() -> None:
        raise HTTPException(404)

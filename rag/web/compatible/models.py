"""The models that can be named."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from rag.web.api.documenting import problems
from rag.web.compatible.refusing import unknown_model
from rag.web.compatible.schemas import ModelSent, ModelsSent
from rag.web.service import Service
from rag.wire import Json

MODEL = "dateline"
"""Answers as the server is configured to."""


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["compatible"])
    known = {name: _model(name) for name in (MODEL, service.desk.embedder.name)}

    @routes.get("/v1/models", summary="List the models", responses=problems(), response_model=ModelsSent)
    async def models() -> Response:
        """List the models: one that answers, and the library's own for embeddings."""
        return JSONResponse({"object": "list", "data": list(known.values())})

    @routes.get("/v1/models/{name:path}", summary="Describe a model", responses=problems(404), response_model=ModelSent)
    async def model(name: str) -> Response:
        """Describe one model."""
        return JSONResponse(known[name]) if name in known else unknown_model(name, MODEL).response()

    return routes


def _model(name: str) -> dict[str, Json]:
    # When a model was made is not known; the clients' types demand a number.
    return {"id": name, "object": "model", "created": 0, "owned_by": "dateline"}

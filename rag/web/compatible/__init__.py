"""The protocol of OpenAI's API, spoken by a desk that cites."""

from __future__ import annotations

from fastapi import FastAPI

from rag.web.compatible import completions, embeddings, models, responses
from rag.web.service import Service

_DOORS = (models, completions, responses, embeddings)


def include(app: FastAPI, service: Service) -> None:
    """Add the routes to the application."""
    for door in _DOORS:
        app.include_router(door.router(service))

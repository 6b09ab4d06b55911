"""What Prometheus reads."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from rag.web.service import Service

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    # Not in the workroom: what watches a busy server must not wait behind its work.
    @routes.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(await asyncio.to_thread(service.metrics.text), media_type=MEDIA_TYPE)

    return routes

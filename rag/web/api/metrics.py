"""What Prometheus reads."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from rag.web.service import Service


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    # Not in the workroom: what watches a busy server must not wait behind its work.
    @routes.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        text, media_type = await asyncio.to_thread(service.metrics.text, accept)
        return Response(text, media_type=media_type)

    return routes

"""Vectors of texts, by the library's own model."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from rag.protocols import Embedder, Vector
from rag.web.api.documenting import problems
from rag.web.api.leaving import unless_gone
from rag.web.api.requests import JSON_BODY
from rag.web.compatible.asked import EmbeddingAsked, ParameterError
from rag.web.compatible.refusing import CompatibleRoute, unknown_model
from rag.web.compatible.schemas import EmbeddingsSent
from rag.web.service import Service
from rag.wire import Json

_AT_ONCE = 8
"""Texts that are embedded before it is looked whether somebody still waits."""


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["compatible"], route_class=CompatibleRoute)
    embedder = service.desk.embedder

    @routes.post(
        "/v1/embeddings",
        summary="Embed texts",
        responses=problems(404, 502, body=True),
        dependencies=[JSON_BODY],
        response_model=EmbeddingsSent,
    )
    async def embed(asked: EmbeddingAsked, request: Request) -> Response:
        """Embed texts as the library's passages are embedded."""
        if asked.model != embedder.name:
            return unknown_model(asked.model, embedder.name).response()
        texts = [asked.input] if isinstance(asked.input, str) else asked.input

        async def vectors() -> list[Vector]:
            made = service.work.stream(lambda: _vectors(embedder, texts, asked.dimensions))
            return [vector async for vector in made]

        found = await unless_gone(request, vectors())
        packed = asked.encoding_format == "base64"
        data: list[Json] = [
            {"object": "embedding", "index": index, "embedding": _base64(vector) if packed else list(vector)}
            for index, vector in enumerate(found)
        ]
        # The embedded model is not paid for by the token, and servers are asked through a client that tells no count.
        usage: Json = {"prompt_tokens": 0, "total_tokens": 0}
        return JSONResponse({"object": "list", "model": embedder.name, "data": data, "usage": usage})

    return routes


def _vectors(embedder: Embedder, texts: Sequence[str], dimensions: int | None) -> Iterator[Vector]:
    if dimensions not in {None, embedder.dimension}:
        line = f"Vectors of {embedder.name} have {embedder.dimension} dimensions; leave it out."
        raise ParameterError(line, "dimensions")
    for start in range(0, len(texts), _AT_ONCE):
        yield from embedder.embed_documents(list(texts[start : start + _AT_ONCE]))


def _base64(vector: Vector) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

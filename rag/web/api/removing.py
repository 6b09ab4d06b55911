"""Articles removed, and with them what the records hold of them."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Header, Response

from rag.errors import ArticleNotFoundError, LibraryLockedError
from rag.protocols import Library
from rag.records import Records
from rag.records.erasing import erase
from rag.web.api.documenting import problems
from rag.web.api.requests import ArticleId
from rag.web.problems import Problem
from rag.web.service import Service

_PATIENCE = 5.0
"""Seconds that another writer of the library is waited for."""
_BETWEEN_TRIES = 0.1

_CHANGED = Problem(
    status=412, kind="changed", detail="The article is not in this version any more; read it again before removing it."
)


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["articles"])

    @routes.delete(
        "/articles/{article_id}",
        status_code=204,
        summary="Remove an article",
        response_class=Response,
        responses=problems(404, 412, 507),
    )
    async def remove_article(article_id: ArticleId, if_match: Annotated[str | None, Header()] = None) -> Response:
        """Remove an article with all its versions, and what feedback quotes of it.

        With `If-Match` it is removed only if that is still its version.
        """
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                gone = await service.work.run(
                    lambda: _remove(service.desk.library, service.records, article_id, if_match)
                )
                return Response(status_code=204) if gone else _CHANGED.response()
            except LibraryLockedError:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(_BETWEEN_TRIES)  # here, where it keeps nobody from the workroom

    return routes


def _remove(library: Library, records: Records, article_id: str, if_match: str | None) -> bool:
    """Remove an article and what the records hold of it; False where it is not in the wanted version.

    Raises ArticleNotFoundError, LibraryError or StorageError.
    """
    try:
        library.versions(article_id)  # what is not there needs no writer
        with library.writing() as writer:
            if if_match is not None and not _matches(if_match, writer.current_version(article_id)):
                return False
            writer.remove(article_id)
    except ArticleNotFoundError:
        erase(records, [article_id])  # a removal may have been cut short between the two
        raise
    erase(records, [article_id])
    return True


def _matches(if_match: str, version: str | None) -> bool:
    wanted = [tag.strip().strip('"') for tag in if_match.split(",")]
    return "*" in wanted or version in wanted

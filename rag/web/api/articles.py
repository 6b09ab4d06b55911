"""The stored articles, to be read."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from rag.question.requests import make_scope
from rag.types import Article, Scope, Span
from rag.web.api import cursor
from rag.web.api.documenting import Responses, headers, problems, replied
from rag.web.api.requests import ArticleId, DateWords, Name
from rag.web.api.schemas import ArticleSent, PageSent, RangeSent, VersionsSent
from rag.web.ranges import demand_range, with_sentences
from rag.web.service import Service
from rag.wire import article_object, page_object, versions_object

_Limit = Annotated[int, Query(ge=1, le=500, description="How many.")]
_Start = Annotated[int | None, Query(ge=0, le=1 << 31, description="The first character, in Unicode code points.")]
_End = Annotated[int | None, Query(ge=0, le=1 << 31, description="Behind the last character, in Unicode code points.")]
_IfNoneMatch = Annotated[str | None, Header(description="An `ETag`: 304 is the answer where it is still the same.")]
_Publishers = Annotated[list[Name], Query(max_length=100, description="Only this outlet; may be repeated.")]
_Version = Annotated[str | None, Query(max_length=100, description="A stored version; the current one otherwise.")]


async def _narrowed(
    publisher: _Publishers = [],  # noqa: B006  FastAPI copies it
    publishers: _Publishers = [],  # noqa: B006
    since: Annotated[DateWords | None, Query(description="Published on or after this date.")] = None,
    until: Annotated[DateWords | None, Query(description="Published on or before this date.")] = None,
) -> Scope:
    return make_scope(since=since, until=until, publishers=[*publisher, *publishers])


_Scope = Annotated[Scope, Depends(_narrowed)]


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/articles", tags=["articles"])
    _list(routes, service)
    _read(routes, service)
    return routes


def _list(routes: APIRouter, service: Service) -> None:
    library = service.desk.library

    @routes.get("", summary="List the articles", response_model=PageSent, responses=problems() | _LISTED)
    async def list_articles(
        request: Request, scope: _Scope, after: cursor.Given = None, limit: _Limit = 100
    ) -> Response:
        """List the current articles, newest first. Articles that come and go meanwhile do not shift the pages."""
        place = cursor.read(after)
        found, total = await service.work.run(
            lambda: (library.articles(scope, limit=limit + 1, after=place), library.count(scope))
        )
        page = found[:limit]
        following = cursor.write(page[-1].source) if len(found) > limit else None
        return JSONResponse(
            page_object(page, total, following), headers=_link(request, following) if following else None
        )


def _read(routes: APIRouter, service: Service) -> None:
    library = service.desk.library

    @routes.get(
        "/{article_id}",
        summary="Read an article, or a range of it",
        response_model=ArticleSent | RangeSent,
        responses=problems(404) | _READ,
    )
    async def read_article(
        article_id: ArticleId,
        version: _Version = None,
        start: _Start = None,
        end: _End = None,
        if_none_match: _IfNoneMatch = None,
    ) -> Response:
        """Read an article as it is stored; with `start` or `end`, that range and the sentences that it touches."""

        def read() -> Response:
            stored = library.article(article_id, version)
            span = None if start is None and end is None else demand_range(stored, start, end)
            tagged = {"etag": _etag(stored, span), "cache-control": "private, no-cache"}
            if _holds(if_none_match, tagged["etag"]):
                return Response(status_code=304, headers=tagged)
            return JSONResponse(with_sentences(stored, span) if span else article_object(stored), headers=tagged)

        return await service.work.run(read)

    @routes.get(
        "/{article_id}/versions",
        summary="List the versions of an article",
        response_model=VersionsSent,
        responses=problems(404) | replied("The versions.", "versions.json"),
    )
    async def list_versions(article_id: ArticleId) -> Response:
        """List all versions of one article, oldest first."""
        return JSONResponse(versions_object(await service.work.run(lambda: library.versions(article_id))))


def _link(request: Request, following: str) -> dict[str, str]:
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    query = urlencode([*asked, ("cursor", following)])
    # The whole address: many clients would join another one to an address of their own.
    return {"link": f'<{request.base_url}v1/articles?{query}>; rel="next"'}


def _etag(article: Article, span: Span | None) -> str:
    return f'"{article.version}"' if span is None else f'"{article.version}:{span.start}-{span.end}"'


def _holds(if_none_match: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or "*" in tags


_TAGGED = headers(("ETag", "The version, and the range where one was asked for."))
_LINKED = headers(("Link", "The address of the next page."))
_UNCHANGED: Responses = {304: {"description": "What `If-None-Match` names is what would be sent.", **_TAGGED}}
_READ = replied("The article, or the range of it.", "article.json", "range.json", also=_TAGGED) | _UNCHANGED
_LISTED = replied("A page of the list.", "articles.json", also=_LINKED)

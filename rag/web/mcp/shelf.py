"""Articles as resources, which a person picks and an assistant reads: ``dateline://articles/ID``."""

from __future__ import annotations

from urllib.parse import quote, unquote

from mcp.types import Resource, ResourceTemplate, TextResourceContents

from rag import plain
from rag.errors import ArticleNotFoundError
from rag.protocols import VersionSummary
from rag.web.mcp.operations import MATERIAL
from rag.web.service import Service

LISTED = 100
"""Articles that are listed, the newest; any other can be read by its id."""
LONGEST_TEXT = 100_000
"""Characters; read_article gives the rest of a longer article."""
_PLACE = "dateline://articles/"
_TEXT = "text/plain"

TEMPLATE = ResourceTemplate(
    uri_template=f"{_PLACE}{{article_id}}",
    name="article",
    title="Article",
    description=f"The current version of a stored article. {MATERIAL}",
    mime_type=_TEXT,
)


class Shelf:
    """The stored articles of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def listed(self) -> list[Resource]:
        """Return the newest articles; raise LibraryError, OverloadedError or ClosingError."""
        library = self._service.desk.library
        return [_named(each) for each in await self._service.work.run(lambda: library.articles(limit=LISTED))]

    async def read(self, uri: str) -> TextResourceContents:
        """Return an article as text; raise ArticleNotFoundError, LibraryError, OverloadedError or ClosingError."""
        library, name = self._service.desk.library, unquote(uri.removeprefix(_PLACE))
        if not uri.startswith(_PLACE):
            raise ArticleNotFoundError(f"Articles have addresses such as {_PLACE}ID; search_articles gives the ids.")
        article, versions = await self._service.work.run(lambda: (library.article(name), library.versions(name)))
        return TextResourceContents(uri=uri, mime_type=_TEXT, text=plain.article_text(article, versions)[:LONGEST_TEXT])


def _named(summary: VersionSummary) -> Resource:
    source = summary.source
    return Resource(
        uri=f"{_PLACE}{quote(source.article_id, safe='')}",
        name=source.article_id,
        title=plain.safe(source.title),
        description=plain.safe(plain.described(source)),
        mime_type=_TEXT,
    )

"""Small articles to fill a library with in tests, one passage for each paragraph, and short ways to search them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rag.protocols import Indexed, Library, Scored
from rag.testing.embedder import HashingEmbedder
from rag.types import Article, Passage, Scope, Source, Span, digest

EMBEDDER = HashingEmbedder(64)
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def made_article(article_id: str, text: str, **source: object) -> Article:
    """Return an article with plain defaults."""
    fields = {"title": f"Title of {article_id}", "publisher": "The Courier", "published": NOON, **source}
    return Article(source=Source(article_id=article_id, **fields), text=text)  # type: ignore[arg-type]


def indexed(article: Article, *, location: str = "", bands: Sequence[str] = (), signature: bytes = b"") -> Indexed:
    """Return the article with one passage for each paragraph, embedded by hashing."""
    passages = tuple(paragraphs(article))
    return Indexed(
        article=article,
        location=location or f"{article.source.article_id}.md",
        passages=passages,
        keys=tuple(digest(EMBEDDER.name, passage.text) for passage in passages),
        vectors=tuple(EMBEDDER.embed_documents([passage.text for passage in passages])),
        signature=signature,
        bands=tuple(bands),
    )


def put(library: Library, *articles: Article) -> None:
    """Store articles in one change."""
    with library.writing() as writer:
        writer.put([indexed(article) for article in articles])


def dense(library: Library, text: str, scope: Scope = Scope(), limit: int = 10) -> list[Scored]:
    """Search by the vector of a text."""
    return library.dense(EMBEDDER.embed_query(text), scope, limit)


def texts(found: Sequence[Scored]) -> list[str]:
    """Return what was found."""
    return [each.passage.text for each in found]


def paragraphs(article: Article) -> Iterator[Passage]:
    """Yield a passage of one sentence for each paragraph."""
    start = 0
    for paragraph in article.text.split("\n\n"):
        end = start + len(paragraph)
        yield Passage(
            source=article.source,
            version=article.version,
            start=start,
            end=end,
            text=paragraph,
            sentences=(Span(start, end),),
        )
        start = end + 2

"""What scorers may look at besides the sample: the articles, and closeness of meaning."""

from __future__ import annotations

from rag.embed import RememberingEmbedder
from rag.errors import ArticleNotFoundError, ConfigurationError
from rag.evaluation.cases import Cited
from rag.protocols import Embedder, Library
from rag.types import Article, Span
from rag.verify import Similarity, by_meaning


class Evidence:
    """The corpus of a suite, for scorers; safe to use from several threads."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self.library = library
        self.similarity: Similarity = by_meaning(RememberingEmbedder(embedder))

    def article(self, article_id: str, version: str | None = None) -> Article | None:
        """Return an article as stored, or None where there is no such article or version."""
        try:
            return self.library.article(article_id, version)
        except ArticleNotFoundError:
            return None

    def article_id(self, reference: str) -> str:
        """Return the id of the article that a suite names; raise ConfigurationError unless it is exactly one."""
        raise ConfigurationError(f"There is no article {reference} in this library.")

    def overlaps(self, cited: Cited, *, article_id: str, version: str, span: Span) -> bool:
        """Tell whether a stretch of a stored version touches the place that a suite names.

        A quote is looked for in that version. A place without quote and range is the whole article.
        """
        raise NotImplementedError

"""Ranges of an article, as they are asked for at every door."""

from __future__ import annotations

from rag.errors import UserError
from rag.sentences import sentences
from rag.types import Article, Span
from rag.wire import Json, range_object


def demand_range(article: Article, start: int | None, end: int | None) -> Span:
    """Return a range, from the beginning and to the end where nothing is said; raise UserError where none is."""
    span = Span(start or 0, len(article.text) if end is None else end)
    if not span.start < span.end <= len(article.text):
        raise UserError(f"There are no characters {span.start}–{span.end}; the article has {len(article.text)}.")
    return span


def with_sentences(article: Article, span: Span) -> dict[str, Json]:
    """Return a range with the whole sentences that it touches, as JSON."""
    touched = [each for each in sentences(article.text) if each.start < span.end and span.start < each.end]
    return range_object(article, span, touched)

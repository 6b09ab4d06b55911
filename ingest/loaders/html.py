"""Reads saved web pages (the home of trafilatura)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ingest.reading import read_text
from ingest.values import Failure, Raw
from rag.errors import UnreadableFileError

if TYPE_CHECKING:
    from trafilatura.settings import Document

_MOST_ELEMENTS = 20_000
"""Of a page that is searched for its article: the search takes a minute for five times as many."""
_ADVICE = "save the page of one article, or its text as .txt."
_NO_ARTICLE = f"There is no article in this page; {_ADVICE}"

_STOPS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")

_PUBLISHED = ("article:published_time", "datePublished", "parsely-pub-date", "dc.date.issued", "pubdate", "date")
_UPDATED = ("article:modified_time", "dateModified", "og:updated_time", "lastmod", "last-modified")


def load(path: Path) -> Iterator[Raw | Failure]:
    """Yield the page's article, with the dates that its markup states; no date is guessed from the page's text."""
    tree, article = _extracted(read_text(path))
    stated = _Stated(tree)
    title = article.title or stated.value("headline")
    yield Raw(
        text=_body(article.text or "", title),
        title=title,
        publisher=article.sitename or stated.value("publisher"),
        author=article.author or stated.value("author"),
        published=stated.first(_PUBLISHED),
        updated=stated.first(_UPDATED),
        url=article.url or "",
        language=tree.get("lang") or "",
    )


class _Element(Protocol):
    """What is used of a page's parsed elements."""

    text: str | None

    def get(self, key: str) -> str | None:
        """Return an attribute."""

    def iter(self, *tags: str) -> Iterator[_Element]:
        """Yield this element and those inside it."""


def _extracted(page: str) -> tuple[_Element, Document]:
    import trafilatura  # noqa: PLC0415  heavy: only where it is used

    tree: _Element | None = trafilatura.load_html(page)
    if tree is None:
        raise UnreadableFileError(_NO_ARTICLE)
    if sum(1 for _ in tree.iter()) > _MOST_ELEMENTS:
        raise UnreadableFileError(f"The page has more than {_MOST_ELEMENTS:,} elements; save its article as .txt.")
    try:
        article = trafilatura.bare_extraction(page, with_metadata=True, include_comments=False)
    except Exception as error:
        raise UnreadableFileError(f"The page cannot be taken apart ({type(error).__name__}); {_ADVICE}") from error
    if article is None or isinstance(article, dict) or not _reads_like_prose(article.text or ""):
        raise UnreadableFileError(_NO_ARTICLE)
    return tree, article


def _reads_like_prose(text: str) -> bool:
    """Tell an article from the menu and buttons of a page that has none."""
    return any(len(line) >= 60 or line.rstrip("\"'”’) ").endswith(_STOPS) for line in text.split("\n"))


def _body(text: str, title: str) -> str:
    """Return the extracted text, one paragraph per line, without the title that it opens with."""
    lines = text.split("\n")
    if title and len(lines) > 1 and lines[0].strip() == title.strip():
        lines = lines[1:]
    return "\n\n".join(lines)


class _Stated:
    """What a page says of itself in its markup: meta elements, microdata, JSON-LD."""

    def __init__(self, tree: _Element) -> None:
        self._tree = tree
        self._article = next(_articles(tree), {})

    def first(self, names: tuple[str, ...]) -> str:
        """Return the first of these that is stated."""
        return next(filter(None, map(self.value, names)), "")

    def value(self, name: str) -> str:
        """Return a property of the article by its name, or ""."""
        return _text(self._article.get(name)) or next(self._marked(name.lower()), "")

    def _marked(self, name: str) -> Iterator[str]:
        for element in self._tree.iter("meta", "time"):
            names = {str(element.get(key) or "").lower() for key in ("property", "name", "itemprop")}
            if name in names:
                yield from filter(None, [element.get("content") or element.get("datetime")])


def _articles(tree: _Element) -> Iterator[dict[str, object]]:
    """Yield the JSON-LD objects that are articles."""
    for script in tree.iter("script"):
        if script.get("type") == "application/ld+json":
            try:
                found = json.loads(script.text or "")
            except (ValueError, RecursionError):
                continue
            yield from (each for each in _objects(found, 4) if "Article" in _text(each.get("@type")))


def _objects(value: object, depth: int) -> Iterator[dict[str, object]]:
    if isinstance(value, list) and depth:
        for each in value:
            yield from _objects(each, depth - 1)
    elif isinstance(value, dict) and depth:
        yield value
        yield from _objects(value.get("@graph"), depth - 1)


def _text(value: object, depth: int = 4) -> str:
    if isinstance(value, list) and depth:
        return ", ".join(filter(None, (_text(each, depth - 1) for each in value[:20])))
    if isinstance(value, dict) and depth:
        return _text(value.get("name"), depth - 1)
    return value if isinstance(value, str) else ""

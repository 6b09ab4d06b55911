"""What scorers may look at besides the sample: the articles, and closeness of meaning."""

from __future__ import annotations

import difflib
import re
import sys
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from rag.embed import RememberingEmbedder
from rag.errors import ArticleNotFoundError, ConfigurationError
from rag.evaluation.suites.cases import Asked, Cited
from rag.protocols import Embedder, Library
from rag.question.requests import make_scope
from rag.types import Article, Citation, Passage, Scope, Source, Span
from rag.verify import Similarity, by_meaning

_REMEMBERED = 512
"""Articles, and versions by scope, that are kept in memory; scorers come back to the few that a case is about."""


_Key = TypeVar("_Key")
_Found = TypeVar("_Found")


class Evidence:
    """The corpus of a suite, for scorers; safe to use from several threads, and sees what others ingest."""

    def __init__(self, library: Library, embedder: Embedder, folder: Path | None = None) -> None:
        self.library = library
        self.folder = folder
        """Where the suite file lies, and the scorers that it brings."""
        self.similarity: Similarity = by_meaning(RememberingEmbedder(embedder))
        self._lock = threading.Lock()
        self._known = _Known(-1, ())

    def article(self, article_id: str, version: str | None = None) -> Article | None:
        """Return an article as stored (its current version unless one is named), or None where there is none."""

        def read() -> Article | None:
            try:
                return self.library.article(article_id, version)
            except ArticleNotFoundError:
                return None

        return self._remembered(self._index().articles, (article_id, version), read)

    def article_id(self, reference: str) -> str:
        """Return the id of the article that a suite names; raise ConfigurationError unless it is exactly one.

        A reference is an id, else an address, else a row id, else a title, each as the current version has it.
        """
        known = self._index()
        wanted = _plain(reference)
        for names in known.names:
            found = names.get(wanted, [])
            if len(found) == 1:
                return found[0]
            if found:
                raise ConfigurationError(f"{len(found)} articles are called {wanted!r}: name one of {_some(found)}.")
        raise ConfigurationError(f"There is no article {wanted!r} in this library{known.suggestion(wanted)}.")

    def scope(self, asked: Asked, now: datetime) -> Scope:
        """Return the limits of a question that is asked now; raise ConfigurationError where one names no article."""
        return make_scope(
            since=asked.since,
            until=asked.until,
            as_of=asked.as_of,
            publishers=asked.publishers,
            article_ids=[self.article_id(reference) for reference in asked.articles],
            now=now,
        )

    def version_readable(self, article_id: str, scope: Scope) -> str | None:
        """Return the version of an article that a scope admits (with `as_of`, the one that then stood), or None."""
        if scope.article_ids and article_id not in scope.article_ids:
            return None

        def read() -> str | None:
            found = self.library.articles(replace(scope, article_ids=(article_id,)), limit=1)
            return found[0].version if found else None

        return self._remembered(self._index().readable, (article_id, scope), read)

    def admits(self, at: Citation | Passage, scope: Scope, generation: int) -> bool:
        """Tell whether a scope admits the version that a place is in.

        That can be told only while the library is in the generation that was searched; after a change it is enough
        that the version is stored.
        """
        article_id, version = at.source.article_id, at.version
        if self.library.generation() != generation:
            return self.article(article_id, version) is not None
        return version == self.version_readable(article_id, scope)

    def places(self, cited: Cited, *, article_id: str, version: str) -> tuple[Span, ...]:
        """Return where, in a stored version, the place that a suite names stands; empty where it does not.

        A quote is looked for in that version; a range is taken as it is. Without either it is the whole article.
        """
        if self.article_id(cited.article) != article_id or cited.version not in {None, version}:
            return ()
        if cited.start is not None and cited.end is not None:
            return (Span(cited.start, cited.end),)
        article = self.article(article_id, version)
        if article is None:
            return ()
        return found_in(article.text, cited.quote) if cited.quote is not None else (Span(0, len(article.text)),)

    def overlaps(self, cited: Cited, at: Citation | Passage) -> bool:
        """Tell whether a citation or passage shares a character with the place that a suite names, in any version.

        Raises ConfigurationError where the suite names no article, or more than one.
        """
        places = self.places(cited, article_id=at.source.article_id, version=at.version)
        return any(max(place.start, at.start) < min(place.end, at.end) for place in places)

    def meets(self, cited: Cited, at: Citation | Passage, *, scope: Scope, generation: int) -> bool:
        """Tell the same of the version that the suite names, and where it names none of the one that a scope admits."""
        return self.overlaps(cited, at) and (cited.version is not None or self.admits(at, scope, generation))

    def _remembered(self, known: OrderedDict[_Key, _Found], key: _Key, read: Callable[[], _Found]) -> _Found:
        with self._lock:
            if key in known:
                known.move_to_end(key)
                return known[key]
        found = read()
        with self._lock:
            known[key] = found
            while len(known) > _REMEMBERED:
                known.popitem(last=False)
        return found

    def _index(self) -> _Known:
        generation = self.library.generation()
        with self._lock:
            if self._known.generation != generation:
                sources = [each.source for each in self.library.articles(limit=sys.maxsize)]
                self._known = _Known(generation, sources)
            return self._known


def found_in(text: str, quote: str) -> tuple[Span, ...]:
    """Return where a quote stands in an article's text: every place, to the character.

    Quote and text must be equal but for composition of characters (NFC, which article text is in) and for how wide
    the space between words is, so that a quote may be folded over lines. Curly and straight quotation marks differ.
    """
    words = unicodedata.normalize("NFC", quote).split()
    if not words:
        return ()
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    return tuple(Span(*match.span()) for match in pattern.finditer(text))


def reference(source: Source) -> str:
    """Return what a suite should call an article by, such that a library made anew from the same files knows it.

    Ids are made of addresses, or of publisher, title and date; of the place of a file only where these are missing.
    """
    if source.url:
        return source.url
    if source.publisher and source.published and not source.title_derived:
        return source.article_id
    return source.origin_id or (source.article_id if source.title_derived else source.title)


class _Known:
    """What the articles of one generation of the library are called."""

    def __init__(self, generation: int, sources: Sequence[Source]) -> None:
        self.generation = generation
        self.articles: OrderedDict[tuple[str, str | None], Article | None] = OrderedDict()
        self.readable: OrderedDict[tuple[str, Scope], str | None] = OrderedDict()
        self._suggested = 0
        self.names: tuple[dict[str, list[str]], ...] = tuple(
            _grouped([(name, source.article_id) for source, name in zip(sources, names, strict=True) if name])
            for names in (
                [source.article_id for source in sources],
                [source.url for source in sources],
                [source.origin_id for source in sources],
                [source.title for source in sources],
            )
        )

    def suggestion(self, wanted: str) -> str:
        """Return the nearest names, as the end of a sentence."""
        if not self.names[0]:
            return ", which is empty; ingest the suite's articles first"
        self._suggested += 1
        if self._suggested > _SUGGESTED:
            return ""
        shortened = {name.casefold()[:_LONGEST]: name for names in reversed(self.names) for name in names}
        near = difflib.get_close_matches(wanted.casefold()[:_LONGEST], shortened, n=3, cutoff=0.6)
        return f"; the nearest are {_some([shortened[name] for name in near])}" if near else ""


_SUGGESTED = 20
"""So many wrong names are compared with all right ones, which takes a while; with more, the library is wrong."""
_LONGEST = 120
"""Characters of a name that are compared: addresses and titles differ early."""


def _grouped(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, article_id in pairs:
        found.setdefault(_plain(name), []).append(article_id)
    return found


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

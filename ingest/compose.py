"""Makes an article of what a loader found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ingest.clean import clean, clean_line
from ingest.dates import moment
from ingest.identity import canonical_url, identity
from ingest.values import Failure, Origin, Raw
from rag.errors import UnreadableFileError
from rag.sentences import sentences
from rag.types import Article, Source

LONGEST = 5_000_000
"""Characters of one article's text; that is more than the longest novels have."""
_LONGEST_FIELD = 2_000
"""Characters of a title or another field; what is beyond them is left out."""
_TITLE_LENGTH = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """An article, and what is to be known of it before it is stored."""

    article: Article
    own: str | None
    """The name that it takes if another article bears its name (see `ingest.identity`)."""
    remarks: tuple[Failure, ...]
    """About fields that could not be used."""


def compose(raw: Raw, origin: Origin) -> Composed:
    """Return what a loader found as an article; raise UnreadableFileError when there is no text in it."""
    if len(raw.text) > LONGEST:
        raise UnreadableFileError(f"It is longer than {LONGEST:,} characters; no article is, so split it.")
    raw = _tidied(replace(raw, url=origin.url or raw.url))
    if not any(map(str.isalnum, raw.text)):
        raise UnreadableFileError("There is no text in it; add the article's text or leave it out.")
    published, updated = moment(raw.published), moment(raw.updated)
    named = identity(raw, published, origin)
    source = Source(
        article_id=named.name,
        title=raw.title or derived_title(raw.text),
        title_derived=not raw.title,
        publisher=raw.publisher or None,
        published=published,
        updated=updated,
        url=raw.url if canonical_url(raw.url) else None,
        author=raw.author or None,
        language=raw.language or None,
        origin_id=raw.origin_id or None,
    )
    article = Article(source=source, text=raw.text)
    return Composed(article=article, own=named.own, remarks=tuple(_remarks(raw, source, origin.name)))


def _tidied(raw: Raw) -> Raw:
    lines = {
        name: clean_line(getattr(raw, name)[:_LONGEST_FIELD])
        for name in ("title", "publisher", "author", "published", "updated", "url", "language", "origin_id")
    }
    return replace(raw, text=clean(raw.text), **lines)


def derived_title(text: str) -> str:
    """Return the first sentence, shortened at a word."""
    opening = text[:2000]
    first = next(iter(sentences(opening)))
    title = opening[first.start : first.end]
    if len(title) <= _TITLE_LENGTH:
        return title
    kept = title[: _TITLE_LENGTH - 1]
    return (kept.rsplit(None, 1)[0] if " " in kept else kept).rstrip(" ,;:–—-") + "…"


def _remarks(raw: Raw, source: Source, path: Path | str) -> list[Failure]:
    def remark(name: str, value: str, advice: str) -> Failure:
        return Failure(path=path, place=raw.place, reason=f"{name} {value[:60]!r} was not used; {advice}")

    dated = "write it as 2023-11-09 or 9 November 2023."
    found = []
    if raw.published and not source.published:
        found.append(remark("The publication date", raw.published, dated))
    if raw.updated and not source.updated:
        found.append(remark("The date of the update", raw.updated, dated))
    if raw.url and not source.url:
        found.append(remark("The address", raw.url, "write a whole one that begins with http:// or https://."))
    return found

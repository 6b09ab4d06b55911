"""Names articles: one name for all versions of an article, and another for every other article."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from ingest.values import Origin, Raw
from rag.types import digest

_TRACKING = {"fbclid", "gclid", "msclkid", "dclid", "mc_cid", "mc_eid", "igshid", "cmpid"}


def canonical_url(url: str) -> str | None:
    """Return the form that all spellings of one web address share, or None for what is no web address."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return None
    place = host if port in {None, 80, 443} else f"{host}:{port}"
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name.lower() not in _TRACKING and not name.startswith("utm_")]
    query = f"?{urlencode(kept)}" if kept else ""
    return f"https://{place}{parts.path.rstrip('/')}{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an article is named by."""

    name: str
    own: str | None = None
    """The name that it has instead if another article bears `name`; None when `name` is its own beyond doubt."""


def identity(raw: Raw, published: datetime | None, origin: Origin) -> Identity:
    """Return how an article is named: by its address; else by publisher, title, date and row id; else by its file.

    Publisher, title and date without a row id leave a doubt: an outlet may print two reports under one heading on one
    day. The name of an uploaded file leaves one too, because two people may call two files alike. A row that has
    nothing but its text is named by its file and its text, so that rows above it can come and go.
    """
    url = canonical_url(raw.url)
    if url:
        return Identity(name=digest("url", url))
    own = _own(raw, origin)
    if raw.publisher and raw.title and published:
        story = digest("story", raw.publisher, raw.title, published.isoformat(), raw.origin_id)
        return Identity(name=story, own=None if raw.origin_id else own)
    if origin.uploaded and not raw.place and not raw.origin_id:
        return Identity(name=digest("file", origin.location), own=own)
    return Identity(name=own)


def _own(raw: Raw, origin: Origin) -> str:
    file = origin.location
    if raw.origin_id:
        return digest("row", file, raw.origin_id)
    if raw.place or origin.uploaded:
        return digest("text", file, raw.title, raw.text)
    return digest("file", file)

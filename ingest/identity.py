"""Names articles: one name for all versions of an article, and never one name for two articles."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from ingest.names import path_text
from ingest.values import Raw
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


def article_id(raw: Raw, published: datetime | None, path: Path, text: str) -> str:
    """Return the article's name: of its address; else of publisher, title, date and row id; else of its file.

    A row that has nothing but its text is named by its file and its text, so that rows above it can come and go.
    """
    url = canonical_url(raw.url)
    if url:
        return digest("url", url)
    if raw.publisher and raw.title and published:
        return digest("story", raw.publisher, raw.title, published.isoformat(), raw.origin_id)
    file = path_text(path.resolve())
    if raw.origin_id:
        return digest("row", file, raw.origin_id)
    if raw.place:
        return digest("text", file, raw.title, text)
    return digest("file", file)

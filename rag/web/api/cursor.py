"""Where a page of the list of articles ended, as a word that means nothing to whoever carries it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

from rag.errors import UserError
from rag.protocols import Place
from rag.types import Source


def write(last: Source) -> str:
    """Return the cursor of what follows an article."""
    published = last.published.astimezone(UTC).isoformat() if last.published else None
    return urlsafe_b64encode(json.dumps([published, last.article_id]).encode()).decode().rstrip("=")


def read(cursor: str | None) -> Place | None:
    """Return the place that a cursor names; raise UserError for anything that we did not write."""
    if cursor is None:
        return None
    try:
        match json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))):
            case [None, str(article_id)]:
                return Place(None, article_id.encode().decode())
            case [str(published), str(article_id)]:
                return Place(datetime.fromisoformat(published).astimezone(UTC), article_id.encode().decode())
    except (ValueError, OverflowError, RecursionError):
        pass
    raise UserError("The cursor is not one of ours; start again without it.")

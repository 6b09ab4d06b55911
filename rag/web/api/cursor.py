"""Where a page of a list ended, as a word that means nothing to whoever carries it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query

from rag.errors import UserError
from rag.protocols import Place
from rag.types import Source

Given = Annotated[
    str | None, Query(alias="cursor", max_length=2000, description="The `next` of the page before this one.")
]
"""The parameter of routes that list."""
_LARGEST = 1 << 62


def write(last: Source) -> str:
    """Return the cursor of what follows an article."""
    return _packed([last.published.astimezone(UTC).isoformat() if last.published else None, last.article_id])


def read(cursor: str | None) -> Place | None:
    """Return the place that a cursor names; raise UserError for anything that we did not write."""
    if cursor is None:
        return None
    try:
        match _unpacked(cursor):
            case [None, str(article_id)]:
                return Place(None, article_id.encode().decode())
            case [str(published), str(article_id)]:
                return Place(datetime.fromisoformat(published).astimezone(UTC), article_id.encode().decode())
    except (ValueError, OverflowError, RecursionError):
        pass
    raise _not_ours()


def write_number(kind: str, number: int) -> str:
    """Return the cursor of what follows a record of some kind."""
    return _packed([kind, number])


def read_number(kind: str, cursor: str | None) -> int | None:
    """Return the number of the record that a cursor of this kind names; raise UserError for any other."""
    if cursor is None:
        return None
    try:
        match _unpacked(cursor):
            case [str(named), int(number)] if named == kind and 0 < number < _LARGEST:
                return number
    except (ValueError, RecursionError):
        pass
    raise _not_ours()


def _packed(place: list[str | int | None]) -> str:
    return urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _unpacked(cursor: str) -> object:
    return json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))


def _not_ours() -> UserError:
    return UserError("The cursor is not one of ours; start again without it.")

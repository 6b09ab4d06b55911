"""Feedback: what readers say about answers, with the answer that they saw."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from rag.records.store import Records

if TYPE_CHECKING:
    from rag.wire import Json

MOST_KEPT = 100_000

TABLE = """CREATE TABLE IF NOT EXISTS feedback (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, created TEXT NOT NULL, caller TEXT NOT NULL,
    rating TEXT NOT NULL, kind TEXT, marker INTEGER, comment TEXT, correction TEXT, answer TEXT
) STRICT"""
ARTICLES = """CREATE TABLE IF NOT EXISTS feedback_articles (
    feedback INTEGER NOT NULL, article_id TEXT NOT NULL, PRIMARY KEY (article_id, feedback)
) STRICT, WITHOUT ROWID"""

Rating = Literal["up", "down"]
Kind = Literal["wrong", "unsupported", "incomplete", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What one reader says about one answer."""

    rating: Rating
    answer: Mapping[str, Json] | None
    """The answer that it is about, as it was sent back; None once an article that it quotes was removed."""
    kind: Kind | None = None
    """What is wrong with it."""
    marker: int | None = None
    """The citation that it is about."""
    comment: str | None = None
    correction: str | None = None
    """What it should have said."""
    caller: str = ""
    id: str = ""
    number: int = 0
    """Its place among all feedback, from the oldest on."""
    created: datetime | None = None


class FeedbackStore:
    """All feedback; safe for threads and processes, and raises StorageError."""

    def __init__(self, records: Records) -> None:
        self._records = records
        with records.transaction() as connection:
            connection.execute(TABLE)
            connection.execute(ARTICLES)

    def add(self, given: Feedback, article_ids: Sequence[str]) -> str:
        """Keep feedback on an answer that quotes these articles, and return its id."""
        made = f"fb_{secrets.token_hex(12)}"
        answer = json.dumps(given.answer, ensure_ascii=False)
        row = (made, datetime.now(UTC).isoformat(), given.caller, given.rating, given.kind, given.marker)
        with self._records.transaction() as connection:
            number = connection.execute(
                "INSERT INTO feedback (id, created, caller, rating, kind, marker, comment, correction, answer) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, given.comment, given.correction, answer),
            ).lastrowid
            connection.executemany(
                "INSERT INTO feedback_articles (feedback, article_id) VALUES (?, ?)",
                [(number, article_id) for article_id in dict.fromkeys(article_ids)],
            )
            for table, column in (("feedback", "number"), ("feedback_articles", "feedback")):
                connection.execute(f"DELETE FROM {table} WHERE {column} <= ?", ((number or 0) - MOST_KEPT,))  # noqa: S608
        return made

    def list(self, *, limit: int, before: int | None = None, rating: Rating | None = None) -> Sequence[Feedback]:
        """Return the latest feedback, newest first; only that of lower numbers than one, or with this rating."""
        rows = self._records.read(
            "SELECT * FROM feedback WHERE number < coalesce(?, 1 << 62) AND rating = coalesce(?, rating) "
            "ORDER BY number DESC LIMIT ?",
            before,
            rating,
            limit,
        )
        return [_feedback(row) for row in rows]


def _feedback(row: sqlite3.Row) -> Feedback:
    return Feedback(
        id=row["id"],
        number=row["number"],
        created=datetime.fromisoformat(row["created"]),
        caller=row["caller"],
        rating=row["rating"],
        kind=row["kind"],
        marker=row["marker"],
        comment=row["comment"],
        correction=row["correction"],
        answer=json.loads(row["answer"]) if row["answer"] else None,
    )

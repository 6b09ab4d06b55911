"""Changes to the catalog; each runs inside a transaction that its caller commits."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rag.errors import LibraryError
from rag.library import catalog
from rag.library.connections import as_json
from rag.library.exact import packed
from rag.library.scoping import microseconds
from rag.protocols import Indexed
from rag.types import Passage, Source
from rag.words import content_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Where a version lies in the catalog."""

    number: int
    passages: int


def current(connection: sqlite3.Connection, article_id: str) -> Stored | None:
    """Return the current version of an article."""
    row = connection.execute(
        "SELECT number, passages FROM version WHERE article_id = ? AND current = 1", (article_id,)
    ).fetchone()
    return Stored(number=row[0], passages=row[1]) if row else None


def checked(item: Indexed) -> Indexed:
    """Return the item; raise LibraryError if its parts do not belong together."""
    parts = len(item.passages), len(item.keys), len(item.vectors)
    text, version = item.article.text, item.article.version
    exact = all(text[each.start : each.end] == each.text and each.version == version for each in item.passages)
    if len(set(parts)) != 1 or not exact:
        raise LibraryError(f"The passages of {item.location} do not match its text; nothing of this batch was stored.")
    return item


def store(connection: sqlite3.Connection, item: Indexed) -> None:
    """Make this the current version of its article; when all of a change is stored, `let_stand` has to follow."""
    article_id = item.article.source.article_id
    known = connection.execute(
        "SELECT number FROM version WHERE article_id = ? AND version = ?", (article_id, item.article.version)
    ).fetchone()
    connection.execute("UPDATE version SET current = 0 WHERE article_id = ? AND current = 1", (article_id,))
    orphans: list[int] = []
    if known:
        number = int(known[0])
        orphans = _drop_passages(connection, number)
        _refresh(connection, number, item)
    else:
        number = _insert(connection, item)
        _begin(connection, number, item.article.source)
    _add_passages(connection, number, item)
    _drop_unused(connection, orphans)
    _set_bands(connection, number, item)
    place(connection, item.location, article_id, item.article.version)


def let_stand(connection: sqlite3.Connection, article_id: str) -> None:
    """Let the current version stand from now on, unless it is what stands last already, or nothing has a date."""
    now, last = time.time_ns() // 1000, _last_period(connection, article_id)
    if last and not last[1]:
        # What was withdrawn before its moment came never stood.
        connection.execute(
            "DELETE FROM period WHERE article_id = ? AND stands_from > ? "
            "AND version IN (SELECT number FROM version WHERE article_id = period.article_id AND current = 0)",
            (article_id, now),
        )
        last = _last_period(connection, article_id)
    if last and not last[1]:
        connection.execute(
            "INSERT INTO period (article_id, stands_from, version) "
            "SELECT article_id, ?, number FROM version WHERE article_id = ? AND current = 1",
            (max(now, last[0] + 1), article_id),
        )


def remove(connection: sqlite3.Connection, article_id: str) -> None:
    """Remove an article with all its versions; raise ArticleNotFoundError."""
    numbers = [row[0] for row in connection.execute("SELECT number FROM version WHERE article_id = ?", (article_id,))]
    if not numbers:
        raise catalog.absent(article_id)
    for number in numbers:
        orphans = _drop_passages(connection, number)
        _drop_unused(connection, orphans)
        connection.execute("DELETE FROM band WHERE version = ?", (number,))
    connection.execute("DELETE FROM period WHERE article_id = ?", (article_id,))
    connection.execute("DELETE FROM version WHERE article_id = ?", (article_id,))
    connection.execute("DELETE FROM location WHERE article_id = ?", (article_id,))
    connection.execute("UPDATE version SET duplicate_of = NULL WHERE duplicate_of = ?", (article_id,))


def place(connection: sqlite3.Connection, location: str, article_id: str, version: str) -> None:
    """Record what a location gave."""
    connection.execute(
        "INSERT INTO location (location, article_id, version) VALUES (?, ?, ?) ON CONFLICT (location) "
        "DO UPDATE SET article_id = excluded.article_id, version = excluded.version",
        (location, article_id, version),
    )


def drop_orphans(connection: sqlite3.Connection) -> None:
    """Delete vectors that no passage uses."""
    connection.execute("DELETE FROM vector WHERE number NOT IN (SELECT vector FROM passage)")


def note_pending(connection: sqlite3.Connection, slots: Sequence[tuple[str, int]]) -> int:
    """Write into the journal which slots a change is about to touch; return the entry's number."""
    number = connection.execute("INSERT INTO journal (slots) VALUES (?)", (as_json(slots),)).lastrowid
    return number or 0


def strike_pending(connection: sqlite3.Connection, number: int | None = None) -> None:
    """Take one entry, or all, out of the journal."""
    connection.execute("DELETE FROM journal WHERE number = coalesce(?, number)", (number,))


def _insert(connection: sqlite3.Connection, item: Indexed) -> int:
    source = item.article.source
    columns = {
        **_fields(item),
        "article_id": source.article_id,
        "version": item.article.version,
        "characters": len(item.article.text),
        "text": item.article.text,
    }
    names, marks = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    cursor = connection.execute(f"INSERT INTO version ({names}) VALUES ({marks})", columns)  # noqa: S608
    return cursor.lastrowid or 0


def _refresh(connection: sqlite3.Connection, number: int, item: Indexed) -> None:
    columns = _fields(item)
    sets = ", ".join(f"{name} = :{name}" for name in columns)
    connection.execute(f"UPDATE version SET {sets} WHERE number = :number", {**columns, "number": number})  # noqa: S608


def _fields(item: Indexed) -> dict[str, str | int | bytes | None]:
    source = item.article.source
    return {
        "current": 1,
        "title": source.title,
        "title_derived": int(source.title_derived),
        "publisher": source.publisher,
        "publisher_folded": source.publisher.casefold() if source.publisher is not None else None,
        "published": microseconds(source.published) if source.published else None,
        "updated": microseconds(source.updated) if source.updated else None,
        "url": source.url,
        "author": source.author,
        "language": source.language,
        "origin_id": source.origin_id,
        "passages": len(item.passages),
        "duplicate_of": item.duplicate_of,
        "signature": item.signature,
    }


def _begin(connection: sqlite3.Connection, number: int, source: Source) -> None:
    """Let a new version stand from its own moment, unless an earlier one claims the same."""
    moments = [moment for moment in (source.published, source.updated) if moment]
    if moments:
        connection.execute(
            "INSERT OR IGNORE INTO period (article_id, stands_from, version) VALUES (?, ?, ?)",
            (source.article_id, max(map(microseconds, moments)), number),
        )


def _last_period(connection: sqlite3.Connection, article_id: str) -> tuple[int, bool] | None:
    """Return when it begins, and whether it is the current version's."""
    row = connection.execute(
        "SELECT p.stands_from, v.current FROM period p JOIN version v ON v.number = p.version "
        "WHERE p.article_id = ? ORDER BY p.stands_from DESC LIMIT 1",
        (article_id,),
    ).fetchone()
    return (int(row[0]), bool(row[1])) if row else None


def _add_passages(connection: sqlite3.Connection, number: int, item: Indexed) -> None:
    title = _terms(item.article.source.title)
    for ordinal, (passage, key, vector) in enumerate(zip(item.passages, item.keys, item.vectors, strict=True)):
        connection.execute("INSERT OR IGNORE INTO vector (key, data) VALUES (?, ?)", (key, packed(vector)))
        cursor = connection.execute(
            "INSERT INTO passage (version, ordinal, start, stop, sentences, vector) "
            "VALUES (?, ?, ?, ?, ?, (SELECT number FROM vector WHERE key = ?))",
            (number, ordinal, passage.start, passage.end, _offsets(passage), key),
        )
        connection.execute(
            "INSERT INTO lexical (rowid, title, body) VALUES (?, ?, ?)", (cursor.lastrowid, title, _terms(passage.text))
        )


def _drop_passages(connection: sqlite3.Connection, number: int) -> list[int]:
    """Return the vectors that may be unused now."""
    rows = connection.execute("SELECT number, vector FROM passage WHERE version = ?", (number,)).fetchall()
    connection.executemany("DELETE FROM lexical WHERE rowid = ?", [(passage,) for passage, _ in rows])
    connection.execute("DELETE FROM passage WHERE version = ?", (number,))
    return [vector for _, vector in rows]


def _drop_unused(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    connection.executemany(
        "DELETE FROM vector WHERE number = ? AND NOT EXISTS (SELECT 1 FROM passage WHERE vector = vector.number)",
        [(number,) for number in numbers],
    )


def _set_bands(connection: sqlite3.Connection, number: int, item: Indexed) -> None:
    connection.execute(
        "DELETE FROM band WHERE version IN (SELECT number FROM version WHERE article_id = ?)",
        (item.article.source.article_id,),
    )
    rows = [(band, number) for band in dict.fromkeys(item.bands)]
    connection.executemany("INSERT INTO band (band, version) VALUES (?, ?)", rows)


def _offsets(passage: Passage) -> str:
    return as_json([offset for span in passage.sentences for offset in span])


def _terms(text: str) -> str:
    return " ".join(content_words(text))

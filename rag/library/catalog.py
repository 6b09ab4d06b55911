"""Questions to the catalog; each takes a connection that sees one moment of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.errors import ArticleNotFoundError
from rag.library.connections import as_json
from rag.library.scoping import admitted, following, moment_of
from rag.protocols import Place, Scored, VersionSummary
from rag.types import Article, Passage, Scope, Source, Span
from rag.words import content_words

TITLE_WEIGHT = 0.5
"""Of a term in the title, beside one in the passage, in BM25: best on 342 news stories, by little."""
_MOST_TERMS = 128
"""FTS5 limits the depth of a query; a question this long is told by its first terms."""
_SOURCE = (
    "v.article_id, v.title, v.title_derived, v.publisher, v.published, v.updated, v.url, v.author, v.language, "
    "v.origin_id"
)
_PASSAGE_ID = "v.article_id || ':' || v.version || ':' || p.start || '-' || p.stop"
_TIES = 100
"""So many equal scores at the edge are put in order without searching again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the vector index holds of one passage."""

    slot: str
    vector: bytes
    passage: Passage


def publishers(connection: sqlite3.Connection) -> list[str]:
    """Return the distinct publishers of current articles, sorted."""
    rows = connection.execute("SELECT DISTINCT publisher FROM version WHERE current = 1 AND publisher IS NOT NULL")
    return sorted(str(row[0]) for row in rows)


def count(connection: sqlite3.Connection, scope: Scope) -> int:
    """Return how many articles the scope admits."""
    return _number(connection, "SELECT count(*)", scope)


def count_passages(connection: sqlite3.Connection, scope: Scope) -> int:
    """Return how many passages the scope admits."""
    return _number(connection, "SELECT coalesce(sum(v.passages), 0)", scope)


def articles(
    connection: sqlite3.Connection, scope: Scope, window: tuple[int, int], after: Place | None = None
) -> list[VersionSummary]:
    """Return the versions in scope, newest publication first, undated last; `window` is how many, after how many."""
    where, place = admitted(scope), following(after)
    limit, offset = (max(0, size) for size in window)
    rows = connection.execute(
        f"SELECT v.version, v.current, v.characters, v.passages, {_SOURCE} FROM version v "  # noqa: S608
        f"WHERE {where.condition} AND {place.condition} "
        "ORDER BY v.published DESC NULLS LAST, v.article_id LIMIT :limit OFFSET :offset",
        {**where.values, **place.values, "limit": limit, "offset": offset},
    )
    return [_summary(row) for row in rows]


def versions(connection: sqlite3.Connection, article_id: str) -> list[VersionSummary]:
    """Return all versions of one article in the order in which they first stood; raise ArticleNotFoundError."""
    rows = connection.execute(
        f"SELECT v.version, v.current, v.characters, v.passages, {_SOURCE} FROM version v "  # noqa: S608
        "LEFT JOIN (SELECT version, min(stands_from) AS first FROM period WHERE article_id = :id GROUP BY version) p "
        "ON p.version = v.number WHERE v.article_id = :id ORDER BY coalesce(p.first, v.number), v.number",
        {"id": article_id},
    )
    found = [_summary(row) for row in rows]
    if not found:
        raise absent(article_id)
    return found


def article(connection: sqlite3.Connection, article_id: str, version: str | None) -> Article:
    """Return an article as stored, the current version unless one is named; raise ArticleNotFoundError."""
    row = connection.execute(
        f"SELECT v.text, {_SOURCE} FROM version v "  # noqa: S608
        "WHERE v.article_id = :id AND CASE WHEN :version IS NULL THEN v.current = 1 ELSE v.version = :version END",
        {"id": article_id, "version": version},
    ).fetchone()
    if row is None:
        raise absent(article_id, version)
    return Article(source=_source(row[1:]), text=row[0])


def selection(connection: sqlite3.Connection, scope: Scope) -> list[tuple[int, int]]:
    """Return (passage number, vector number) of every passage in scope."""
    where = admitted(scope)
    return connection.execute(
        f"SELECT p.number, p.vector FROM version v JOIN passage p ON p.version = v.number WHERE {where.condition}",  # noqa: S608
        where.values,
    ).fetchall()


def in_slots(connection: sqlite3.Connection, slots: Sequence[str], scope: Scope) -> list[tuple[int, int]]:
    """Return (passage number, vector number) of those current passages that lie in these slots and in scope."""
    where = admitted(scope)
    return connection.execute(
        "SELECT p.number, p.vector FROM json_each(:slots) s "  # noqa: S608
        "CROSS JOIN version v ON v.article_id = json_extract(s.value, '$[0]') AND v.current = 1 "
        "CROSS JOIN passage p ON p.version = v.number AND p.ordinal = json_extract(s.value, '$[1]') "
        f"WHERE {where.condition}",
        {**where.values, "slots": as_json([parse_slot(slot) for slot in slots])},
    ).fetchall()


def newest(connection: sqlite3.Connection, scope: Scope, most: int) -> list[tuple[int, int]]:
    """Return (passage number, vector number) of those among the passages stored last that are in scope."""
    where = admitted(scope)
    return connection.execute(
        "SELECT p.number, p.vector FROM passage p CROSS JOIN version v ON v.number = p.version "  # noqa: S608
        f"WHERE p.number > (SELECT max(number) FROM passage) - :most AND {where.condition}",
        {**where.values, "most": most},
    ).fetchall()


def vectors(connection: sqlite3.Connection, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield (number, data) of these vectors."""
    yield from connection.execute(
        "SELECT v.number, v.data FROM json_each(?) s CROSS JOIN vector v ON v.number = s.value", (as_json(numbers),)
    )


def vectors_after(connection: sqlite3.Connection, number: int) -> Iterator[tuple[int, bytes]]:
    """Yield (number, data) of all vectors with a higher number, in order."""
    yield from connection.execute("SELECT number, data FROM vector WHERE number > ? ORDER BY number", (number,))


def count_vectors(connection: sqlite3.Connection) -> int:
    """Return how many vectors are stored."""
    return int(connection.execute("SELECT count(*) FROM vector").fetchone()[0])


def count_vectors_after(connection: sqlite3.Connection, number: int, most: int) -> int:
    """Return how many vectors have a higher number, counting no further than to `most`."""
    query = "SELECT count(*) FROM (SELECT 1 FROM vector WHERE number > ? LIMIT ?)"
    return int(connection.execute(query, (number, most)).fetchone()[0])


def passages(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, Passage]:
    """Return the passages with these numbers; each article's text is read once."""
    rows = connection.execute(
        "SELECT p.number, p.version, p.start, p.stop, p.sentences "
        "FROM json_each(?) s CROSS JOIN passage p ON p.number = s.value",
        (as_json(numbers),),
    ).fetchall()
    owners = {
        row[0]: (row[1], row[2], _source(row[3:]))
        for row in connection.execute(
            f"SELECT v.number, v.version, v.text, {_SOURCE} "  # noqa: S608
            "FROM json_each(?) s CROSS JOIN version v ON v.number = s.value",
            (as_json(sorted({row[1] for row in rows})),),
        )
    }
    return {row[0]: _passage(owners[row[1]], row[2:]) for row in rows}


def lexical(connection: sqlite3.Connection, query: str, scope: Scope, limit: int) -> list[Scored]:
    """Return the passages in scope best by BM25, ties by passage id."""
    terms = list(dict.fromkeys(term for word in content_words(query) for term in fts_terms(word)))[:_MOST_TERMS]
    if not terms or limit < 1:
        return []
    words = " OR ".join(f'"{term}"' for term in terms)
    rows = _matching(connection, words, scope, limit + _TIES)
    if len(rows) == limit + _TIES and rows[-1][1] == rows[limit - 1][1]:
        rows = _matching(connection, words, scope, limit, then_by=_PASSAGE_ID)
    found = passages(connection, [number for number, score in rows if score >= rows[:limit][-1][1]])
    scored = [Scored(passage=found[number], score=score) for number, score in rows if number in found]
    return sorted(scored, key=lambda each: (-each.score, each.passage.id))[:limit]


def _matching(
    connection: sqlite3.Connection, words: str, scope: Scope, most: int, *, then_by: str = "p.number"
) -> list[tuple[int, float]]:
    """Return (passage number, score) of the best; to make the ids of all that match takes a third of the time more."""
    where = admitted(scope)
    return connection.execute(
        f"SELECT p.number, round(-bm25(lexical, {TITLE_WEIGHT}, 1.0), 6) AS score FROM lexical "  # noqa: S608
        "CROSS JOIN passage p ON p.number = lexical.rowid CROSS JOIN version v ON v.number = p.version "
        f"WHERE lexical MATCH :words AND {where.condition} ORDER BY score DESC, {then_by} LIMIT :most",
        {**where.values, "words": words, "most": most},
    ).fetchall()


def entries(connection: sqlite3.Connection, slots: Sequence[str] | None = None) -> Iterator[Entry]:
    """Yield what the vector index should hold: of these slots, or of all current passages."""
    numbers = in_slots(connection, slots, Scope()) if slots is not None else selection(connection, Scope())
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        data = dict(vectors(connection, [vector for _, vector in some]))
        found = passages(connection, [number for number, _ in some])
        ordinals = dict(
            connection.execute(
                "SELECT p.number, p.ordinal FROM json_each(?) s CROSS JOIN passage p ON p.number = s.value",
                (as_json([number for number, _ in some]),),
            )
        )
        for number, vector in some:
            passage = found[number]
            yield Entry(slot=slot(passage.source.article_id, ordinals[number]), vector=data[vector], passage=passage)


def slot(article_id: str, ordinal: int) -> str:
    """Return the name under which the index holds an article's passage: it outlives a change of the text."""
    return f"{article_id}:{ordinal}"


def parse_slot(name: str) -> tuple[str, int]:
    """Return the article and the ordinal that a slot's name tells."""
    article_id, _, ordinal = name.rpartition(":")
    return article_id, int(ordinal)


def fts_terms(term: str) -> Iterable[str]:
    """Return a term as FTS5 splits it, so that nothing in a query needs its phrase syntax."""
    return term.replace("’", "'").split("'")


def _number(connection: sqlite3.Connection, select: str, scope: Scope) -> int:
    where = admitted(scope)
    row = connection.execute(f"{select} FROM version v WHERE {where.condition}", where.values).fetchone()
    return int(row[0])


def _passage(owner: tuple[str, str, Source], row: tuple[int, int, str]) -> Passage:
    version, text, source = owner
    start, end, sentences = row
    offsets = json.loads(sentences)
    spans = tuple(Span(*pair) for pair in zip(offsets[::2], offsets[1::2], strict=True))
    return Passage(source=source, version=version, start=start, end=end, text=text[start:end], sentences=spans)


_Row = tuple[str, str, int, str | None, int | None, int | None, str | None, str | None, str | None, str | None]


def _source(row: _Row) -> Source:
    article_id, title, derived, publisher, published, updated, url, author, language, origin_id = row
    return Source(
        article_id=article_id,
        title=title,
        title_derived=bool(derived),
        publisher=publisher,
        published=moment_of(published),
        updated=moment_of(updated),
        url=url,
        author=author,
        language=language,
        origin_id=origin_id,
    )


def _summary(row: tuple[str, int, int, int, *_Row]) -> VersionSummary:
    version, current, characters, passage_count, *source = row
    return VersionSummary(
        source=_source(tuple(source)),  # type: ignore[arg-type]
        version=version,
        current=bool(current),
        characters=characters,
        passages=passage_count,
    )


def absent(article_id: str, version: str | None = None) -> ArticleNotFoundError:
    """Return the error that says that there is no such article."""
    named = f" in version {version}" if version else ""
    return ArticleNotFoundError(f"There is no article {article_id}{named}; list the articles to see which there are.")

"""Work on the whole library: building the index anew, embedding anew, erasing."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import LibraryMismatchError, StorageError
from rag.library import catalog, storing
from rag.library.connections import change, raise_generation, set_meta, state, writing
from rag.library.exact import packed
from rag.library.keeper import IndexKeeper
from rag.library.lock import writers_place
from rag.protocols import Embedder
from rag.types import Passage

_BATCH = 256
_PATIENCE_SECONDS = 10.0


def reindex(directory: Path, embedder: Embedder | None, embedded: Callable[[Passage], str]) -> None:
    """Build the vector index anew; with an embedder of another model than the library's, the vectors too."""
    with _whole(directory) as (connection, keeper):
        now = state(connection)
        if embedder is not None and (embedder.name, embedder.dimension) != (now.model, now.dimension):
            with change(connection):
                _embed_anew(connection, embedder, embedded)
        keeper.rebuild()


def compact(directory: Path) -> None:
    """Write all files anew with nothing in them but what is stored; raise StorageError while others hold old pages."""
    with _whole(directory) as (connection, keeper):
        with change(connection):
            storing.drop_orphans(connection)
            # Terms of removed passages stay in segments of the lexical index until those are merged.
            connection.execute("INSERT INTO lexical (lexical) VALUES ('rebuild')")
        keeper.rebuild()
        connection.execute("VACUUM")
        _empty_log(connection)


@contextmanager
def _whole(directory: Path) -> Iterator[tuple[sqlite3.Connection, IndexKeeper]]:
    with writers_place(directory), writing(directory) as connection:
        keeper = IndexKeeper(directory, connection)
        try:
            yield connection, keeper
        finally:
            keeper.settle()


def _embed_anew(connection: sqlite3.Connection, embedder: Embedder, embedded: Callable[[Passage], str]) -> None:
    rows = connection.execute("SELECT vector, min(number) FROM passage GROUP BY vector").fetchall()
    for start in range(0, len(rows), _BATCH):
        some = rows[start : start + _BATCH]
        passages = catalog.passages(connection, [number for _, number in some])
        vectors = embedder.embed_documents([embedded(passages[number]) for _, number in some])
        if any(len(vector) != embedder.dimension for vector in vectors):
            raise LibraryMismatchError(f"{embedder.name} gives vectors of another length than it says; check the model")
        changes = [(packed(vector), number) for (number, _), vector in zip(some, vectors, strict=True)]
        connection.executemany("UPDATE vector SET data = ? WHERE number = ?", changes)
    storing.drop_orphans(connection)
    # No index is better than one of the other model, should this end before the new one is built.
    set_meta(connection, {"model": embedder.name, "dimension": embedder.dimension, "index": "", "seal": ""})
    raise_generation(connection)


def _empty_log(connection: sqlite3.Connection) -> None:
    """Move what the write-ahead log holds into the database, and cut the log to nothing."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > deadline:
            raise StorageError("another process is reading the library without a pause; run `dateline compact` again")
        time.sleep(0.1)

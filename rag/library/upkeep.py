"""What the operator does with a whole library: build its index anew, embed it anew, erase, examine."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag.errors import DatelineError, LibraryError, LibraryMismatchError, StorageError
from rag.library import catalog, storing
from rag.library.connections import (
    CATALOG,
    Connections,
    State,
    change,
    library_id,
    raise_generation,
    require,
    set_meta,
    state,
    translated,
    writing,
)
from rag.library.exact import packed
from rag.library.homes import EmbeddedHome, IndexHome
from rag.library.keeper import IndexKeeper
from rag.library.lock import in_motion, writers_place
from rag.library.vectors import IndexAwayError
from rag.protocols import Embedder
from rag.types import Passage, Scope

_BATCH = 256
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was examined; `advice` says what to do where it is not well."""

    what: str
    ok: bool
    advice: str = ""


def reindex(directory: Path, home: IndexHome, embedder: Embedder | None, embedded: Callable[[Passage], str]) -> None:
    """Build the vector index anew; with an embedder of another model than the library's, the vectors too."""
    path = directory / CATALOG
    with _whole(directory, home) as (connection, keeper):
        with translated(path):
            now = state(connection)
        if embedder is not None and (embedder.name, embedder.dimension) != (now.model, now.dimension):
            with change(connection, path):
                _embed_anew(connection, path, embedder, embedded)
        with translated(path):
            keeper.rebuild()
            keeper.remove(now.index)


def compact(directory: Path, home: IndexHome) -> None:
    """Write all files anew with nothing in them but what is stored; raise StorageError while others hold old pages."""
    with _whole(directory, home) as (connection, keeper), translated(directory / CATALOG):
        with change(connection):
            storing.drop_orphans(connection)
            # Terms of removed passages stay in segments of the lexical index until those are merged.
            connection.execute("INSERT INTO lexical (lexical) VALUES ('rebuild')")
        keeper.rebuild()
        keeper.clear_away()
        connection.execute("VACUUM")
        _empty_log(connection)


def examine(directory: Path, connections: Connections, home: IndexHome, *, model: str, dimension: int) -> list[Finding]:
    """Return findings about catalog, index, model, permissions and disk, the catalog's first."""
    findings = [_catalog(connections)]
    if findings[0].ok:
        with connections.reading() as connection:
            now = state(connection)
            passages = catalog.count_passages(connection, Scope())
            pending = int(connection.execute("SELECT count(*) FROM journal").fetchone()[0])
            library = library_id(connection)
        findings += [
            _model(now, model, dimension),
            _rest(directory, pending),
            _unless_away(lambda: _index(directory, now, passages, home)),
            _leftovers(EmbeddedHome(directory), home, library, now.index),
        ]
    return [*findings, *_permissions(directory), _disk(directory)]


@contextmanager
def _whole(directory: Path, home: IndexHome) -> Iterator[tuple[sqlite3.Connection, IndexKeeper]]:
    with writers_place(directory), writing(directory) as connection:
        keeper = IndexKeeper(directory, connection, home)
        try:
            yield connection, keeper
        finally:
            with translated(directory / CATALOG):
                keeper.settle()


def _embed_anew(
    connection: sqlite3.Connection, path: Path, embedder: Embedder, embedded: Callable[[Passage], str]
) -> None:
    with translated(path):
        rows = connection.execute("SELECT vector, min(number) FROM passage GROUP BY vector").fetchall()
    for start in range(0, len(rows), _BATCH):
        some = rows[start : start + _BATCH]
        with translated(path):
            passages = catalog.passages(connection, [number for _, number in some])
        vectors = embedder.embed_documents([embedded(passages[number]) for _, number in some])
        if any(len(vector) != embedder.dimension for vector in vectors):
            raise LibraryMismatchError(
                f"The model {embedder.name} gives vectors of another length than it says; check it."
            )
        changes = [(packed(vector), number) for (number, _), vector in zip(some, vectors, strict=True)]
        with translated(path):
            connection.executemany("UPDATE vector SET data = ? WHERE number = ?", changes)
    with translated(path):
        storing.drop_orphans(connection)
        # No index is better than one of the other model, should this end before the new one is built.
        set_meta(connection, {"model": embedder.name, "dimension": embedder.dimension, "index": "", "seal": ""})
        raise_generation(connection)


def _empty_log(connection: sqlite3.Connection) -> None:
    """Move what the write-ahead log holds into the database, and cut the log to nothing."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > deadline:
            raise StorageError("Another process is reading the library without a pause; run `dateline compact` again.")
        time.sleep(0.1)


def _catalog(connections: Connections) -> Finding:
    restore = "restore the library from a backup, or remove its directory and run `dateline ingest` again"
    try:
        with connections.reading() as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
            articles = catalog.count(connection, Scope())
    except LibraryError as error:
        return Finding(what="catalog", ok=False, advice=str(error))
    if said != ["ok"]:
        return Finding(what=f"catalog: {said[0]}", ok=False, advice=restore)
    return Finding(what=f"catalog: {articles} articles", ok=True)


def _model(now: State, model: str, dimension: int) -> Finding:
    what = f"embedding model: {now.model}, {now.dimension} dimensions"
    return _unless_raised(what, lambda: require(now, model=model, dimension=dimension))


def _rest(directory: Path, pending: int) -> Finding:
    if pending or in_motion(directory):
        advice = "unless `dateline ingest` is running now, run it again: it finishes what was interrupted"
        return Finding(what="a writer is at work, or ended without finishing", ok=False, advice=advice)
    return Finding(what="no unfinished change", ok=True)


def _index(directory: Path, now: State, passages: int, home: IndexHome) -> Finding:
    if not now.index and not passages:
        return Finding(what="vector index: none needed yet", ok=True)
    if not os.access(directory, os.W_OK):
        return Finding(what="vector index: not examined, which takes the right to write", ok=True)
    rebuild = "run `dateline reindex`; answers are complete meanwhile, only slower in a large library"
    held = home.entries(now.index, now.dimension) if now.index else None
    unsealed = not in_motion(directory) and not home.sealed(now.index, now.seal.partition(":")[2])
    for wrong, what in (
        (held is None, "missing or damaged"),
        (held != passages, f"{held} entries for {passages} passages"),
        (unsealed, "its files are not as they were written"),
    ):
        if wrong:
            return Finding(what=f"vector index: {what}", ok=False, advice=rebuild)
    return Finding(what=f"vector index: {held} passages", ok=True)


def _unless_away(examined: Callable[[], Finding]) -> Finding:
    try:
        return examined()
    except IndexAwayError as error:
        advice = f"{error} Answers are complete meanwhile, only slower in a large library."
        return Finding(what="vector index: not within reach", ok=False, advice=advice)


def _leftovers(beside: IndexHome, home: IndexHome, library: str, kept: str) -> Finding:
    if left := beside.others(library, kept):
        return Finding(what=f"left behind: {', '.join(left)}", ok=False, advice="the next `dateline ingest` removes it")
    try:
        left = home.others(library, kept)
    except IndexAwayError:
        left = []
    if left:
        advice = "unless they belong to a copy of this library, `dateline compact` removes them"
        return Finding(what=f"left behind on the server: {', '.join(left)}", ok=False, advice=advice)
    return Finding(what="nothing left behind", ok=True)


def _permissions(directory: Path) -> Iterator[Finding]:
    writable = os.access(directory, os.W_OK)
    advice = "" if writable else "it can be read, not changed; run as the user who owns it to ingest"
    yield Finding(what=f"{directory} is {'' if writable else 'not '}writable", ok=writable, advice=advice)
    if os.name == "posix":
        shared = directory.stat().st_mode & 0o077
        hint = f"others on this machine can reach it; chmod 700 {directory}" if shared else ""
        yield Finding(what="private to its owner", ok=not shared, advice=hint)


def _disk(directory: Path) -> Finding:
    used = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    return Finding(what=f"disk: {used / 1e6:.1f} MB", ok=True)


def _unless_raised(what: str, act: Callable[[], None]) -> Finding:
    try:
        act()
    except DatelineError as error:
        return Finding(what=what, ok=False, advice=str(error))
    return Finding(what=what, ok=True)

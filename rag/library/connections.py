"""SQLite connections to the catalog, and what its errors mean to a user."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from rag.errors import LibraryDamagedError, LibraryError, LibraryMismatchError, LibraryMissingError, StorageError

CATALOG = "catalog.sqlite"
FORMAT = 2
_BUSY_SECONDS = 30.0
_DAMAGE = ("malformed", "not a database", "no such table", "no such column", "corrupt")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the catalog says about itself."""

    generation: int
    model: str
    dimension: int
    index: str
    """Name of the vector index in use, a directory or a server's collection; empty when there is none."""
    seal: str
    """The generation in which the last writer left the index, and what tells the index as it then was."""
    vanished: int
    """How many entries were deleted from the index since it was built."""
    format: int


class Connections:
    """A pool of reading connections to one catalog file, safe to use from several threads."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / CATALOG
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees one moment of the catalog; errors of the body, which is ours, are translated."""
        with translated(self._path):
            connection = self._take()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                self._put_back(connection)

    def close(self) -> None:
        """Close what is idle, and what is in use once it comes back."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise LibraryError("This library was closed; open it again.")
            if self._idle:
                return self._idle.pop()
        return _readable(self._path)

    def _put_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.rollback()
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


@contextmanager
def writing(directory: Path) -> Iterator[sqlite3.Connection]:
    """Give the connection of the one writer; errors of the body, which may be a caller's, pass as they are."""
    path = directory / CATALOG
    with translated(path):
        connection = _connect(path, "rw")
    with closing(connection):
        with translated(path):
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA synchronous = FULL")
        yield connection


@contextmanager
def change(connection: sqlite3.Connection, path: Path | None = None) -> Iterator[None]:
    """Commit what the body does, or none of it; given the catalog's path, errors of this alone are translated."""
    with translated(path) if path else nullcontext():
        connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        with translated(path) if path else nullcontext():
            connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and the file system into ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _meaning(error, path) from error
    except UnicodeEncodeError as error:
        raise LibraryError(
            "A text holds characters that cannot be stored (lone surrogates); clean it first."
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(
            f"The library {path.parent} could not be used ({reason}); free some space or mend its permissions, then "
            "run again."
        ) from error


def create(directory: Path, *, model: str, dimension: int) -> None:
    """Make a catalog where there is none yet; an existing one is left as it is."""
    path = directory / CATALOG
    with translated(path):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)  # the directory may have been there before, open to others
        connection = _connect(path, "rwc")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            with change(connection):
                if not _has_tables(connection):
                    _lay_out(connection, model, dimension)
        finally:
            connection.close()


def state(connection: sqlite3.Connection) -> State:
    """Read the catalog's state."""
    try:
        meta: dict[str, str] = dict(connection.execute("SELECT key, value FROM meta"))
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error) or _has_tables(connection):
            raise
        raise LibraryMissingError("There is no library here yet; run `dateline ingest PATH` first.") from error
    absent = {"generation", "model", "dimension", "index", "seal", "vanished", "format"} - set(meta)
    if absent:
        raise sqlite3.DatabaseError(f"malformed: {', '.join(sorted(absent))} missing")
    return State(
        generation=int(meta["generation"]),
        model=meta["model"],
        dimension=int(meta["dimension"]),
        index=meta["index"],
        seal=meta["seal"],
        vanished=int(meta["vanished"]),
        format=int(meta["format"]),
    )


def set_meta(connection: sqlite3.Connection, values: Mapping[str, str | int]) -> None:
    """Write entries of the catalog's state."""
    connection.executemany(
        "UPDATE meta SET value = ? WHERE key = ?", [(str(value), key) for key, value in values.items()]
    )


def library_id(connection: sqlite3.Connection, *, make: bool = False) -> str:
    """Return the id that this library, and each copy of it, goes by on servers; empty where it has none yet."""
    if make:
        connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('id', ?)", (secrets.token_hex(6),))
    row = connection.execute("SELECT value FROM meta WHERE key = 'id'").fetchone()
    return str(row[0]) if row else ""


def raise_generation(connection: sqlite3.Connection) -> None:
    """Count one more committed change."""
    connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")


def require(found: State, *, model: str, dimension: int | None = None) -> None:
    """Raise LibraryMismatchError unless vectors of this model, of this length if one is given, are what it holds."""
    if found.format < FORMAT:
        raise LibraryMismatchError(
            f"This library has format {found.format}, this version of Dateline reads format {FORMAT}; remove its "
            "directory and run `dateline ingest` again."
        )
    if found.format > FORMAT:
        raise LibraryMismatchError(
            f"This library has format {found.format}, this version of Dateline reads format {FORMAT}; upgrade Dateline."
        )
    if found.model != model or dimension not in (None, found.dimension):
        named = model if dimension is None else f"{model} ({dimension})"
        raise LibraryMismatchError(
            f"This library was embedded with {found.model} ({found.dimension} dimensions), the settings name {named}; "
            "run `dateline reindex` to embed it anew, or set the model back."
        )


def as_json(values: object) -> str:
    """Return values as JSON for SQLite's json_each, which knows no limit on their number."""
    return json.dumps(values, ensure_ascii=True)


def _lay_out(connection: sqlite3.Connection, model: str, dimension: int) -> None:
    # executescript would commit halfway through.
    for statement in _statements(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")):
        connection.execute(statement)
    first = {"generation": 0, "model": model, "dimension": dimension, "index": "", "seal": "", "vanished": 0}
    rows = [(key, str(value)) for key, value in {**first, "format": FORMAT}.items()]
    connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", rows)


def _statements(script: str) -> Iterator[str]:
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' LIMIT 1").fetchone() is not None


def _readable(path: Path) -> sqlite3.Connection:
    """Open for reading, also where nothing may be written beside the file."""
    last: sqlite3.OperationalError | None = None
    for mode in ("rw", "ro", "ro&immutable=1"):
        if "immutable" in mode and _has_content(path.with_name(path.name + "-wal")):
            break
        try:
            connection = _connect(path, mode)
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            last = error
            continue
        return connection
    raise last or sqlite3.OperationalError("unable to open database file")


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _meaning(error: sqlite3.DatabaseError, path: Path) -> LibraryError:
    said = str(error)
    if not isinstance(error, sqlite3.OperationalError | sqlite3.IntegrityError) or any(w in said for w in _DAMAGE):
        return LibraryDamagedError(
            f"The catalog {path} is damaged ({said}); restore the library from a backup, "
            "or remove its directory and run `dateline ingest` again."
        )
    if isinstance(error, sqlite3.IntegrityError):
        return LibraryError(f"The library refused an inconsistent change ({said}); nothing was stored, so report this.")
    return StorageError(
        f"The library {path.parent} could not be used ({said}); check free space and permissions, then run again."
    )

"""The file of records: opened once, written in short transactions, shared by threads and processes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import StorageError

FILE = "service.sqlite3"
_WAIT_SECONDS = 5.0


class Records:
    """One SQLite file; each kind of record brings its own table."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self.path = path

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do what the block does in one transaction, or nothing of it; raise StorageError when the disk fails.

        Blocks of this process take turns; other processes are waited for.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    self._connection.rollback()
                    raise
                self._connection.commit()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.IntegrityError):
                    raise
                raise _storage_error(self.path, error) from error

    def read(self, query: str, *values: str | bytes | int | float | None) -> list[sqlite3.Row]:
        """Return the rows of a query; it does not wait for other processes that write. Raises StorageError."""
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise _storage_error(self.path, error) from error

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._connection.close()


def open_records(directory: Path) -> Records:
    """Open the records of a library's directory, made where there are none; raise StorageError."""
    path = directory / FILE
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
    except (OSError, sqlite3.DatabaseError) as error:
        raise _storage_error(path, error) from error
    return Records(connection, path)


def _storage_error(path: Path, error: Exception) -> StorageError:
    return StorageError(f"The records in {path} cannot be read or written ({error}); free the disk or mend its rights.")

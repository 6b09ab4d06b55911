"""The file of records: opened when first needed, written in short transactions, shared by threads and processes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import StorageError
from rag.records.presence import Presence

FILE = "service.sqlite3"
_WAIT_SECONDS = 5


class Records:
    """One SQLite file; each kind of record brings its own table.

    Reading has a connection of its own, so that it does not wait behind a write that waits for another process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.presence = Presence(path.parent)
        """This process, among those that share the file."""
        self._writer, self._reader = _Connection(path), _Connection(path)

    @contextmanager
    def transaction(self, *, wait: bool = True) -> Iterator[sqlite3.Connection]:
        """Do what the block does in one transaction, or nothing of it; raise StorageError when the disk fails.

        Blocks of this process take turns; other processes are waited for. Unless told to wait, it fails instead.
        """
        with self._writer.used(wait=wait) as connection:
            connection.execute(f"PRAGMA busy_timeout = {_WAIT_SECONDS * 1000 if wait else 0}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def read(self, query: str, *values: str | bytes | int | float | None) -> list[sqlite3.Row]:
        """Return the rows of a query; it does not wait for whoever writes. Raises StorageError."""
        with self._reader.used() as connection:
            return connection.execute(query, values).fetchall()

    def write_back(self) -> None:
        """Empty the log, in which pages lie as they were; raise StorageError."""
        with self._writer.used() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Release the file."""
        self._reader.close()
        self._writer.close()
        self.presence.leave()


class _Connection:
    """A connection that is made when it is first needed, and used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._made: sqlite3.Connection | None = None
        self._closed = False

    @contextmanager
    def used(self, *, wait: bool = True) -> Iterator[sqlite3.Connection]:
        if not self._lock.acquire(blocking=wait):
            raise StorageError(f"The records in {self._path} are being written; try again in a moment.")
        try:
            if self._closed:
                raise StorageError(f"The records in {self._path} were closed; open them again.")
            self._made = self._made or _connect(self._path)
            yield self._made
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise _storage_error(self._path, error) from error
        finally:
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._made:
                self._made.close()


def open_records(directory: Path) -> Records:
    """Return the records of a library's directory, made with the first of them; using them raises StorageError."""
    return Records(directory / FILE)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise _storage_error(path, error) from error
    connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _storage_error(path: Path, error: Exception) -> StorageError:
    return StorageError(f"The records in {path} cannot be read or written ({error}); free the disk or mend its rights.")

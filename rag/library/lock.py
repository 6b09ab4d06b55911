"""The place of the one writer of a library directory."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import LibraryLockedError, StorageError
from rag.types import digest

_LOCK = "writer.lock"
_WHO = "writer.who"
_INDEX = "index.lock"
_MARKER = "index.open"


@contextmanager
def writers_place(directory: Path) -> Iterator[None]:
    """Hold the writer's place; raise LibraryLockedError that says who holds it."""
    lock = FileLock(directory / _LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LibraryLockedError(
            f"The library {directory} is being written by {_holder(directory)}; wait until it ends, then try again."
        ) from error
    except OSError as error:
        raise StorageError(_unwritable(directory, error)) from error
    try:
        _sign(directory)
        yield
    finally:
        lock.release()


@contextmanager
def index_to_oneself(directory: Path, *, wait_seconds: float) -> Iterator[bool]:
    """Tell whether nobody else is loading the vector index, and keep it so meanwhile."""
    lock = FileLock(directory / _INDEX, thread_local=False)
    try:
        lock.acquire(timeout=wait_seconds)
    except (Timeout, OSError):
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def taking_turns(file: Path) -> Iterator[None]:
    """Wait until no other process holds this file, and hold it; raise StorageError where it cannot be made."""
    lock = FileLock(file, thread_local=False)
    try:
        lock.acquire()
    except OSError as error:
        raise StorageError(f"{file} cannot be written ({error.strerror or error}); choose another place.") from error
    try:
        yield
    finally:
        lock.release()


def hold(file: Path) -> Callable[[], None] | None:
    """Hold a file until the returned function is called or this process ends, however it ends.

    Return None where another process holds it; raise StorageError where it cannot be made.
    """
    lock = FileLock(file, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    except OSError as error:
        raise StorageError(f"{file} cannot be written ({error.strerror or error}); free the disk.") from error
    return lock.release


def lock_file(path: Path) -> Path:
    """Return the file to hold while something is written that is to have no lock beside it.

    It lies in the system's folder for temporary files, apart for each user, who could not write to another's.
    """
    return Path(tempfile.gettempdir(), f"dateline-{digest(str(Path.home()), str(path.resolve()))}.lock")


def in_motion(directory: Path) -> bool:
    """Tell whether a writer is changing the vector index, or ended without finishing."""
    return (directory / _MARKER).exists()


def set_in_motion(directory: Path) -> None:
    """Warn readers off the index. Those loading it now are waited for: files that change meanwhile can crash them."""
    (directory / _MARKER).write_text(f"{os.getpid()}\n", encoding="utf-8")
    with index_to_oneself(directory, wait_seconds=60):
        pass


def set_at_rest(directory: Path) -> None:
    """Let readers use the index again."""
    (directory / _MARKER).unlink(missing_ok=True)


def _sign(directory: Path) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    who = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    try:
        (directory / _WHO).write_text(json.dumps(who), encoding="utf-8")
    except OSError as error:
        raise StorageError(_unwritable(directory, error)) from error


def _unwritable(directory: Path, error: OSError) -> str:
    reason = error.strerror or error
    return f"The library {directory} cannot be written ({reason}); free some space or mend its permissions."


def _holder(directory: Path) -> str:
    try:
        who = json.loads((directory / _WHO).read_text(encoding="utf-8"))
        return f"process {who['pid']} on {who['host']} since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"

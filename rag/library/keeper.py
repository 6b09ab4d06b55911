"""The vector index as the writer uses it: opened when first needed, mended when in doubt, sealed at the end.

While the marker of `lock.set_in_motion` stands, readers score from the catalog alone, so whatever the index holds
meanwhile, and whatever a crash leaves in it, shows nowhere.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from rag.library import catalog, storing
from rag.library.connections import change, set_meta, state
from rag.library.health import fingerprint, unchanged
from rag.library.lock import in_motion, set_at_rest, set_in_motion
from rag.library.vectors import ChromaIndex, IndexUnusableError
from rag.types import Scope

_log = logging.getLogger(__name__)

_PREFIX = "vectors-"
_REBUILD_SHARE = 0.2
"""Deleted entries leave their vectors in the index's files and harm its recall; from this share on it is rebuilt."""
_REBUILD_LEAST = 100


class IndexKeeper:
    """Keeps the index in step with the catalog for one writing session."""

    def __init__(self, directory: Path, connection: sqlite3.Connection) -> None:
        self._directory = directory
        self._connection = connection
        self._index: ChromaIndex | None = None
        self._lost = False
        self._vanished = 0

    def recover(self) -> None:
        """Finish what an earlier writer left unfinished, and clear away what it left behind."""
        if in_motion(self._directory) or self._pending():
            _log.warning("The last writer of %s did not finish; its vector index is being checked.", self._directory)
            self.prepare()
        self._clear_away()

    def prepare(self) -> None:
        """Open the index; to be done before a change is noted in the journal, which a rebuild empties."""
        self._attempt(lambda _: None)

    def upsert(self, entries: Sequence[catalog.Entry]) -> None:
        """Put entries into the index."""
        self._attempt(lambda index: index.upsert(entries))

    def delete(self, slots: Sequence[str]) -> None:
        """Take entries out of the index."""
        if slots:
            self._vanished += len(slots)
            self._attempt(lambda index: index.delete(slots))

    def rebuild(self) -> None:
        """Build the index anew from the catalog in a new directory and take that instead; raise IndexUnusableError."""
        set_in_motion(self._directory)
        self._close()
        now = state(self._connection)
        name = _PREFIX + secrets.token_hex(4)
        index = ChromaIndex(self._directory / name, dimension=now.dimension, create=True)
        index.upsert(catalog.entries(self._connection))
        with change(self._connection):
            set_meta(self._connection, {"index": name, "seal": "", "vanished": 0})
            storing.strike_pending(self._connection)
        self._index, self._lost, self._vanished = index, False, 0
        self._clear_away()

    def settle(self) -> None:
        """End the session: rebuild if due, then let readers in again. Failing here costs speed, never content."""
        if not in_motion(self._directory):
            return
        try:
            if self._index is not None and not self._lost:
                self._reconcile(self._index)
            if self._lost or self._worn():
                self.rebuild()
            self._close()
            self._seal()
        except IndexUnusableError as error:
            self._give_up(str(error))
        except (sqlite3.Error, OSError) as error:
            self._give_up(f"The vector index could not be written ({error}).")

    def _give_up(self, why: str) -> None:
        _log.warning("%s It is mended when this library is next written.", why)
        self._close()

    def _attempt(self, act: Callable[[ChromaIndex], None]) -> None:
        if self._lost:
            return
        try:
            act(self._ready())
        except IndexUnusableError as error:
            _log.warning("%s It is rebuilt from the catalog.", error)
            self._lost = True

    def _ready(self) -> ChromaIndex:
        if self._index is None:
            set_in_motion(self._directory)
            self._index = self._opened()
            if self._index is None:
                self.rebuild()
        if self._index is None:
            raise IndexUnusableError("The vector index could not be opened.")
        return self._index

    def _opened(self) -> ChromaIndex | None:
        """Return the index, in step with the catalog, or None if it must be built anew."""
        now = state(self._connection)
        if not now.index:
            return None
        directory = self._directory / now.index
        # Files that a killed writer left can answer every search and still end the process that writes to them (seen
        # in 1 of 40 kills), so no examination is enough: only what a writer sealed is trusted.
        if not unchanged(directory, now.seal.partition(":")[2]):
            _log.warning("The vector index %s is not as a writer sealed it; it is rebuilt from the catalog.", directory)
            return None
        try:
            index = ChromaIndex(directory, dimension=now.dimension)
            self._reconcile(index)
            if index.count() == catalog.count_passages(self._connection, Scope()):
                return index
            index.close()
        except IndexUnusableError as error:
            _log.warning("%s It is rebuilt from the catalog.", error)
            return None
        _log.warning("The vector index %s is not in step with the catalog; it is rebuilt from it.", directory)
        return None

    def _reconcile(self, index: ChromaIndex) -> None:
        """Make the slots in the journal what the catalog says; doing it twice does no harm."""
        slots = self._pending()
        if slots:
            entries = list(catalog.entries(self._connection, slots))
            index.upsert(entries)
            index.delete(sorted(set(slots) - {entry.slot for entry in entries}))
            with change(self._connection):
                storing.strike_pending(self._connection)

    def _pending(self) -> list[str]:
        rows = self._connection.execute("SELECT slots FROM journal").fetchall()
        return sorted({catalog.slot(*pair) for row in rows for pair in json.loads(row[0])})

    def _worn(self) -> bool:
        vanished = state(self._connection).vanished + self._vanished
        left = catalog.count_passages(self._connection, Scope())
        return vanished >= _REBUILD_LEAST and vanished >= _REBUILD_SHARE * (left + vanished)

    def _seal(self) -> None:
        now = state(self._connection)
        seal = f"{now.generation}:{fingerprint(self._directory / now.index)}"
        with change(self._connection):
            set_meta(self._connection, {"seal": seal, "vanished": now.vanished + self._vanished})
        set_at_rest(self._directory)

    def _close(self) -> None:
        index, self._index = self._index, None
        if index is not None:
            try:
                index.close()
            except IndexUnusableError as error:
                _log.debug("%s", error)

    def _clear_away(self) -> None:
        kept = state(self._connection).index
        for path in self._directory.glob(f"{_PREFIX}*"):
            if path.name == kept:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

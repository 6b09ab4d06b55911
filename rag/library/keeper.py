"""The vector index as the writer uses it: opened when first needed, mended when in doubt, sealed at the end.

While the marker of `lock.set_in_motion` stands, readers score from the catalog alone, so whatever the index holds
meanwhile, and whatever a crash leaves in it, shows nowhere.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rag.library import catalog, storing
from rag.library.connections import change, library_id, set_meta, state
from rag.library.homes import EmbeddedHome, IndexHome
from rag.library.lock import in_motion, set_at_rest, set_in_motion
from rag.library.vectors import ChromaIndex, IndexAwayError, IndexFailedError, IndexUnusableError
from rag.types import Scope

_log = logging.getLogger(__name__)

_REBUILD_SHARE = 0.2
"""Deleted entries leave their vectors in the index's files and harm its recall; from this share on it is rebuilt."""
_REBUILD_LEAST = 100


class IndexKeeper:
    """Keeps the index in step with the catalog for one writing session.

    An index that is lost is built anew. A server that is away raises IndexAwayError, and nothing is changed.
    """

    def __init__(self, directory: Path, connection: sqlite3.Connection, home: IndexHome) -> None:
        self._directory = directory
        self._connection = connection
        self._home = home
        self._undisturbed = False
        self._index: ChromaIndex | None = None
        self._lost = False
        self._vanished = 0

    def recover(self) -> None:
        """Finish what an earlier writer left unfinished, and clear away what it left behind."""
        if in_motion(self._directory) or self._pending():
            _log.warning("The last writer of %s did not finish; its vector index is being checked.", self._directory)
            self.prepare()
        self._clear_away(EmbeddedHome(self._directory))

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
        """Build the index anew from the catalog under a new name and take that instead; raise IndexFailedError."""
        self._set_in_motion()
        self._close()
        now = state(self._connection)
        name, index = self._home.create(self._library(), now.dimension)
        with _closed_on_failure(index):
            index.upsert(catalog.entries(self._connection))
        self._undisturbed = False
        with change(self._connection):
            set_meta(self._connection, {"index": name, "seal": "", "vanished": 0})
            storing.strike_pending(self._connection)
        self._index, self._lost, self._vanished = index, False, 0
        self._clear_away(EmbeddedHome(self._directory))
        self.remove(now.index)

    def remove(self, name: str) -> None:
        """Remove an index that another took the place of; a server that is away keeps it for now."""
        try:
            self._home.remove(name)
        except IndexAwayError as error:
            _log.warning("The vector index %s was replaced, but is still there. %s", name, error)

    def clear_away(self) -> None:
        """Remove every other index of this library; raise IndexFailedError."""
        self._clear_away(self._home)

    def settle(self) -> None:
        """End the session: rebuild if due, then let readers in again. Failing here costs speed, never content."""
        if not in_motion(self._directory):
            return
        if self._index is None and not self._lost:
            # It could not be opened. If it was at rest before this session, it still is as it was.
            if self._undisturbed:
                set_at_rest(self._directory)
            return
        try:
            if self._index and not self._lost:
                self._reconcile(self._index)
            if self._lost or self._worn():
                self.rebuild()
            self._close()
            self._seal()
        except IndexFailedError as error:
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
            self._set_in_motion()
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
        # Files that a killed writer left can answer every search and still end the process that writes to them (seen
        # in 1 of 40 kills), so no examination is enough: only what a writer sealed is trusted.
        if not self._home.sealed(now.index, now.seal.partition(":")[2]):
            _log.warning("The vector index %s is not as a writer sealed it; it is rebuilt from the catalog.", now.index)
            return None
        try:
            name, index = self._home.claim(now.index, self._library(), now.dimension)
            self._undisturbed = False
            with _closed_on_failure(index):
                with change(self._connection):
                    set_meta(self._connection, {"index": name})
                self._reconcile(index)
                if index.count() == catalog.count_passages(self._connection, Scope()):
                    return index
            index.close()
        except IndexUnusableError as error:
            _log.warning("%s It is rebuilt from the catalog.", error)
            return None
        _log.warning("The vector index %s is not in step with the catalog; it is rebuilt from it.", now.index)
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
        seal = f"{now.generation}:{self._home.seal(now.index)}"
        with change(self._connection):
            set_meta(self._connection, {"seal": seal, "vanished": now.vanished + self._vanished})
        set_at_rest(self._directory)

    def _close(self) -> None:
        index, self._index = self._index, None
        if index is not None:
            try:
                index.close()
            except IndexFailedError as error:
                _log.debug("%s", error)

    def _clear_away(self, home: IndexHome) -> None:
        for name in home.others(library_id(self._connection), state(self._connection).index):
            home.remove(name)

    def _library(self) -> str:
        return library_id(self._connection, make=True)

    def _set_in_motion(self) -> None:
        self._undisturbed = self._undisturbed or not in_motion(self._directory)
        set_in_motion(self._directory)


@contextmanager
def _closed_on_failure(index: ChromaIndex) -> Iterator[None]:
    try:
        yield
    except BaseException:
        index.close()
        raise

"""The vector index as readers use it: only while no writer is changing its files, and never trusted blindly."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rag.library import catalog
from rag.library.connections import Connections, state
from rag.library.homes import IndexHome
from rag.library.lock import in_motion, index_to_oneself
from rag.library.vectors import ChromaIndex, IndexFailedError
from rag.types import Scope

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)


class IndexReader:
    """Finds candidates in the index, or says that the catalog has to do without it."""

    def __init__(self, directory: Path, connections: Connections, home: IndexHome) -> None:
        self._directory = directory
        self._connections = connections
        self._home = home
        self._lock = threading.Lock()
        self._index: ChromaIndex | None = None
        self._seal = ""
        self._refused = ""
        self._refused_until = 0.0

    def nearest(self, seal: str, query: NDArray[np.float64], count: int) -> list[str] | None:
        """Return the slots of the nearest entries, or None where the index cannot be used now."""
        if not seal or in_motion(self._directory) or self._refuses(seal):
            return None
        for _ in range(2):
            index = self._opened(seal, query)
            if index is None:
                return None
            try:
                return index.nearest(query, count)
            except IndexFailedError as error:
                _log.warning("%s It is opened again.", error)
                self._drop()
        with self._lock:
            self._replace(None, seal)
        return None

    def close(self) -> None:
        """Release the index."""
        self._drop()

    def _opened(self, seal: str, query: NDArray[np.float64]) -> ChromaIndex | None:
        with self._lock:
            if self._index is not None and self._seal == seal:
                return self._index
            if self._refuses(seal):
                return None
            # A writer that starts now waits until the files are loaded.
            with index_to_oneself(self._directory, wait_seconds=1.0) as alone:
                if not alone or in_motion(self._directory):
                    return None
                self._replace(self._checked(query), seal)
            return self._index

    def _checked(self, query: NDArray[np.float64]) -> ChromaIndex | None:
        with self._connections.reading() as connection:
            now = state(connection)
            expected = catalog.count_passages(connection, Scope())
        if not now.index or not self._home.sealed(now.index, now.seal.partition(":")[2]):
            return None
        index = None
        try:
            index = self._home.open(now.index, now.dimension)
            if index.count() == expected:
                index.nearest(query, 1)
                return index
        except IndexFailedError as error:
            _log.warning("%s", error)
        _close(index)
        return None

    def _replace(self, index: ChromaIndex | None, seal: str) -> None:
        if index is None:
            self._refused, self._refused_until = seal, time.monotonic() + self._home.retry_seconds
            _log.warning(
                "The vector index of %s cannot be used; answers do without it, and `dateline doctor` tells more.",
                self._directory,
            )
        old, self._index, self._seal = self._index, index, seal
        _close(old)

    def _refuses(self, seal: str) -> bool:
        return seal == self._refused and time.monotonic() < self._refused_until

    def _drop(self) -> None:
        with self._lock:
            old, self._index = self._index, None
        _close(old)


def _close(index: ChromaIndex | None) -> None:
    if index is not None:
        try:
            index.close()
        except IndexFailedError as error:
            _log.debug("%s", error)

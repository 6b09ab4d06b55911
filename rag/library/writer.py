"""The writing side of the library."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from rag.errors import ArticleNotFoundError
from rag.library import catalog, storing
from rag.library.catalog import Entry
from rag.library.connections import CATALOG, as_json, change, raise_generation, require, state, translated
from rag.library.exact import packed
from rag.library.keeper import IndexKeeper
from rag.protocols import Indexed, Vector


class LocalWriter:
    """Commits changes: journal, vector index, then the catalog in one transaction that makes them visible."""

    def __init__(
        self, directory: Path, connection: sqlite3.Connection, keeper: IndexKeeper, *, model: str, dimension: int
    ) -> None:
        self._path = directory / CATALOG
        self._connection = connection
        self._keeper = keeper
        self._model = model
        self._dimension = dimension

    def known(self, location: str) -> tuple[str, str] | None:
        """Return (article_id, version) that this location last gave, or None."""
        rows = self._rows("SELECT article_id, version FROM location WHERE location = ?", location)
        return (rows[0][0], rows[0][1]) if rows else None

    def current_version(self, article_id: str) -> str | None:
        """Return the current version of an article, or None."""
        rows = self._rows("SELECT version FROM version WHERE article_id = ? AND current = 1", article_id)
        return rows[0][0] if rows else None

    def has_version(self, article_id: str, version: str) -> bool:
        """Tell whether this version is stored."""
        return bool(self._rows("SELECT 1 FROM version WHERE article_id = ? AND version = ?", article_id, version))

    def seen_at(self, location: str, article_id: str, version: str) -> None:
        """Record that a location gave a version that is already stored; raise ArticleNotFoundError if it is not."""
        if self.known(location) == (article_id, version):
            return
        if not self.has_version(article_id, version):
            raise ArticleNotFoundError(f"There is no article {article_id} in version {version}; ingest it first.")
        with translated(self._path), change(self._connection):
            storing.place(self._connection, location, article_id, version)
            raise_generation(self._connection)

    def vectors(self, keys: Sequence[str]) -> dict[str, Vector]:
        """Return stored vectors for those keys that are known."""
        import numpy as np  # noqa: PLC0415

        self._require()
        rows = self._blobs(
            "SELECT v.key, v.data FROM json_each(?) s CROSS JOIN vector v ON v.key = s.value",
            as_json(list(dict.fromkeys(keys))),
        )
        return {key: np.frombuffer(data, dtype="<f4").tolist() for key, data in rows}

    def near(self, bands: Sequence[str]) -> list[tuple[str, bytes]]:
        """Return (article_id, signature) of current articles that share at least one band."""
        return self._blobs(
            "SELECT DISTINCT v.article_id, v.signature FROM json_each(?) s CROSS JOIN band b ON b.band = s.value "
            "CROSS JOIN version v ON v.number = b.version WHERE v.current = 1 ORDER BY v.article_id",
            as_json(list(bands)),
        )

    def put(self, batch: Iterable[Indexed]) -> None:
        """Commit article versions and make each the current one; all of them visible at once, or none."""
        items = [storing.checked(item) for item in batch]
        if not items:
            return
        self._require()
        for length in {len(vector) for item in items for vector in item.vectors}:
            self._require(dimension=length)
        with translated(self._path):
            last = {item.article.source.article_id: item for item in items}
            filled = [each for name, item in last.items() for each in _slots(name, 0, len(item.passages))]
            emptied = [each for name, item in last.items() for each in self._slots_beyond(name, len(item.passages))]
            self._keeper.prepare()
            pending = self._note([*filled, *emptied])
            self._keeper.upsert([entry for item in last.values() for entry in _entries(item)])
            self._keeper.delete([catalog.slot(*each) for each in emptied])
            with change(self._connection):
                for item in items:
                    storing.store(self._connection, item)
                for article_id in last:
                    storing.let_stand(self._connection, article_id)
                raise_generation(self._connection)
                storing.strike_pending(self._connection, pending)

    def remove(self, article_id: str) -> None:
        """Remove an article, all its versions, from search and storage; raise ArticleNotFoundError."""
        if self.current_version(article_id) is None:
            raise catalog.absent(article_id)
        with translated(self._path):
            emptied = self._slots_beyond(article_id, 0)
            self._keeper.prepare()
            pending = self._note(emptied)
            self._keeper.delete([catalog.slot(*each) for each in emptied])
            with change(self._connection):
                storing.remove(self._connection, article_id)
                raise_generation(self._connection)
                storing.strike_pending(self._connection, pending)

    def _require(self, *, dimension: int | None = None) -> None:
        with translated(self._path):
            now = state(self._connection)
        require(now, model=self._model, dimension=self._dimension if dimension is None else dimension)

    def _slots_beyond(self, article_id: str, kept: int) -> list[tuple[str, int]]:
        stored = storing.current(self._connection, article_id)
        return _slots(article_id, kept, stored.passages if stored else 0)

    def _note(self, slots: Sequence[tuple[str, int]]) -> int:
        with change(self._connection):
            return storing.note_pending(self._connection, slots)

    def _rows(self, query: str, *values: str) -> list[tuple[str, ...]]:
        with translated(self._path):
            return self._connection.execute(query, values).fetchall()

    def _blobs(self, query: str, value: str) -> list[tuple[str, bytes]]:
        with translated(self._path):
            return self._connection.execute(query, (value,)).fetchall()


def _entries(item: Indexed) -> list[Entry]:
    article_id = item.article.source.article_id
    return [
        Entry(slot=catalog.slot(article_id, ordinal), vector=packed(vector), passage=passage)
        for ordinal, (passage, vector) in enumerate(zip(item.passages, item.vectors, strict=True))
    ]


def _slots(article_id: str, start: int, stop: int) -> list[tuple[str, int]]:
    return [(article_id, ordinal) for ordinal in range(start, stop)]

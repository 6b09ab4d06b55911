"""A vector index in Chroma: rebuilt from the catalog whenever in doubt. Only this and its two homes import chromadb."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import LibraryError
from rag.library.catalog import Entry

if TYPE_CHECKING:
    import numpy as np
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings
    from numpy.typing import NDArray

_MOST_ROWS = 1_000
_MOST_BYTES = 8_000_000
_blinding = threading.RLock()

_Fact = str | int | None


class IndexFailedError(LibraryError):
    """The vector index did not do what it was asked; the catalog still has everything."""


class IndexUnusableError(IndexFailedError):
    """The vector index is missing or broken and has to be built anew."""


class IndexAwayError(IndexFailedError):
    """The server that keeps the vector index cannot be used now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A collection that is open, and how whoever opened it deals with it."""

    collection: Collection
    most_rows: int
    translated: Callable[[], AbstractContextManager[None]]
    """Turns Chroma's errors into IndexFailedError."""
    release: Callable[[], None]


class ChromaIndex:
    """One open collection of passages, keyed by slot; all methods raise IndexFailedError."""

    def __init__(self, opened: Opened, *, dimension: int) -> None:
        self._opened = opened
        self._collection = opened.collection
        self._translated = opened.translated
        self._dimension = dimension

    def count(self) -> int:
        """Return how many entries there are."""
        with self._translated():
            return self._collection.count()

    def upsert(self, entries: Iterable[Entry]) -> None:
        """Add entries, or put them in the place of those with the same slot."""
        for batch in _batches(entries, min(self._opened.most_rows, _MOST_ROWS)):
            with self._translated():
                self._collection.upsert(
                    ids=[entry.slot for entry in batch],
                    embeddings=self._matrix(batch),
                    documents=[entry.passage.text for entry in batch],
                    metadatas=[_facts(entry) for entry in batch],
                )

    def delete(self, slots: Sequence[str]) -> None:
        """Delete entries; what is not there is no error."""
        most = self._opened.most_rows
        for start in range(0, len(slots), most):
            with self._translated():
                self._collection.delete(ids=list(slots[start : start + most]))

    def nearest(self, query: NDArray[np.float64], count: int) -> list[str]:
        """Return the slots of the nearest entries, approximately, best first."""
        with self._translated():
            found = self._collection.query(
                query_embeddings=[query.astype("float32")], n_results=count, include=["distances"]
            )
            return list(found["ids"][0])

    def share_found(self, sample: int) -> float:
        """Return the share of so many entries, spread over all, that a search for their own vector finds."""
        with self._translated():
            total = self._collection.count()
            found = looked = 0
            for offset in range(0, total, max(1, total // sample)):
                entry = self._collection.get(limit=1, offset=offset, include=["embeddings"])
                near = self._collection.query(query_embeddings=entry["embeddings"], n_results=10, include=["distances"])
                looked += 1
                found += entry["ids"][0] in near["ids"][0] or _all_equal(near["distances"])
        return found / looked if looked else 1.0

    def rename(self, name: str) -> None:
        """Give the collection another name."""
        with self._translated():
            self._collection.modify(name=name)

    def close(self) -> None:
        """Release files and connections."""
        with self._translated():
            self._opened.release()

    def _matrix(self, batch: Sequence[Entry]) -> NDArray[np.float32]:
        import numpy as np  # noqa: PLC0415

        rows = np.frombuffer(b"".join(entry.vector for entry in batch), dtype="<f4")
        return rows.reshape(len(batch), self._dimension).astype(np.float32)


def configuration() -> CreateCollectionConfiguration:
    """Return how a collection is made: by cosine, and without a function that embeds."""
    return {"hnsw": {"space": "cosine", "ef_construction": 128, "ef_search": 200}}


@contextmanager
def blind_settings() -> Iterator[None]:
    """Keep chromadb from reading `.env` in the working directory and environment variables that have no prefix."""
    from pydantic_settings import BaseSettings  # noqa: PLC0415

    with _blinding:
        theirs = BaseSettings.__dict__["settings_customise_sources"]
        BaseSettings.settings_customise_sources = _only_arguments  # type: ignore[assignment]
        try:
            yield
        finally:
            BaseSettings.settings_customise_sources = theirs  # type: ignore[method-assign]


def chroma_settings() -> Settings:
    """Return Chroma's settings, none of them from the environment."""
    with blind_settings():
        from chromadb.config import Settings  # noqa: PLC0415

        return Settings(anonymized_telemetry=False, allow_reset=False)


@classmethod  # type: ignore[misc]
def _only_arguments(cls: object, settings_cls: object, init_settings: object, **_: object) -> tuple[object, ...]:  # noqa: ARG001
    return (init_settings,)


def _batches(entries: Iterable[Entry], most_rows: int) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        bytes_more = len(entry.vector) + 4 * len(entry.passage.text)
        if batch and (len(batch) >= most_rows or size + bytes_more > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += bytes_more
    if batch:
        yield batch


def _facts(entry: Entry) -> dict[str, _Fact]:
    """An upsert keeps old keys that it is not told of, so an absent fact is named as None, which removes it."""
    source, passage = entry.passage.source, entry.passage
    return {
        "article_id": source.article_id,
        "version": passage.version,
        "start": passage.start,
        "end": passage.end,
        "title": source.title,
        "publisher": source.publisher,
        "published": int(source.published.timestamp()) if source.published else None,
        "language": source.language,
    }


def _all_equal(distances: list[list[float]] | None) -> bool:
    """More copies of one vector than were asked for."""
    return distances is not None and max(distances[0], default=1.0) < 1e-5

"""The vector index in Chroma: rebuilt from the catalog whenever in doubt. Nothing else imports chromadb."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import LibraryError
from rag.library.catalog import Entry

if TYPE_CHECKING:
    import numpy as np
    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings, System
    from numpy.typing import NDArray

_COLLECTION = "passages"
_MOST_ROWS = 1_000
_MOST_BYTES = 8_000_000
_opening = threading.Lock()

_Fact = str | int | None


class IndexUnusableError(LibraryError):
    """The vector index failed; the catalog still has everything."""


class ChromaIndex:
    """One open directory of Chroma with the collection of passages, keyed by slot."""

    def __init__(self, directory: Path, *, dimension: int, create: bool = False) -> None:
        self._dimension = dimension
        with _translated(), _opening:
            self._collection, self._system, self._most_rows = _open(directory, create=create)

    def count(self) -> int:
        """Return how many entries there are."""
        with _translated():
            return self._collection.count()

    def upsert(self, entries: Iterable[Entry]) -> None:
        """Add entries, or put them in the place of those with the same slot."""
        for batch in _batches(entries, min(self._most_rows, _MOST_ROWS)):
            with _translated():
                self._collection.upsert(
                    ids=[entry.slot for entry in batch],
                    embeddings=self._matrix(batch),
                    documents=[entry.passage.text for entry in batch],
                    metadatas=[_facts(entry) for entry in batch],
                )

    def delete(self, slots: Sequence[str]) -> None:
        """Delete entries; what is not there is no error."""
        for start in range(0, len(slots), self._most_rows):
            with _translated():
                self._collection.delete(ids=list(slots[start : start + self._most_rows]))

    def nearest(self, query: NDArray[np.float64], count: int) -> list[str]:
        """Return the slots of the nearest entries, approximately, best first."""
        with _translated():
            found = self._collection.query(
                query_embeddings=[query.astype("float32")], n_results=count, include=["distances"]
            )
        return list(found["ids"][0])

    def share_found(self, sample: int) -> float:
        """Return the share of so many entries, spread over all, that a search for their own vector finds."""
        with _translated():
            total = self._collection.count()
            found = looked = 0
            for offset in range(0, total, max(1, total // sample)):
                entry = self._collection.get(limit=1, offset=offset, include=["embeddings"])
                near = self._collection.query(query_embeddings=entry["embeddings"], n_results=10, include=["distances"])
                looked += 1
                found += entry["ids"][0] in near["ids"][0] or _all_equal(near["distances"])
        return found / looked if looked else 1.0

    def close(self) -> None:
        """Release the files."""
        with _translated():
            self._system.stop()

    def _matrix(self, batch: Sequence[Entry]) -> NDArray[np.float32]:
        import numpy as np  # noqa: PLC0415

        rows = np.frombuffer(b"".join(entry.vector for entry in batch), dtype="<f4")
        return rows.reshape(len(batch), self._dimension).astype(np.float32)


def _open(directory: Path, *, create: bool) -> tuple[Collection, System, int]:
    with _blind_settings():
        import chromadb  # noqa: PLC0415  takes most of a second; small libraries are read without it
    from chromadb.api.shared_system_client import SharedSystemClient  # noqa: PLC0415

    # An open client never sees what other processes wrote since; only a new system under it does.
    SharedSystemClient.clear_system_cache()
    client = chromadb.PersistentClient(str(directory), settings=_settings())
    # Client.close() counts references, which clearing the cache has reset; so the system is stopped by ourselves.
    system = SharedSystemClient._identifier_to_system[str(directory)]
    SharedSystemClient.clear_system_cache()
    if create:
        collection = client.create_collection(
            _COLLECTION,
            configuration={"hnsw": {"space": "cosine", "ef_construction": 128, "ef_search": 200}},
            embedding_function=None,
        )
    else:
        collection = client.get_collection(_COLLECTION, embedding_function=None)
    return collection, system, client.get_max_batch_size()


@contextmanager
def _blind_settings() -> Iterator[None]:
    """Keep chromadb from reading `.env` in the working directory and environment variables that have no prefix."""
    from pydantic_settings import BaseSettings  # noqa: PLC0415

    theirs = BaseSettings.__dict__["settings_customise_sources"]
    BaseSettings.settings_customise_sources = _only_arguments  # type: ignore[assignment]
    try:
        yield
    finally:
        BaseSettings.settings_customise_sources = theirs  # type: ignore[method-assign]


def _settings() -> Settings:
    with _blind_settings():
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


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic in Chroma's Rust part is no Exception
        first = (str(error).splitlines() or [""])[0][:200]
        raise IndexUnusableError(f"The vector index failed ({type(error).__name__}: {first}).") from error

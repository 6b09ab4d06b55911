"""The library in a local directory: what readers ask, and the doors for writers and for upkeep."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import LibraryMissingError, StorageError
from rag.library import catalog
from rag.library.connections import CATALOG, Connections, State, create, require, state, translated, writing
from rag.library.homes import Neighbours
from rag.library.keeper import IndexKeeper
from rag.library.lock import in_motion, writers_place
from rag.library.reader import IndexReader
from rag.library.upkeep import Finding, compact, examine, reindex
from rag.library.writer import LocalWriter
from rag.protocols import Embedder, LibraryWriter, Place, Scored, Vector, VersionSummary
from rag.types import Article, Passage, Scope

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray

    from rag.library.exact import Numbers, VectorCache

    Selection = tuple[Numbers, Numbers]
    Ranked = list[tuple[int, float]]

_MOST_ASKED = 4_000
_NEWEST = 256
"""Passages stored last, always scored: the index may not reach a passage that is like no other, as news can be."""
_SELECTIONS = 16


def open_library(
    directory: Path,
    *,
    model: str,
    dimension: int | None = None,
    create: bool = False,
    any_model: bool = False,
    neighbours: Neighbours | None = None,
) -> LocalLibrary:
    """Open the library in a directory.

    Without a dimension the models are compared by name alone, so that nothing needs to be asked of a model that may be
    down; only `create` needs one. `any_model` opens one that another embedding model wrote, to be read by words,
    examined or reindexed. Raises LibraryMissingError, LibraryMismatchError, LibraryDamagedError or StorageError.
    """
    directory = directory.expanduser().absolute()
    if create:
        if dimension is None:
            raise ValueError("To create a library takes the dimension of the model's vectors.")
        _create(directory, model=model, dimension=dimension)
    elif not _exists(directory):
        raise LibraryMissingError(f"There is no library in {directory} yet; run `dateline ingest PATH` first.")
    return LocalLibrary(
        directory,
        model=model,
        dimension=_found(directory, model=model, dimension=dimension, any_model=any_model),
        neighbours=neighbours or Neighbours(),
    )


class LocalLibrary:
    """Articles in a SQLite catalog, their vectors also in Chroma; safe to read from several threads."""

    def __init__(self, directory: Path, *, model: str, dimension: int, neighbours: Neighbours) -> None:
        self._directory = directory
        self._model = model
        self._dimension = dimension
        self._exact_up_to = neighbours.exact_up_to
        self._home = neighbours.home(directory)
        self._connections = Connections(directory)
        self._index = IndexReader(directory, self._connections, self._home)
        self._lock = threading.Lock()
        self._cache: VectorCache | None = None
        self._selections: OrderedDict[tuple[int, Scope], Selection] = OrderedDict()

    @property
    def directory(self) -> Path:
        """Where the library lies."""
        return self._directory

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._dimension

    def generation(self) -> int:
        """Return the number that every committed change raises, as of now, whoever wrote it."""
        with self._connections.reading() as connection:
            return state(connection).generation

    def publishers(self) -> list[str]:
        """Return the distinct publishers of current articles, sorted."""
        with self._connections.reading() as connection:
            return catalog.publishers(connection)

    def count(self, scope: Scope = Scope()) -> int:
        """Return how many articles the scope admits."""
        with self._connections.reading() as connection:
            return catalog.count(connection, scope)

    def articles(
        self, scope: Scope = Scope(), *, limit: int = 100, offset: int = 0, after: Place | None = None
    ) -> list[VersionSummary]:
        """Return current versions (with `as_of`, those that then stood), newest publication first, undated last."""
        with self._connections.reading() as connection:
            return catalog.articles(connection, scope, (limit, offset), after)

    def versions(self, article_id: str) -> list[VersionSummary]:
        """Return all versions of one article, oldest first; raise ArticleNotFoundError."""
        with self._connections.reading() as connection:
            return catalog.versions(connection, article_id)

    def article(self, article_id: str, version: str | None = None) -> Article:
        """Return an article as stored (current version unless one is named); raise ArticleNotFoundError."""
        with self._connections.reading() as connection:
            return catalog.article(connection, article_id, version)

    def lexical(self, query: str, scope: Scope, limit: int) -> list[Scored]:
        """Return the passages best by BM25 over their words, best first, ties by passage id."""
        with self._connections.reading() as connection:
            return catalog.lexical(connection, query, scope, limit)

    def dense(self, vector: Vector, scope: Scope, limit: int) -> list[Scored]:
        """Return the passages nearest by cosine similarity, best first, ties by passage id.

        Where the scope leaves few passages all are scored. Where it leaves many, the index names candidates, and their
        scores come from the catalog all the same, so that both ways give the same numbers.
        """
        from rag.library.exact import unit  # noqa: PLC0415  brings numpy

        # Asked before the catalog's moment is fixed: an index that is at rest then cannot be behind it.
        at_rest = not in_motion(self._directory)
        with self._connections.reading() as connection:
            now = state(connection)
            require(now, model=self._model, dimension=len(vector))
            if limit < 1:
                return []
            query, ranked = unit(vector), None
            # Earlier versions are not in the index.
            if at_rest and scope.as_of is None:
                ranked = self._from_index(connection, now, scope, (query, limit))
            if ranked is None:
                ranked = self._from_catalog(connection, now, scope, (query, limit))
            return _best(catalog.passages(connection, [number for number, _ in ranked]), ranked, limit)

    @contextmanager
    def writing(self) -> Iterator[LibraryWriter]:
        """Hold the library's one writer's place; raise LibraryLockedError when it is taken."""
        with writers_place(self._directory), writing(self._directory) as connection:
            keeper, path = IndexKeeper(self._directory, connection, self._home), self._directory / CATALOG
            with translated(path):
                keeper.recover()
            try:
                yield LocalWriter(self._directory, connection, keeper, model=self._model, dimension=self._dimension)
            finally:
                with translated(path):
                    keeper.settle()

    def reindex(self, embedder: Embedder | None = None, embedded: Callable[[Passage], str] | None = None) -> None:
        """Build the vector index anew from the catalog; with another model's embedder, embed everything anew first.

        `embedded` gives the text that stands for a passage before the model; by default the passage's own.
        """
        reindex(self._directory, self._home, embedder, embedded or (lambda passage: passage.text))
        if embedder is not None:
            self._model, self._dimension, self._cache = embedder.name, embedder.dimension, None

    def compact(self) -> None:
        """Erase what was removed from the files themselves, and give the space back."""
        compact(self._directory, self._home)

    def check(self) -> list[Finding]:
        """Examine the library; what is not well comes with advice."""
        model, dimension = self._model, self._dimension
        return examine(self._directory, self._connections, self._home, model=model, dimension=dimension)

    def close(self) -> None:
        """Release files and clients."""
        self._index.close()
        self._connections.close()

    def _from_index(
        self,
        connection: sqlite3.Connection,
        now: State,
        scope: Scope,
        wanted: tuple[NDArray[np.float64], int],
    ) -> Ranked | None:
        """Ask the index for more than is wanted, until scope and ties at the edge leave enough; None if it cannot."""
        query, limit = wanted
        size = catalog.count_passages(connection, scope)
        if size <= self._exact_up_to or not size:
            return None
        total = catalog.count_passages(connection, Scope())
        newest = catalog.newest(connection, scope, _NEWEST)
        ask = int((limit + 10) * 1.2 * total / size) + 1
        while ask <= _MOST_ASKED:
            slots = self._index.nearest(now.seal, query, min(ask, total))
            if slots is None:
                return None
            found = catalog.in_slots(connection, slots, scope)
            ranked = _ranked(connection, found, query)
            if len(found) == size or (len(ranked) > limit and ranked[-1][1] < ranked[limit - 1][1]):
                return sorted({*ranked, *_ranked(connection, newest, query)}, key=_score)
            ask *= 4
        return None

    def _from_catalog(
        self, connection: sqlite3.Connection, now: State, scope: Scope, wanted: tuple[NDArray[np.float64], int]
    ) -> Ranked:
        from rag.library.exact import VectorCache, nearest  # noqa: PLC0415

        with self._lock:
            cache = self._cache = self._cache or VectorCache(now.dimension)
        numbers, vectors = self._selection(connection, now, scope)
        if not len(numbers):
            return []
        places, scores = nearest(connection, cache, now, vectors, *wanted)
        return list(zip(numbers[places].tolist(), scores.tolist(), strict=True))

    def _selection(self, connection: sqlite3.Connection, now: State, scope: Scope) -> Selection:
        import numpy as np  # noqa: PLC0415

        key = (now.generation, scope)
        with self._lock:
            if key in self._selections:
                self._selections.move_to_end(key)
                return self._selections[key]
        rows = np.array(catalog.selection(connection, scope), dtype=np.int64).reshape(-1, 2)
        chosen = (np.ascontiguousarray(rows[:, 0]), np.ascontiguousarray(rows[:, 1]))
        with self._lock:
            self._selections[key] = chosen
            while len(self._selections) > _SELECTIONS:
                self._selections.popitem(last=False)
        return chosen


def _create(directory: Path, *, model: str, dimension: int) -> None:
    if directory.exists() and not directory.is_dir():
        raise StorageError(f"{directory} is not a directory; name another place for the library.")
    if not _exists(directory):
        create(directory, model=model, dimension=dimension)


def _found(directory: Path, *, model: str, dimension: int | None, any_model: bool) -> int:
    """Return the dimension to go by; raise LibraryMismatchError unless the library can be read, with this model."""
    with closing(Connections(directory)) as connections, connections.reading() as connection:
        now = state(connection)
    if any_model:
        require(now, model=now.model)
    else:
        require(now, model=model, dimension=dimension)
    return now.dimension if dimension is None else dimension


def _exists(directory: Path) -> bool:
    """An empty file is a creation that was cut short."""
    path = directory / CATALOG
    with translated(path):
        return path.is_file() and path.stat().st_size > 0


def _ranked(connection: sqlite3.Connection, found: Sequence[tuple[int, int]], query: NDArray[np.float64]) -> Ranked:
    from rag.library.exact import fetched, similarities  # noqa: PLC0415

    scores = similarities(fetched(connection, [vector for _, vector in found]), query).tolist() if found else []
    return sorted(((number, score) for (number, _), score in zip(found, scores, strict=True)), key=_score)


def _score(pair: tuple[int, float]) -> float:
    return -pair[1]


def _best(found: dict[int, Passage], ranked: Ranked, limit: int) -> list[Scored]:
    scored = [Scored(passage=found[number], score=score) for number, score in ranked]
    return sorted(scored, key=lambda each: (-each.score, each.passage.id))[:limit]

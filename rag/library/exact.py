"""Exact scoring of vectors that lie in the catalog."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from rag.errors import LibraryError
from rag.library import catalog
from rag.library.connections import State
from rag.protocols import Vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Kind = TypeVar("_Kind", bound=np.generic)
    Floats = NDArray[np.float32]
    Numbers = NDArray[np.int64]

_FEW = 2_000
"""So many vectors are fetched one by one rather than by loading all."""
_CHUNK = 4_000
_LEAST_IN_USE = 0.8
"""Share of the vectors in memory that must still be stored; below it they are read anew."""
_NOISE = 1e-5
"""More than single precision can be wrong by in a sum over a few thousand terms of unit vectors."""
_DIGITS = 6


def packed(vector: Vector) -> bytes:
    """Return a vector as stored: float32, little endian, unit length; raise LibraryError if it has no direction."""
    return unit(vector).astype("<f4").tobytes()


def unit(vector: Vector) -> NDArray[np.float64]:
    """Return the vector with length one."""
    import numpy as np  # noqa: PLC0415  lexical search and listing must not wait for numpy

    values = np.asarray(vector, dtype=np.float64)
    length = math.sqrt(float((values * values).sum()))
    if not math.isfinite(length) or length == 0:
        raise LibraryError("The embedding model gave a vector that is zero or not finite; check the model.")
    # A vector that is stored again must keep its bits.
    return values if abs(length - 1) < 1e-6 else values / length


class VectorCache:
    """The catalog's vectors in memory: read once, extended as the catalog grows, read anew when much was removed."""

    def __init__(self, dimension: int) -> None:
        self._lock = threading.Lock()
        self._dimension = dimension
        self._model, self._generation = "", -1
        self._empty()

    def rows(
        self, connection: sqlite3.Connection, now: State, wanted: Numbers, *, new_at_most: int | None
    ) -> tuple[Floats, Numbers] | None:
        """Return all vectors and the rows of those wanted.

        None if more than `new_at_most` would have to be read first, or if a vector is not here: where another reader
        filled the memory from a later moment of the catalog, what was removed in between is missing.
        """
        import numpy as np  # noqa: PLC0415

        with self._lock:
            self._renew(connection, now)
            last = int(self._numbers[self._used - 1]) if self._used else 0
            if int(wanted.max()) > last:
                if new_at_most and catalog.count_vectors_after(connection, last, new_at_most) == new_at_most:
                    return None
                self._extend(connection, last)
            numbers, matrix = self._numbers[: self._used], self._matrix[: self._used]
        rows = np.searchsorted(numbers, wanted)
        return (matrix, rows) if np.array_equal(numbers[rows.clip(max=len(numbers) - 1)], wanted) else None

    def _empty(self) -> None:
        import numpy as np  # noqa: PLC0415

        self._numbers: Numbers = np.empty(0, dtype=np.int64)
        self._matrix: Floats = np.empty((0, self._dimension), dtype=np.float32)
        self._used = 0

    def _renew(self, connection: sqlite3.Connection, now: State) -> None:
        """Forget all where another model's vectors took their place, or where many were removed."""
        if now.generation != self._generation:
            if now.model != self._model or catalog.count_vectors(connection) < self._used * _LEAST_IN_USE:
                self._empty()
            self._model, self._generation = now.model, now.generation

    def _extend(self, connection: sqlite3.Connection, last: int) -> None:
        import numpy as np  # noqa: PLC0415

        rows = catalog.vectors_after(connection, last)
        while some := list(islice(rows, _CHUNK)):
            numbers, data = zip(*some, strict=True)
            needed = self._used + len(some)
            if needed > len(self._numbers):
                # Growing by a half keeps repeated small additions cheap; other threads go on with the old arrays.
                room = max(needed, self._used * 3 // 2 if self._used else catalog.count_vectors(connection))
                self._numbers = _grown(self._numbers[: self._used], room)
                self._matrix = _grown(self._matrix[: self._used], room)
            self._numbers[self._used : needed] = numbers
            self._matrix[self._used : needed] = np.frombuffer(b"".join(data), dtype="<f4").reshape(len(some), -1)
            self._used = needed


def nearest(
    connection: sqlite3.Connection,
    cache: VectorCache,
    now: State,
    wanted: Numbers,
    query: NDArray[np.float64],
    limit: int,
) -> tuple[Numbers, NDArray[np.float64]]:
    """Return positions in `wanted` and scores of the best; whatever ties with the last of them comes too."""
    import numpy as np  # noqa: PLC0415

    few = len(wanted) <= _FEW
    cached = cache.rows(connection, now, wanted, new_at_most=4 * len(wanted) if few else None)
    matrix, rows = cached or (fetched(connection, wanted), np.arange(len(wanted)))
    single = query.astype(np.float32)
    rough = (matrix @ single)[rows] if len(rows) * 5 > len(matrix) else matrix[rows] @ single
    places = np.arange(len(rough))
    if len(rough) > limit:
        edge = np.partition(rough, len(rough) - limit)[len(rough) - limit]
        places = np.flatnonzero(rough >= edge - _NOISE)
    return places, similarities(matrix[rows[places]], query)


def similarities(matrix: Floats, query: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cosines in double precision, rounded: a row's value does not depend on which rows stand beside it."""
    import numpy as np  # noqa: PLC0415

    products = matrix.astype(np.float64) * query
    scores: NDArray[np.float64] = np.clip(products.sum(axis=1), -1.0, 1.0).round(_DIGITS)
    return scores


def fetched(connection: sqlite3.Connection, wanted: Numbers | Sequence[int]) -> Floats:
    """Return these vectors from the catalog, one row for each."""
    import numpy as np  # noqa: PLC0415

    numbers = [int(number) for number in wanted]
    data = dict(catalog.vectors(connection, numbers))
    return np.frombuffer(b"".join(data[number] for number in numbers), dtype="<f4").reshape(len(numbers), -1)


def _grown(array: NDArray[_Kind], room: int) -> NDArray[_Kind]:
    import numpy as np  # noqa: PLC0415

    larger = np.empty((room, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger

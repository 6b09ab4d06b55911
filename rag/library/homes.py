"""Where vector indexes lie: in directories beside the catalog, or (`server.py`) on a Chroma server."""

from __future__ import annotations

import math
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.library.health import entries_in, fingerprint, unchanged
from rag.library.server import ChromaServer, ServerHome
from rag.library.vectors import ChromaIndex, IndexUnusableError, Opened, blind_settings, chroma_settings, configuration

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection
    from chromadb.config import System

_COLLECTION = "passages"
_PREFIX = "vectors-"
_opening = threading.Lock()


EXACT_UP_TO = 100_000
"""Passages in scope up to which all are scored. With so many (of 384 numbers) a question takes 20 ms rather than 8 by
the index, misses nothing, and needs half the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """How the passages nearest to a question are found."""

    exact_up_to: int = EXACT_UP_TO
    """Passages in scope up to which no vector index is asked."""
    server: ChromaServer | None = None
    """The Chroma server that keeps the vector index; without one it lies beside the catalog."""

    def home(self, directory: Path) -> IndexHome:
        """Return where the vector index of the library in this directory lies."""
        return ServerHome(self.server) if self.server else EmbeddedHome(directory)


class IndexHome(Protocol):
    """Keeps indexes under names of its own choice; the catalog knows which one counts. Raises IndexFailedError."""

    @property
    def retry_seconds(self) -> float:
        """How long readers let an index be that could not be used."""
        ...

    def create(self, library: str, dimension: int) -> tuple[str, ChromaIndex]:
        """Make an empty index for the library of this id; return its name too."""
        ...

    def open(self, name: str, dimension: int) -> ChromaIndex:
        """Open an index to be read."""
        ...

    def claim(self, name: str, library: str, dimension: int) -> tuple[str, ChromaIndex]:
        """Open an index to be changed; return the name that it has from now on."""
        ...

    def seal(self, name: str) -> str:
        """Return what tells the index as it is now, once nobody writes to it."""
        ...

    def sealed(self, name: str, seal: str) -> bool:
        """Tell whether an index of this name may be here, and is as it was when the seal was taken."""
        ...

    def entries(self, name: str, dimension: int) -> int | None:
        """Return how many entries an index holds; None if it is missing or does not find them."""
        ...

    def others(self, library: str, kept: str) -> Sequence[str]:
        """Return the names of the library's indexes but for the one that is kept."""
        ...

    def remove(self, name: str) -> None:
        """Remove an index if it is here."""
        ...


class EmbeddedHome:
    """Keeps each index in a directory beside the catalog, by the Chroma inside this process."""

    retry_seconds = math.inf
    """Files do not mend themselves."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def create(self, library: str, dimension: int) -> tuple[str, ChromaIndex]:  # noqa: ARG002  the directory is its own
        """Make an empty index in a new directory."""
        name = _PREFIX + secrets.token_hex(4)
        with _translated():
            (self._directory / name).mkdir(mode=0o700)
        return name, self._opened(name, dimension, create=True)

    def open(self, name: str, dimension: int) -> ChromaIndex:
        """Open the index of a directory; one that is torn may end the process."""
        return self._opened(name, dimension, create=False)

    def claim(self, name: str, library: str, dimension: int) -> tuple[str, ChromaIndex]:  # noqa: ARG002
        """Open the index of a directory; its seal breaks as it changes."""
        return name, self._opened(name, dimension, create=False)

    def seal(self, name: str) -> str:
        """Return the fingerprint of the index's files."""
        return fingerprint(self._directory / name)

    def sealed(self, name: str, seal: str) -> bool:
        """Tell whether its files are those of the fingerprint."""
        return unchanged(self._directory / name, seal)

    def entries(self, name: str, dimension: int) -> int | None:
        """Return how many entries an index holds, as a process of its own counts them."""
        return entries_in(self._directory / name, dimension)

    def others(self, library: str, kept: str) -> list[str]:  # noqa: ARG002
        """Return the names of directories that are not the one that is kept."""
        return sorted(path.name for path in self._directory.glob(f"{_PREFIX}*") if path.name != kept)

    def remove(self, name: str) -> None:
        """Remove the directory, or what stands in its place."""
        path = self._directory / name
        if not name.startswith(_PREFIX):
            return
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def _opened(self, name: str, dimension: int, *, create: bool) -> ChromaIndex:
        with _translated(), _opening:
            collection, system, most_rows = _collection(self._directory / name, create=create)
        opened = Opened(collection=collection, most_rows=most_rows, translated=_translated, release=system.stop)
        return ChromaIndex(opened, dimension=dimension)


def _collection(directory: Path, *, create: bool) -> tuple[Collection, System, int]:
    with blind_settings():
        import chromadb  # noqa: PLC0415  takes most of a second; small libraries are read without it
    from chromadb.api.shared_system_client import SharedSystemClient  # noqa: PLC0415

    # An open client never sees what other processes wrote since; only a new system under it does.
    SharedSystemClient.clear_system_cache()
    client = chromadb.PersistentClient(str(directory), settings=chroma_settings())
    # Client.close() counts references, which clearing the cache has reset; so the system is stopped by ourselves.
    system = SharedSystemClient._identifier_to_system[str(directory)]
    SharedSystemClient.clear_system_cache()
    if create:
        collection = client.create_collection(_COLLECTION, configuration=configuration(), embedding_function=None)
    else:
        collection = client.get_collection(_COLLECTION, embedding_function=None)
    return collection, system, client.get_max_batch_size()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic in Chroma's Rust part is no Exception
        first = (str(error).splitlines() or [""])[0][:200]
        raise IndexUnusableError(f"The vector index failed ({type(error).__name__}: {first}).") from error

"""Vector indexes on a Chroma server, each a collection.

A collection gets a new name each time somebody is about to change it, and the catalog keeps the name. So a catalog that
was copied or restored never takes for its own what was changed since: it does not find it, and builds anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.errors import ConfigurationError
from rag.library.vectors import (
    ChromaIndex,
    IndexAwayError,
    IndexFailedError,
    IndexUnusableError,
    Opened,
    blind_settings,
    chroma_settings,
    configuration,
)

if TYPE_CHECKING:
    from chromadb.api.fastapi import FastAPI
    from chromadb.types import Collection as Model

_PREFIX = "dateline-"
_WRITE_SECONDS = 120.0
_SAMPLE = 50
_LEAST_FOUND = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ChromaServer:
    """Where a Chroma server answers, and the bearer token that a proxy before it asks for."""

    url: str
    token: str | None = field(default=None, repr=False)
    patience: float = 5.0
    """Seconds that a reader waits for a reply; then it does without."""

    def __post_init__(self) -> None:
        """Raise ConfigurationError unless it is a plain address."""
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable or parts.username or parts.password or parts.query or parts.fragment:
            raise ConfigurationError(
                "DATELINE_CHROMA_URL is not an address like http://host:8000; a token goes into DATELINE_CHROMA_TOKEN."
            )


class ServerHome:
    """Keeps indexes on a Chroma server. It sends every vector itself, and makes nothing of stored configuration."""

    retry_seconds = 30.0

    def __init__(self, server: ChromaServer) -> None:
        self._server = server

    def create(self, library: str, dimension: int) -> tuple[str, ChromaIndex]:
        """Make an empty collection."""
        name = _name(library)
        with self._connected(_WRITE_SECONDS) as api:
            return name, self._index(api, api.create_collection(name, configuration=configuration()), dimension)

    def open(self, name: str, dimension: int) -> ChromaIndex:
        """Open a collection to be read, with little patience."""
        return self._opened(name, dimension, self._server.patience)

    def claim(self, name: str, library: str, dimension: int) -> tuple[str, ChromaIndex]:
        """Open a collection to be changed, and give it a new name."""
        index, name = self._opened(name, dimension, _WRITE_SECONDS), _name(library)
        index.rename(name)
        return name, index

    def seal(self, name: str) -> str:
        """Return the name, which is another after each change."""
        return name

    def sealed(self, name: str, seal: str) -> bool:  # noqa: ARG002
        """Tell whether the name is a collection's; opening it shows whether it is there."""
        return name.startswith(_PREFIX)

    def entries(self, name: str, dimension: int) -> int | None:
        """Return how many entries a collection holds; raise IndexAwayError."""
        try:
            with closing(self._opened(name, dimension, self._server.patience)) as index:
                return index.count() if index.share_found(_SAMPLE) >= _LEAST_FOUND else None
        except IndexUnusableError:
            return None

    def others(self, library: str, kept: str) -> list[str]:
        """Return the names of the library's other collections."""
        with self._connected(self._server.patience) as api, closing(api._session):
            names = [model.name for model in api.list_collections()]
        return sorted(name for name in names if name.startswith(f"{_PREFIX}{library}-") and name != kept)

    def remove(self, name: str) -> None:
        """Delete a collection if it is there."""
        if name.startswith(_PREFIX):
            with suppress(IndexUnusableError), self._connected(_WRITE_SECONDS) as api, closing(api._session):
                api.delete_collection(name)

    def _opened(self, name: str, dimension: int, seconds: float) -> ChromaIndex:
        with self._connected(seconds) as api:
            return self._index(api, api.get_collection(name), dimension)

    def _index(self, api: FastAPI, model: Model, dimension: int) -> ChromaIndex:
        from chromadb.api.models.Collection import Collection  # noqa: PLC0415

        opened = Opened(
            collection=Collection(client=api, model=model, embedding_function=None),
            most_rows=api.get_max_batch_size(),
            translated=self._translated,
            release=api._session.close,
        )
        return ChromaIndex(opened, dimension=dimension)

    @contextmanager
    def _connected(self, seconds: float) -> Iterator[FastAPI]:
        """Give the server's interface; its session is closed here only if the block fails."""
        with blind_settings():
            from chromadb.api.fastapi import FastAPI  # noqa: PLC0415
            from chromadb.config import System  # noqa: PLC0415

        settings = chroma_settings()
        settings.chroma_api_impl = "chromadb.api.fastapi.FastAPI"
        settings.chroma_server_host = self._server.url
        settings.chroma_server_http_port = 0  # required, though a whole address goes before it
        if self._server.token:
            settings.chroma_server_headers = {"Authorization": f"Bearer {self._server.token}"}
        with self._translated():
            # Not by Chroma's `HttpClient`, which asks the server twice before it can be told not to wait for ever.
            api = System(settings).instance(FastAPI)
            api._session.timeout = seconds
            try:
                yield api
            except BaseException:
                api._session.close()
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IndexFailedError:
            raise
        except Exception as error:
            from chromadb.errors import InternalError, InvalidDimensionException, NotFoundError  # noqa: PLC0415

            said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            if isinstance(error, InternalError | InvalidDimensionException | NotFoundError):
                raise IndexUnusableError(f"The vector index on {self._server.url} failed ({said}).") from error
            raise IndexAwayError(
                f"The Chroma server at {self._server.url} cannot be used ({said}); start it or mend "
                "DATELINE_CHROMA_URL, then run again."
            ) from error


def _name(library: str) -> str:
    return f"{_PREFIX}{library}-{secrets.token_hex(4)}"

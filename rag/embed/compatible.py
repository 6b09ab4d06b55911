"""Vectors from any server that speaks OpenAI's embeddings protocol, through LangChain's client."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from rag.embed.text import well_formed
from rag.errors import ProviderReplyError
from rag.provider.failures import endpoint

if TYPE_CHECKING:
    from langchain_openai import OpenAIEmbeddings

OPENAI = "https://api.openai.com/v1"
ROWS = 32
"""Texts per request: the least that a common server allows by default."""
REQUEST_BYTES = 128 * 1024
TEXT_BYTES = 8_000
"""Longer texts are cut: OpenAI's models refuse more than 8,191 tokens, and a token has at least one byte."""
CACHED_QUERIES = 256
CACHED_CHARACTERS = 2_000


class CompatibleEmbedder:
    """Asks a server for vectors and brings them to unit length; safe to use from several threads.

    The constructor raises ConfigurationError for an address or a key that cannot be one; it connects to nothing.
    """

    def __init__(
        self,
        *,
        model: str,
        base_url: str | None = None,
        api_key: str | None = None,
        dimension: int | None = None,
        timeout: float = 30.0,
        retries: int = 2,
    ) -> None:
        self._model = model
        self._base_url = base_url or OPENAI
        self._endpoint = endpoint(model, self._base_url, api_key, purpose="embedding")
        self._api_key = api_key
        self._dimension = dimension
        self._timeout = timeout
        self._retries = retries
        self._lock = Lock()
        self._opened: OpenAIEmbeddings | None = None
        self._query = lru_cache(CACHED_QUERIES)(lambda text: tuple(self.embed_documents([text])[0]))

    @property
    def name(self) -> str:
        """The model's name; the server's is no part of it, so that a library outlives a move."""
        return f"openai-compatible/{self._model}"

    @property
    def dimension(self) -> int:
        """Length of every vector; asks the server once when it was not given; raise ProviderError."""
        if self._dimension is None:
            self.embed_documents(["length"])
        return self._dimension or 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one unit vector per text, in order; raise ProviderError."""
        sendable = [_sendable(text) for text in texts]
        return [vector for batch in _batches(sendable) for vector in self._ask(batch)]

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question, recent ones from memory; raise ProviderError."""
        return list(self._query(text)) if len(text) <= CACHED_CHARACTERS else self.embed_documents([text])[0]

    def _ask(self, batch: list[str]) -> list[list[float]]:
        client = self._client()
        try:
            vectors = client.embed_documents(batch)
        except Exception as error:  # noqa: BLE001 - each server has its own ways to break the protocol
            failure = self._endpoint.failure(error).error
        else:
            return self._checked(vectors, len(batch))
        # Raised outside of the handler: the client's error may repeat the key, and tracebacks show causes.
        raise failure

    def _checked(self, vectors: list[list[float]], count: int) -> list[list[float]]:
        if len(vectors) != count:
            raise self._reply_error("did not give one vector per text")
        return [self._unit(vector) for vector in vectors]

    def _unit(self, vector: list[float]) -> list[float]:
        if not isinstance(vector, list) or not all(isinstance(value, int | float) for value in vector):
            raise self._reply_error("gave a vector that is not a list of numbers")
        length = math.hypot(*vector)
        if not (0 < length < math.inf):
            raise self._reply_error("gave a vector without a direction (empty, zeros or not finite)")
        with self._lock:
            self._dimension = self._dimension or len(vector)
        if len(vector) != self._dimension:
            raise self._reply_error(f"gave {len(vector)} dimensions where {self._dimension} were expected")
        return [value / length for value in vector]

    def _client(self) -> OpenAIEmbeddings:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> OpenAIEmbeddings:
        from langchain_openai import OpenAIEmbeddings  # noqa: PLC0415 - slow to import
        from pydantic import SecretStr  # noqa: PLC0415 - slow to import

        return OpenAIEmbeddings(
            model=self._model,
            base_url=self._base_url,
            # Local servers need no key, but the client refuses to start without one.
            api_key=SecretStr(self._api_key or "none"),
            timeout=self._timeout,
            max_retries=self._retries,
            chunk_size=ROWS,
            # Otherwise it downloads a vocabulary and sends token numbers, which most other servers refuse.
            check_embedding_ctx_length=False,
            # Otherwise it asks for base64, which some servers do not know.
            model_kwargs={"encoding_format": "float"},
        )

    def _reply_error(self, what: str) -> ProviderReplyError:
        return ProviderReplyError(
            f"{self._endpoint.host} {what}. Check that {self._model} is an embedding model (DATELINE_EMBEDDING_MODEL)."
        )


def _sendable(text: str) -> str:
    """Return what servers accept: well-formed, not blank, not too long."""
    kept = well_formed(text[:TEXT_BYTES]).encode()[:TEXT_BYTES].decode(errors="ignore")
    return kept if kept.strip() else "."


def _batches(texts: list[str]) -> Iterator[list[str]]:
    """Yield runs of texts within the limits of one request."""
    batch: list[str] = []
    size = 0
    for text in texts:
        added = len(text.encode())
        if batch and (len(batch) == ROWS or size + added > REQUEST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += added
    if batch:
        yield batch

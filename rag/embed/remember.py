"""Wraps an embedder so that a text is embedded once: reranking, reading and checking look at the same sentences."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from threading import Lock

from rag.protocols import Embedder

REMEMBERED = 10_000
"""Texts; the vectors of 384 dimensions take 31 MB."""
LONGEST = 2_000
"""Characters of a text that is remembered: sentences are shorter, and whatever else is embedded may be long."""


class RememberingEmbedder:
    """Gives the vectors of its inner embedder, from memory where it has them; safe to use from several threads."""

    def __init__(self, inner: Embedder, *, remembered: int = REMEMBERED) -> None:
        self._inner = inner
        self._remembered = remembered
        self._vectors: OrderedDict[str, array[float]] = OrderedDict()
        self._lock = Lock()

    @property
    def name(self) -> str:
        """Identity of the inner model: the vectors are the same."""
        return self._inner.name

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._inner.dimension

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector per text, in order, asking the inner embedder once for each new text."""
        known = self._recall(texts)
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            found = {
                text: array("d", vector) for text, vector in zip(new, self._inner.embed_documents(new), strict=True)
            }
            self._keep(found)
            known |= found
        return [known[text].tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return self._inner.embed_query(text)

    def _recall(self, texts: list[str]) -> dict[str, array[float]]:
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
            for text in known:
                self._vectors.move_to_end(text)
        return known

    def _keep(self, found: dict[str, array[float]]) -> None:
        with self._lock:
            self._vectors.update((text, vector) for text, vector in found.items() if len(text) <= LONGEST)
            while len(self._vectors) > self._remembered:
                self._vectors.popitem(last=False)

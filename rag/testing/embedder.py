"""A deterministic embedder that needs no model."""

from __future__ import annotations

import hashlib
import math
import re

_WORD = re.compile(r"\w+")


class HashingEmbedder:
    """Feature hashing of words into unit vectors: texts that share words are near, and nothing is downloaded."""

    def __init__(self, dimension: int = 256) -> None:
        self._dimension = dimension

    @property
    def name(self) -> str:
        """Identity of the hashing scheme."""
        return f"hashing-{self._dimension}"

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._dimension

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one unit vector per text, in order."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a text; a text without words gets the first axis."""
        vector = [0.0] * self._dimension
        for word in _WORD.findall(text.casefold()):
            slot, sign = _place(word, self._dimension)
            vector[slot] += sign
        length = math.sqrt(sum(value * value for value in vector))
        if not length:
            return [1.0] + [0.0] * (self._dimension - 1)
        return [value / length for value in vector]


def _place(word: str, dimension: int) -> tuple[int, float]:
    number = int.from_bytes(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    return (number >> 1) % dimension, 1.0 if number & 1 else -1.0

"""Closeness of meaning, by an embedding model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.protocols import Embedder

Similarity = Callable[[str, Sequence[str]], list[float]]
"""Cosine similarity of a sentence with each of some quotes."""


def by_meaning(embedder: Embedder) -> Similarity:
    """Return the similarity that an embedder's vectors, which have unit length, give."""

    def similarity(claim: str, quotes: Sequence[str]) -> list[float]:
        vectors = embedder.embed_documents([claim, *quotes])
        return [sum(a * b for a, b in zip(vectors[0], vector, strict=True)) for vector in vectors[1:]]

    return similarity

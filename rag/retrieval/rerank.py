"""Puts the passages whose best sentences answer a question before those that are only about its subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.protocols import Embedder, Retriever
from rag.reader.features import Features, read
from rag.types import Hit, Scope

DEPTH = 10
"""How many passages are read closely; `bench/retrieval.py` shows what fewer and more give."""
SIMILARITY_WEIGHT, RECALL_WEIGHT = 1.43, 0.8
"""Weights of a passage's best sentence beside its share of the retrieval score; fitted by `bench/retrieval.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankedRetriever:
    """Wraps a retriever: reads its first passages sentence by sentence and orders them anew."""

    inner: Retriever
    embedder: Embedder
    depth: int = DEPTH

    def retrieve(self, query: str, scope: Scope, limit: int) -> list[Hit]:
        """Return the same passages, the closely read ones in a better order before the others."""
        hits = self.inner.retrieve(query, scope, max(limit, self.depth))
        first = rerank(query, hits[: self.depth], self.embedder)
        return (first + _below(first, hits[self.depth :]))[:limit]


def rerank(question: str, hits: Sequence[Hit], embedder: Embedder) -> list[Hit]:
    """Return the hits ordered by retrieval score and best sentence together, ties by passage id."""
    measures: list[list[Features]] = [[] for _ in hits]
    for sentence in read(question, hits, embedder):
        measures[sentence.i].append(sentence.features)
    scored = [replace(hit, score=_score(found)) for hit, found in zip(hits, measures, strict=True)]
    return sorted(scored, key=lambda hit: (-hit.score, hit.passage.id))


def _score(sentences: Sequence[Features]) -> float:
    """Return 0 for a passage without sentences: there is nothing in it to cite."""
    if not sentences:
        return 0.0
    similarity = max(each.similarity for each in sentences)
    recall = max(each.near_recall for each in sentences)
    return sentences[0].passage + SIMILARITY_WEIGHT * similarity + RECALL_WEIGHT * recall


def _below(first: Sequence[Hit], rest: Sequence[Hit]) -> list[Hit]:
    """Return the other hits in their order, their scores moved down until none is above the first."""
    if not first or not rest:
        return list(rest)
    shift = min(0.0, first[-1].score - max(hit.score for hit in rest))
    return [replace(hit, score=hit.score + shift) for hit in rest]

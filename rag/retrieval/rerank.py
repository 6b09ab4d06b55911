"""Puts the passages whose best sentences answer a question before those that are only about its subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.protocols import Embedder, Retriever
from rag.reader.features import ReadSentence, read
from rag.types import Hit, Scope

DEPTH = 10
"""How many passages are read closely; `bench/retrieval.py` shows what fewer and more give."""
SENTENCE_WEIGHT = 0.18
"""Weight of a passage's best sentence beside its share of the retrieval score; fitted by `bench/retrieval.py`."""


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
    best: dict[int, ReadSentence] = {}
    for sentence in read(question, hits, embedder):
        if sentence.i not in best or sentence.own_score > best[sentence.i].own_score:
            best[sentence.i] = sentence
    # A passage without sentences counts for nothing: there is nothing in it to cite.
    scored = [replace(hit, score=score(best[i]) if i in best else 0.0) for i, hit in enumerate(hits)]
    return sorted(scored, key=lambda hit: (-hit.score, hit.passage.id))


def score(best: ReadSentence) -> float:
    """Return what a passage is worth whose best sentence this is."""
    return max(0.0, best.features.passage + SENTENCE_WEIGHT * best.own_score)


def _below(first: Sequence[Hit], rest: Sequence[Hit]) -> list[Hit]:
    """Return the other hits in their order, their scores moved down until none is above the first."""
    if not first or not rest:
        return list(rest)
    shift = min(0.0, first[-1].score - max(hit.score for hit in rest))
    return [replace(hit, score=hit.score + shift) for hit in rest]

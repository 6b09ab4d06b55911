"""From a question to the passages that may answer it: dense, lexical, the hybrid of both, spread over articles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rag.protocols import Embedder, Library, Retriever
from rag.retrieval.rerank import RerankedRetriever
from rag.types import Hit, Scope
from rag.verify import same_facts
from rag.words import content_words

POOL = 100
"""How many passages each half contributes to the fusion."""
DENSE_WEIGHT = 0.8
"""Weight of a dense score beside a lexical one, measured by `bench/retrieval.py`."""
MOST_PER_ARTICLE = 4
"""So that one long article cannot crowd out every other account."""
SAME_STORY = 0.8
"""Jaccard similarity of content words from which two passages of different articles are one story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseRetriever:
    """Passages near in meaning."""

    library: Library
    embedder: Embedder

    def retrieve(self, query: str, scope: Scope, limit: int) -> list[Hit]:
        """Return the passages whose vectors are nearest to the question's."""
        found = self.library.dense(self.embedder.embed_query(query), scope, limit)
        return [Hit(passage=each.passage, score=each.score, dense_rank=rank) for rank, each in enumerate(found, 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalRetriever:
    """Passages that share rare words with the question."""

    library: Library

    def retrieve(self, query: str, scope: Scope, limit: int) -> list[Hit]:
        """Return the passages best by BM25."""
        found = self.library.lexical(query, scope, limit)
        return [Hit(passage=each.passage, score=each.score, lexical_rank=rank) for rank, each in enumerate(found, 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HybridRetriever:
    """Both halves, fused by their scores as shares of each list's best.

    Shares keep how far ahead the best is, which ranks throw away: fusing by reciprocal
    ranks stayed below BM25 alone on news (docs/benchmarks.md).
    """

    dense: Retriever
    lexical: Retriever
    weight: float = DENSE_WEIGHT
    pool: int = POOL

    def retrieve(self, query: str, scope: Scope, limit: int) -> list[Hit]:
        """Return the passages best by both halves together, in the order of the fused score."""
        pool = max(self.pool, limit)
        dense, lexical = (half.retrieve(query, scope, pool) for half in (self.dense, self.lexical))
        return fuse(dense, lexical, self.weight)[:limit]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadRetriever:
    """Wraps a retriever: folds copies of one story into one hit, and leaves room for other articles."""

    inner: Retriever
    most_per_article: int = MOST_PER_ARTICLE

    def retrieve(self, query: str, scope: Scope, limit: int) -> list[Hit]:
        """Return the best passages without copies; an article exceeds its share only if nothing else is left."""
        hits = fold(self.inner.retrieve(query, scope, limit * 4))
        if len(scope.article_ids) == 1:
            return hits[:limit]
        return _spread(hits, self.most_per_article)[:limit]


def hybrid(library: Library, embedder: Embedder, *, weight: float = DENSE_WEIGHT) -> Retriever:
    """Return the retriever that answers are made with."""
    dense, lexical = DenseRetriever(library=library, embedder=embedder), LexicalRetriever(library=library)
    spread = SpreadRetriever(inner=HybridRetriever(dense=dense, lexical=lexical, weight=weight))
    return RerankedRetriever(inner=spread, embedder=embedder)


def fuse(dense: Sequence[Hit], lexical: Sequence[Hit], weight: float) -> list[Hit]:
    """Return the union of two lists, best first, ties by passage id.

    A passage that only the lexical list has counts as the dense list's last; the other way round as zero: every
    passage has some similarity, but one without a shared word has no BM25 score.
    """
    by_meaning, by_words = {hit.passage.id: hit for hit in dense}, {hit.passage.id: hit for hit in lexical}
    meaning = _shares({key: hit.score for key, hit in by_meaning.items()})
    word = _shares({key: hit.score for key, hit in by_words.items()})
    floor = min(meaning.values(), default=0.0)
    fused = [
        replace(
            by_meaning.get(key) or by_words[key],
            score=weight * meaning.get(key, floor) + word.get(key, 0.0),
            dense_rank=by_meaning[key].dense_rank if key in by_meaning else None,
            lexical_rank=by_words[key].lexical_rank if key in by_words else None,
        )
        for key in by_meaning | by_words
    ]
    return _best_first(fused)


def fold(hits: Iterable[Hit]) -> list[Hit]:
    """Return the hits with nearly identical passages of other articles folded into the best of them, order kept."""
    kept: list[Hit] = []
    stories: list[_Story] = []
    for hit in hits:
        mine = _Story(hit)
        twin = next((place for place, story in enumerate(stories) if mine.repeats(story)), None)
        if twin is None:
            kept.append(hit)
            stories.append(mine)
        else:
            kept[twin] = _with_copy(kept[twin], hit)
    return kept


class _Story:
    """What of a passage tells whether another article carries it too."""

    def __init__(self, hit: Hit) -> None:
        self._article = hit.passage.source.article_id
        self._text = hit.passage.text
        self._terms = frozenset(content_words(self._text))

    def repeats(self, other: _Story) -> bool:
        if self._article == other._article:
            return False
        alike = len(self._terms & other._terms) >= SAME_STORY * max(1, len(self._terms | other._terms))
        # A copy that changed a figure, a name or a denial is none: it may be the very disagreement that is asked about.
        return alike and same_facts(self._text, other._text)


def _with_copy(hit: Hit, copy: Hit) -> Hit:
    known = {source.article_id for source in (hit.passage.source, *hit.also_in)}
    new = [source for source in (copy.passage.source, *copy.also_in) if source.article_id not in known]
    return replace(hit, also_in=(*hit.also_in, *new))


def _spread(hits: Sequence[Hit], most: int) -> list[Hit]:
    seen: dict[str, int] = {}
    first: list[Hit] = []
    rest: list[Hit] = []
    for hit in hits:
        article = hit.passage.source.article_id
        seen[article] = seen.get(article, 0) + 1
        (first if seen[article] <= most else rest).append(hit)
    return first + rest


def _shares(scores: dict[str, float]) -> dict[str, float]:
    best = max(scores.values(), default=0.0)
    return {key: score / best if best > 0 else 0.0 for key, score in scores.items()}


def _best_first(hits: list[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))

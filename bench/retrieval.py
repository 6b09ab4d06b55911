"""How often the right article and passage are found: each half, ways of fusing them, and reranking.

    python -m bench.retrieval --data DIR --out retrieval.json

DIR holds question sets (see `bench.questions`). A passage is right when it overlaps the answer. "fit" is the half of
the articles, by hash, on which weights were chosen; "held_out" is the other half.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from bench.fitting import Matrix, fit_choice
from bench.questions import Asked, library_of, questions
from rag.embed import EmbeddedModel
from rag.embed.remember import RememberingEmbedder
from rag.library import LocalLibrary
from rag.protocols import Embedder
from rag.reader.features import read
from rag.retrieval.hybrid import DENSE_WEIGHT, POOL, DenseRetriever, LexicalRetriever, SpreadRetriever, fuse
from rag.retrieval.rerank import DEPTH, RerankedRetriever, rerank
from rag.types import Hit, Scope

SETS = ("newsqa", "onestop", "followups", "squad2")
LIMIT = 5
DEPTHS = (5, DEPTH, 20)
_RRF_K = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What the two halves found for a question."""

    asked: Asked
    dense: list[Hit]
    lexical: list[Hit]
    spread: list[Hit]
    """Fused and spread over articles, as answers see them before reranking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A retriever that returns what was found before."""

    hits: list[Hit]

    def retrieve(self, query: str, scope: Scope, limit: int) -> list[Hit]:
        """Return the first of the hits, whatever the query."""
        del query, scope
        return self.hits[:limit]


Method = Callable[[Pool], Sequence[Hit]]


def main() -> None:
    """Measure, print a table, and write JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="folder of question sets")
    options.add_argument("--sets", nargs="+", default=SETS, help="names of the sets")
    options.add_argument("--sample", type=int, default=1_000_000, help="most questions of a set")
    options.add_argument("--out", type=Path, help="JSON file to write")
    given = options.parse_args()
    embedder = RememberingEmbedder(EMBEDDED, remembered=1_000_000)
    found, seen = {}, []
    for name in given.sets:
        with library_of(given.data / name, embedder) as library:
            asked = [each for each in questions(given.data / name, library) if each.span]
            pools = pooled(library, embedder, asked[:: max(1, len(asked) // given.sample)])
            found[name] = measure(pools, embedder)
            found[name]["seconds"] = latencies(library, pools)
        seen += pools if name in SETS[:2] else []
        show(name, found[name])
    weights = fitted(seen, embedder) if seen else {}
    print("reranking weight, fitted on the fit half of", ", ".join(SETS[:2]), weights)
    if given.out:
        given.out.write_text(json.dumps({"sets": found, "weights": weights}, indent=1), encoding="utf-8")


def pooled(library: LocalLibrary, embedder: Embedder, asked: Sequence[Asked]) -> list[Pool]:
    """Return both halves' finds for each question."""
    dense, lexical = DenseRetriever(library=library, embedder=embedder), LexicalRetriever(library=library)
    return [
        pool(each, dense.retrieve(each.text, Scope(), POOL), lexical.retrieve(each.text, Scope(), POOL))
        for each in asked
    ]


def pool(asked: Asked, dense: list[Hit], lexical: list[Hit]) -> Pool:
    """Return the finds with what becomes of them."""
    fused = SpreadRetriever(inner=Fixed(hits=fuse(dense, lexical, DENSE_WEIGHT)))
    return Pool(asked=asked, dense=dense, lexical=lexical, spread=fused.retrieve(asked.text, Scope(), max(DEPTHS)))


def methods(embedder: Embedder) -> dict[str, Method]:
    """Return every way of ordering a pool, by name."""
    found: dict[str, Method] = {
        "dense": lambda pool: pool.dense,
        "lexical": lambda pool: pool.lexical,
        "reciprocal ranks": lambda pool: summed(pool, ranks),
        "standardised scores": lambda pool: summed(pool, standardised),
    }
    for weight in (0.4, 0.6, DENSE_WEIGHT, 1.0):
        found[f"hybrid, dense weight {weight}"] = partial(weighted, weight)
    found["hybrid, spread"] = lambda pool: pool.spread
    for depth in DEPTHS:
        found[f"hybrid, spread, reranked {depth}"] = partial(reranked, embedder, depth)
    return found


def weighted(weight: float, pool: Pool) -> list[Hit]:
    """Return the fused pool with another weight of its dense half."""
    return fuse(pool.dense, pool.lexical, weight)


def reranked(embedder: Embedder, depth: int, pool: Pool) -> list[Hit]:
    """Return the pool as answers see it, reranked to some depth."""
    retriever = RerankedRetriever(inner=Fixed(hits=pool.spread), embedder=embedder, depth=depth)
    return retriever.retrieve(pool.asked.text, Scope(), LIMIT)


def summed(pool: Pool, scores: Callable[[Sequence[Hit]], dict[str, float]]) -> list[Hit]:
    """Return the union of both lists by the sum of what `scores` makes of each; absent counts as the least."""
    dense, lexical = scores(pool.dense), scores(pool.lexical)
    least = [min(each.values(), default=0.0) for each in (dense, lexical)]
    hits = {hit.passage.id: hit for hit in (*pool.dense, *pool.lexical)}
    totals = {key: dense.get(key, least[0]) + lexical.get(key, least[1]) for key in hits}
    return [replace(hits[key], score=totals[key]) for key in sorted(hits, key=lambda key: (-totals[key], key))]


def ranks(hits: Sequence[Hit]) -> dict[str, float]:
    """Return 1 / (60 + rank), as in reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009)."""
    return {hit.passage.id: 1 / (_RRF_K + rank) for rank, hit in enumerate(hits, 1)}


def standardised(hits: Sequence[Hit]) -> dict[str, float]:
    """Return scores less their mean, in standard deviations."""
    values = np.array([hit.score for hit in hits])
    deviation = float(values.std()) if len(hits) else 0.0
    return {hit.passage.id: (hit.score - float(values.mean())) / (deviation or 1.0) for hit in hits}


def measure(pools: Sequence[Pool], embedder: Embedder) -> dict[str, dict[str, dict[str, float]]]:
    """Return for each method and half how often it finds article and passage first and among the first five."""
    table = {}
    for name, method in methods(embedder).items():
        graded = [(pool.asked.held_out, grades(pool.asked, method(pool)[:LIMIT])) for pool in pools]
        table[name] = {
            half: rates([grade for held_out, grade in graded if half == "all" or held_out == (half == "held_out")])
            for half in ("fit", "held_out", "all")
        }
    return table


def grades(asked: Asked, hits: Sequence[Hit]) -> tuple[bool, bool, bool, bool]:
    """Return whether the article is first and among the hits, and whether the passage is."""
    article = [hit.passage.source.article_id == asked.article_id for hit in hits]
    passage = [right and overlaps(hit, asked) for right, hit in zip(article, hits, strict=True)]
    return any(article[:1]), any(article), any(passage[:1]), any(passage)


def overlaps(hit: Hit, asked: Asked) -> bool:
    """Tell whether a hit of the right article holds some of the answer."""
    span = asked.span
    return span is not None and hit.passage.start < span.end and span.start < hit.passage.end


def rates(graded: Sequence[tuple[bool, bool, bool, bool]]) -> dict[str, float]:
    """Return shares, and the standard error of the first."""
    means = [sum(column) / len(graded) for column in zip(*graded, strict=True)] if graded else [math.nan] * 4
    error = math.sqrt(means[0] * (1 - means[0]) / len(graded)) if graded else math.nan
    names = ("article@1", "article@5", "passage@1", "passage@5")
    return {**dict(zip(names, means, strict=True)), "standard_error": error, "questions": len(graded)}


def latencies(library: LocalLibrary, pools: Sequence[Pool], sample: int = 50) -> dict[str, dict[str, float]]:
    """Return median CPU seconds, over all cores, of searching and of reranking, without remembered vectors."""
    taken: dict[str, list[float]] = {"search": [], "rerank": []}
    for each in pools[:sample]:
        embedder = RememberingEmbedder(EMBEDDED)
        started = time.process_time()
        [found] = pooled(library, embedder, [each.asked])
        searched = time.process_time()
        rerank(each.asked.text, found.spread[:DEPTH], embedder)
        taken["search"].append(searched - started)
        taken["rerank"].append(time.process_time() - searched)
    return {"all": {stage: float(np.median(times)) for stage, times in taken.items()}}


def fitted(pools: Sequence[Pool], embedder: Embedder) -> dict[str, float]:
    """Return the weight of the best sentence, beside 1 for the retrieval score, fitted on the fit half."""
    features, right = [], []
    for pool in pools:
        if not pool.asked.held_out:
            hits = pool.spread[:DEPTH]
            features.append(evidence(pool.asked.text, hits, embedder))
            right.append(np.array([float(grades(pool.asked, [hit])[2]) for hit in hits]))
    passage, sentence = fit_choice(features, right)
    return {"sentence": float(sentence / passage)}


def evidence(question: str, hits: Sequence[Hit], embedder: Embedder) -> Matrix:
    """Return for each hit its share of the best retrieval score, and its best sentence's own score."""
    rows = np.zeros((len(hits), 2))
    for sentence in read(question, hits, embedder):
        seen = np.array([sentence.features.passage, sentence.own_score])
        rows[sentence.i] = np.maximum(rows[sentence.i], seen)
    return rows


def show(name: str, table: dict[str, dict[str, dict[str, float]]]) -> None:
    """Print one set's table."""
    print(f"\n{name}: article@1 article@5 passage@1 passage@5, held-out half | all")
    for method, halves in table.items():
        if method == "seconds":
            print("  median CPU seconds", halves["all"])
            continue
        shown = [" ".join(f"{halves[half][key]:.3f}" for key in list(halves[half])[:4]) for half in ("held_out", "all")]
        print(f"  {method:<28} {shown[0]} | {shown[1]}  (n {halves['all']['questions']})", flush=True)


EMBEDDED = EmbeddedModel()

if __name__ == "__main__":
    main()

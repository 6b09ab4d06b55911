"""How well the sentences of passages answer a question: plain measures of each, and weights fitted for them.

Reranking and the extractive answerer share these measures. `bench/reader.py` fits the weights on one half of the
articles and measures on the other. Nothing is needed beyond sentence embeddings.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import astuple, dataclass

from rag.protocols import Embedder
from rag.reader.asked import Kind, asked_for, holds
from rag.types import Hit, Span
from rag.words import content_words, words

_NAME = re.compile(r"(?<!^)(?<![.!?:] )(?<![“\"‘'])\b[A-Z][\w’'-]+")
_FIGURE = re.compile(r"\d[\d.,]*\d|\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is measured of a sentence against a question; each about in [0, 1]."""

    similarity: float
    """Cosine of the embeddings of question and sentence."""
    recall: float
    """Share of the question's content words in the sentence, weighted by rarity."""
    near_recall: float
    """The same, counting a word that only a neighbouring sentence has as half."""
    pairs: float
    """Share of the question's neighbouring content words that are neighbours in the sentence too."""
    names: float
    """Share of the question's names and figures that passage and title hold; 1 when it has none."""
    passage: float
    """The passage's retrieval score as a share of the best one's."""
    passage_recall: float
    """`recall` of the whole passage with its title."""
    kind: float
    """1 when the sentence holds what the question word asks for, beyond the question's words; 0.5 when any will do."""
    fresh: float
    """Share of the sentence's content words that the question does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A linear model over `Features`."""

    coefficients: tuple[float, ...]

    def score(self, features: Features) -> float:
        """Return the weighted sum."""
        values: tuple[float, ...] = astuple(features)
        return sum(w * x for w, x in zip(self.coefficients, values, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One sentence of one passage, in the words that are compared."""

    text: str
    terms: tuple[str, ...]
    near: frozenset[str]
    """Terms of the sentences beside it."""
    passage_terms: frozenset[str]
    """Terms of its passage and title."""
    passage_text: str
    """Passage and title, case folded."""
    passage_score: float
    """Retrieval score as a share of the best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSentence:
    """Sentence `j` of hit `i`, both from 0, as measured against a question."""

    i: int
    j: int
    hit: Hit
    candidate: Candidate
    features: Features

    @property
    def span(self) -> Span:
        """Where it stands in its article."""
        return self.hit.passage.sentences[self.j]

    @property
    def score(self) -> float:
        """How well it answers; comparable within one question."""
        return RANKING.score(self.features)


def read(question: str, hits: Sequence[Hit], embedder: Embedder) -> list[ReadSentence]:
    """Return every sentence of the hits, measured, in reading order."""
    best = max((hit.score for hit in hits), default=0.0)
    candidates = [(i, j, each) for i, hit in enumerate(hits) for j, each in enumerate(_candidates(hit, best))]
    profile = QuestionProfile(question, rarity([each.terms for _, _, each in candidates]))
    asked = embedder.embed_query(question)
    vectors = embedder.embed_documents([each.text for _, _, each in candidates])
    return [
        ReadSentence(
            i=i,
            j=j,
            hit=hits[i],
            candidate=candidate,
            features=profile.measure(candidate, sum(a * b for a, b in zip(asked, vector, strict=True))),
        )
        for (i, j, candidate), vector in zip(candidates, vectors, strict=True)
    ]


def _candidates(hit: Hit, best: float) -> list[Candidate]:
    texts = [hit.passage.slice(span) for span in hit.passage.sentences]
    terms = [tuple(content_words(text)) for text in texts]
    shown = f"{hit.passage.source.title} {hit.passage.text}"
    passage_terms, passage_text = frozenset(content_words(shown)), shown.casefold()
    return [
        Candidate(
            text=text,
            terms=terms[j],
            near=frozenset(term for near in terms[max(0, j - 1) : j + 2] for term in near),
            passage_terms=passage_terms,
            passage_text=passage_text,
            passage_score=hit.score / best if best > 0 else 1.0,
        )
        for j, text in enumerate(texts)
    ]


class QuestionProfile:
    """What of a question is compared with every sentence, worked out once."""

    def __init__(self, text: str, rarity: dict[str, float]) -> None:
        rarest = max(rarity.values(), default=1.0)
        self._terms = content_words(text)
        self._weights = {term: rarity.get(term, rarest) for term in self._terms}
        self._pairs = set(zip(self._terms, self._terms[1:], strict=False))
        self._names = {name.casefold() for name in _NAME.findall(text)} | set(_FIGURE.findall(text))
        self._words = frozenset(words(text))
        self.kind: Kind = asked_for(text)

    def measure(self, candidate: Candidate, similarity: float) -> Features:
        """Return how one sentence compares with the question."""
        terms = frozenset(candidate.terms)
        pairs = set(zip(candidate.terms, candidate.terms[1:], strict=False))
        return Features(
            similarity=similarity,
            recall=self.recall(terms),
            near_recall=(self.recall(terms) + self.recall(terms | candidate.near)) / 2,
            pairs=len(self._pairs & pairs) / len(self._pairs) if self._pairs else 0.0,
            names=self.named_in(candidate.passage_text),
            passage=candidate.passage_score,
            passage_recall=self.recall(candidate.passage_terms),
            kind=holds(self.kind, candidate.text, self._words),
            fresh=len(terms.difference(self._terms)) / max(1, len(terms)),
        )

    def recall(self, found: AbstractSet[str]) -> float:
        """Return the share of the question's content words in `found`, weighted by rarity; 0 when it has none."""
        total = sum(self._weights.values())
        return sum(weight for term, weight in self._weights.items() if term in found) / total if total else 0.0

    def named_in(self, folded: str) -> float:
        """Return the share of the question's names and figures that a case-folded text holds; 1 when it has none."""
        return sum(name in folded for name in self._names) / len(self._names) if self._names else 1.0


def rarity(sentences: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return how rare each term is among these sentences: log(1 + N / n)."""
    counts = Counter(term for sentence in sentences for term in set(sentence))
    return {term: math.log1p(len(sentences) / n) for term, n in counts.items()}


RANKING = Weights(coefficients=(4.7, 1.72, 2.9, 1.19, 1.12, 7.43, -0.61, 1.38, 1.83))
"""Orders sentences; the softmax of the scores is the fitted probability that a sentence holds the answer."""


def best_first(sentences: Iterable[ReadSentence]) -> list[ReadSentence]:
    """Return the sentences in the order in which they may answer, ties in reading order of the hits."""
    return sorted(sentences, key=lambda sentence: (-sentence.score, sentence.i, sentence.j))


def chances(ranked: Sequence[ReadSentence]) -> list[float]:
    """Return for sentences, best first, the fitted probabilities that they hold the answer, if any of them does."""
    odds = [math.exp(sentence.score - ranked[0].score) for sentence in ranked]
    total = sum(odds)
    return [each / total for each in odds]


def answerable(ranked: Sequence[ReadSentence]) -> float:
    """Return the log odds that the best sentences hold the answer: `ANSWERABLE` over `signs`."""
    return sum(w * x for w, x in zip(ANSWERABLE, (*signs(ranked), 1.0), strict=True))


def signs(ranked: Sequence[ReadSentence]) -> tuple[float, float, float]:
    """Return what shows that sentences, best first, answer at all: nearness, names, and how far three lead the rest."""
    best = ranked[0].features
    return best.similarity, best.names, sum(chances(ranked)[:3])


ANSWERABLE = (2.97, 1.01, 2.61, -5.01)
"""Fitted weights of `signs`, and the intercept."""

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
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from operator import attrgetter

from rag.protocols import Embedder
from rag.reader.asked import FIGURES, Kind, asked_for, asks_what_was_done, commands, expects, holds
from rag.reader.terms import ANYBODY, DATE, initials, terms
from rag.types import Hit, Span
from rag.words import words

_NAME = re.compile(r"(?<!^)(?<![.!?:] )(?<![“\"‘'])\b[A-Z][\w’'-]+")
_FIGURE = re.compile(r"(?<!\w)(?:\d[\d.,]*\d|\d)")
_DAYS_BEFORE = 3
"""Days before its publication that an article speaks of without naming them: "on Sunday night"."""
_LEAD = 1000
"""Characters over which the weight of an article's beginning falls to a third."""
COMMAND, EXPECTED = 6.0, 1.5
"""Set by hand, for no question set has such cases: orders to a program rank behind all else that speaks of the subject,
and of two equal sentences the one that says that a thing happened comes before the one that expects it."""
_LONG = 20
"""Content words of a sentence that counts as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is measured of a sentence against a question; each about in [0, 1].

    Words are compared by what they share with their synonyms ("hurt", "injured").
    """

    similarity: float
    """Cosine of the embeddings of question and sentence."""
    near_recall: float
    """Share of the question's content words in it, by rarity; one that only a neighbour or the title has is half."""
    predicate: float
    """Share of the words that are no names, hence of what is asked about them, in the sentence."""
    pairs: float
    """Share of the question's neighbouring content words that are neighbours in the sentence too."""
    names: float
    """Share of the question's names and figures that passage, title and date hold; 1 when it has none."""
    passage: float
    """The passage's retrieval score as a share of the best one's."""
    kind: float
    """1 when the sentence holds what the question word asks for, beyond the question's words; 0.5 when any will do."""
    figure: float
    """The same where a figure is asked for; else 0.5."""
    length: float
    """Logarithm of the number of content words: a longer sentence holds more."""
    lead: float
    """How near the sentence is to the beginning of its article, where news tells what matters."""


_values = attrgetter(*(each.name for each in fields(Features)))
"""All features in order; `dataclasses.astuple` copies each, which took a third of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A linear model over `Features`."""

    coefficients: tuple[float, ...]

    def score(self, features: Features) -> float:
        """Return the weighted sum."""
        values: tuple[float, ...] = _values(features)
        return sum(w * x for w, x in zip(self.coefficients, values, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a passage says besides a sentence: its text, title and date, as names and figures are looked for in them."""

    text: str
    """Case folded."""
    words: frozenset[str]
    """Its words, those of the days shortly before its publication, and initials of its names."""

    def holds(self, name: str) -> bool:
        """Tell whether it has a case-folded name, which may be part of a word, or a figure, which may not."""
        return name in self.words or (name in self.text and not name[0].isdigit())


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One sentence of one passage, in the words that are compared."""

    text: str
    terms: tuple[str, ...]
    near: frozenset[str]
    """Its terms, and those of the sentences beside it and of the article's own title."""
    around: Around
    start: int
    """Where it begins in its article."""
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
    discount: float
    """What is taken off its score for what no fitted weight can tell; see `QuestionProfile.discount`."""

    @property
    def span(self) -> Span:
        """Where it stands in its article."""
        return self.hit.passage.sentences[self.j]

    @property
    def score(self) -> float:
        """How well it answers; comparable within one question."""
        return RANKING.score(self.features) - self.discount

    @property
    def own_score(self) -> float:
        """The same without what its passage's retrieval score adds."""
        return RANKING.score(replace(self.features, passage=0.0)) - self.discount


def read(question: str, hits: Sequence[Hit], embedder: Embedder) -> list[ReadSentence]:
    """Return every sentence of the hits, measured, in reading order."""
    best = max((hit.score for hit in hits), default=0.0)
    candidates = [(i, j, each) for i, hit in enumerate(hits) for j, each in enumerate(_candidates(hit, best))]
    profile = QuestionProfile(question, rarity([each.terms for _, _, each in candidates]))
    near = profile.similarities(question, [each for _, _, each in candidates], embedder)
    return [
        ReadSentence(
            i=i,
            j=j,
            hit=hits[i],
            candidate=candidate,
            features=profile.measure(candidate, similarity),
            discount=profile.discount(candidate.text),
        )
        for (i, j, candidate), similarity in zip(candidates, near, strict=True)
    ]


def _candidates(hit: Hit, best: float) -> list[Candidate]:
    source = hit.passage.source
    texts = [hit.passage.slice(span) for span in hit.passage.sentences]
    every = [(*terms(text), *initials(text)) for text in texts]
    title = frozenset() if source.title_derived else frozenset(terms(source.title))
    around = _around(hit)
    return [
        Candidate(
            text=text,
            terms=every[j],
            near=title.union(*every[max(0, j - 1) : j + 2]),
            around=around,
            start=hit.passage.sentences[j].start,
            passage_score=hit.score / best if best > 0 else 1.0,
        )
        for j, text in enumerate(texts)
    ]


def _around(hit: Hit) -> Around:
    shown = f"{hit.passage.source.title} {hit.passage.text}"
    published = hit.passage.source.published
    days = [published - timedelta(days=back) for back in range(_DAYS_BEFORE + 1)] if published else []
    dated = " ".join(f"{day.day} {day:%B %Y}" for day in days)
    return Around(text=shown.casefold(), words=frozenset([*words(f"{shown} {dated}"), *initials(shown)]))


class QuestionProfile:
    """What of a question is compared with every sentence, worked out once."""

    def __init__(self, text: str, rarity: dict[str, float]) -> None:
        rarest = max(rarity.values(), default=1.0)
        # Dates are looked for like names, in the passage and its day of publication.
        dates = " ".join(DATE.findall(text))
        undated = DATE.sub(" ", text)
        self._terms = tuple(term for term in terms(text) if term not in ANYBODY)
        self._weights = {term: rarity.get(term, rarest) for term in self._terms}
        self._pairs = set(zip(self._terms, self._terms[1:], strict=False))
        named = _NAME.findall(undated)
        self._names = {name.casefold() for name in named} | set(_FIGURE.findall(undated)) | set(words(dates))
        self._predicate = self._weights.keys() - set(terms(" ".join(named)))
        self._words = frozenset(words(text))
        self._done = asks_what_was_done(text)
        self.kind: Kind = asked_for(text)

    def measure(self, candidate: Candidate, similarity: float) -> Features:
        """Return how one sentence compares with the question."""
        own = frozenset(candidate.terms)
        pairs = set(zip(candidate.terms, candidate.terms[1:], strict=False))
        recall, kind = self.recall(own), holds(self.kind, candidate.text, self._words)
        return Features(
            similarity=similarity,
            near_recall=(recall + self.recall(candidate.near)) / 2,
            predicate=self._share(self._predicate, own),
            pairs=len(self._pairs & pairs) / len(self._pairs) if self._pairs else 0.0,
            names=self.named_in(candidate.around),
            passage=candidate.passage_score,
            kind=kind,
            figure=kind if self.kind in FIGURES else 0.5,
            length=math.log1p(len(candidate.terms)) / math.log1p(_LONG),
            lead=math.exp(-candidate.start / _LEAD),
        )

    def discount(self, sentence: str) -> float:
        """Return what a sentence loses for giving orders to programs, or for expecting what is asked for as done."""
        return COMMAND * commands(sentence) + EXPECTED * (self._done and expects(sentence))

    def similarities(self, question: str, candidates: Sequence[Candidate], embedder: Embedder) -> list[float]:
        """Return for each sentence its cosine to the question; 0, without embedding it, for one far from its words."""
        close = [self._touches(each) for each in candidates]
        if not any(close):
            close = [True] * len(candidates)
        asked = embedder.embed_query(question)
        vectors = iter(
            embedder.embed_documents([each.text for each, near in zip(candidates, close, strict=True) if near])
        )
        return [sum(a * b for a, b in zip(asked, next(vectors), strict=True)) if near else 0.0 for near in close]

    def _touches(self, candidate: Candidate) -> bool:
        """Tell whether the sentence, one beside it or the title shares a word with the question."""
        return not self._weights.keys().isdisjoint(candidate.near)

    def recall(self, found: AbstractSet[str]) -> float:
        """Return the share of the question's content words in `found`, weighted by rarity; 0 when it has none."""
        return self._share(self._weights.keys(), found)

    def _share(self, wanted: AbstractSet[str], found: AbstractSet[str]) -> float:
        total = sum(self._weights[term] for term in wanted)
        return sum(self._weights[term] for term in wanted if term in found) / total if total else 0.0

    def named_in(self, around: Around) -> float:
        """Return the share of the question's names and figures that a passage holds; 1 when it has none."""
        return sum(map(around.holds, self._names)) / len(self._names) if self._names else 1.0


def rarity(sentences: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return how rare each term is among these sentences: log(1 + N / n)."""
    counts = Counter(term for sentence in sentences for term in set(sentence))
    return {term: math.log1p(len(sentences) / n) for term, n in counts.items()}


RANKING = Weights(coefficients=(4.8, 1.35, 1.89, 1.33, 1.02, 9.92, 0.57, 3.0, 0.93, 0.62))
"""Orders sentences; the softmax of the scores is the fitted probability that a sentence holds the answer.

The weight of `figure` comes out anywhere from 1 to 16, by the sample, and is held at 3: a question whose kind is
misread must not lose its answer.
"""


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


ANSWERABLE = (3.83, 1.03, 3.24, -5.83)
"""Fitted weights of `signs`, and the intercept."""

"""The answerer that needs no model: the fewest sentences that answer, in the articles' own words, each cited."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.conflict import disagree
from rag.labels import escape
from rag.protocols import Brief, Draft, Embedder, Insufficient
from rag.reading import ReadSentence, read
from rag.types import Source

ANSWER_FROM = -0.2
"""Log odds of "the articles answer this" from which it answers; `bench/reader.py` prints both kinds of error."""
MOST_SENTENCES = 3
ENOUGH = 0.5
"""Sentences are added until the fitted probability that one of them holds the answer is this high."""
COPY = 0.8
"""Jaccard similarity of words from which a sentence repeats one already chosen."""
_GAP = 2
"""Characters between neighbouring sentences: a space, or the end of a paragraph."""

_LEANS = re.compile(
    r"[“\"‘']?(?:he|she|it|they|this|that|these|those|his|her|its|their|but|and|however|also|both)\b", re.IGNORECASE
)
_DATELINE = re.compile(r"^[A-Z][^.!?]{0,60}?\([A-Z][\w. ]{1,30}\)\s*(?:--|—|–)\s+(?=\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractiveAnswerer:
    """Picks and orders sentences; says `Insufficient` when the best of them is too far from the question."""

    embedder: Embedder
    answer_from: float = ANSWER_FROM

    @property
    def name(self) -> str:
        """The name that answers record as their model."""
        return "extractive"

    def draft(self, brief: Brief) -> Iterator[Draft]:
        """Yield the answer, a piece for each article, or Insufficient."""
        ranked = best_first(read(brief.question, brief.hits, self.embedder))
        if not ranked or ranked[0].answers < self.answer_from:
            yield Insufficient(reason="The nearest passages are about something else, or leave it open.")
            return
        chosen = fewest(ranked)
        chosen += _other_accounts(chosen, ranked, self.answer_from)
        yield from told(chosen + _leaned_on(chosen, ranked))


def best_first(sentences: Iterable[ReadSentence]) -> list[ReadSentence]:
    """Return the sentences in the order in which they may answer, ties in reading order."""
    return sorted(sentences, key=lambda sentence: (-sentence.score, sentence.i, sentence.j))


def fewest(ranked: Sequence[ReadSentence]) -> list[ReadSentence]:
    """Return the best sentences that together hold the answer with the fitted probability `ENOUGH`."""
    weights = [math.exp(sentence.score - ranked[0].score) for sentence in ranked]
    total, sure = sum(weights), 0.0
    chosen: list[ReadSentence] = []
    for sentence, weight in zip(ranked, weights, strict=True):
        if not any(_copies(sentence, other) for other in chosen):
            chosen.append(sentence)
        sure += weight / total
        if sure >= ENOUGH or len(chosen) == MOST_SENTENCES:
            break
    return chosen


def told(sentences: Sequence[ReadSentence]) -> Iterator[str]:
    """Yield the sentences as labelled text, article by article, each article's in reading order."""
    articles: dict[str, list[ReadSentence]] = {}
    for sentence in sentences:
        articles.setdefault(sentence.hit.passage.source.article_id, []).append(sentence)
    for place, mine in enumerate(articles.values()):
        mine.sort(key=lambda sentence: sentence.span)
        text = " ".join(f"{_words_of(each)} [{each.i + 1}.{each.j + 1}]" for each in mine)
        yield ("\n\n" if place else "") + _attribution(mine[0].hit.passage.source) + text


def _copies(one: ReadSentence, other: ReadSentence) -> bool:
    ours, theirs = set(one.candidate.terms), set(other.candidate.terms)
    return len(ours & theirs) >= COPY * len(ours | theirs)


def _other_accounts(
    chosen: Sequence[ReadSentence], ranked: Sequence[ReadSentence], answer_from: float
) -> list[ReadSentence]:
    """Return the best sentence of another article that counts differently, so that no side is left out."""
    articles = {sentence.hit.passage.source.article_id for sentence in chosen}
    for sentence in ranked:
        apart = sentence.hit.passage.source.article_id not in articles and sentence.answers >= answer_from
        if apart and any(disagree(sentence.candidate.text, other.candidate.text) for other in chosen):
            return [sentence]
    return []


def _leaned_on(chosen: Sequence[ReadSentence], ranked: Sequence[ReadSentence]) -> list[ReadSentence]:
    """Return the sentences just before those chosen ones that begin with "He", "But" and the like."""
    leaning = [sentence for sentence in chosen if _LEANS.match(sentence.candidate.text)]
    before = [other for sentence in leaning for other in ranked if _is_before(other, sentence)]
    return [sentence for sentence in dict.fromkeys(before) if sentence not in chosen]


def _is_before(one: ReadSentence, other: ReadSentence) -> bool:
    same = one.hit.passage.source.article_id == other.hit.passage.source.article_id
    return (
        same and one.hit.passage.version == other.hit.passage.version and 0 <= other.span.start - one.span.end <= _GAP
    )


def _words_of(sentence: ReadSentence) -> str:
    return escape(" ".join(_DATELINE.sub("", sentence.candidate.text).split()))


def _attribution(source: Source) -> str:
    day = f"{source.published.day} {source.published:%B %Y}" if source.published else ""
    shown = ", ".join(filter(None, (source.publisher, day)))
    return f"{escape(shown)}: " if shown else ""

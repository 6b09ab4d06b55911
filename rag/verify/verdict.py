"""The verdict on one sentence: what of it the quotes carry, and what they do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.types import Source, Verdict
from rag.words import content_words

Similarity = Callable[[str, Sequence[str]], list[float]]
"""Cosine similarity of a sentence with each of some quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Words cut from an article, with what is needed to understand them."""

    text: str
    source: Source
    nearby: str = ""
    """The passage that the words stand in; it may only explain whom or what they mean, never prove."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict, what the quotes lack, and how close they are in [0, 1] (comparable for one sentence only)."""

    verdict: Verdict
    missing: tuple[str, ...] = ()
    closeness: float = 0.0


def verify(claim: str, quotes: Sequence[Quote], similarity: Similarity) -> Finding:
    """Return how well the quotes, taken together, carry the claim; without quotes it is uncited."""
    if not quotes:
        return Finding(verdict=Verdict.UNCITED)
    ours = set(content_words(claim))
    theirs = {term for quote in quotes for term in content_words(quote.text)}
    overlap = len(ours & theirs) / len(ours) if ours else 1.0
    near = max(similarity(claim, [quote.text for quote in quotes]))
    closeness = (overlap + max(near, 0.0)) / 2
    if closeness >= 0.6:
        return Finding(verdict=Verdict.SUPPORTED, closeness=closeness)
    missing = tuple(dict.fromkeys(term for term in content_words(claim) if term not in theirs))[:4]
    return Finding(verdict=Verdict.UNSUPPORTED, missing=missing, closeness=closeness)

"""How close a claim is to its quotes in words and in meaning, and where it goes beyond them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.verify.terms import terms

INTERCEPT, SHARED_WEIGHT, SIMILAR_WEIGHT = -5.0, 4.0, 6.0
"""Logistic regression of "the quotes carry it" on both measures; `bench/verify.py --fit` prints them."""
UNRELATED = 0.35
"""Fitted probability below which the quotes are about something else."""
INCOMPLETE = 0.5
"""Fitted probability below which they carry the claim only in part."""
_CLAUSE = re.compile(r"[,;:]\s|\s-+\s|\s(?=(?:and|but|because|after|while|although|when|which|who|before|since|as)\s)")
_CLAUSE_WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeness:
    """The fitted probability that quotes carry a claim, what follows from it, and the words that they lack."""

    score: float
    unrelated: bool
    incomplete: bool
    absent: tuple[str, ...]


def measure(
    claim: str,
    quotes: Sequence[str],
    surroundings: Sequence[str],
    similarity: Callable[[str, Sequence[str]], list[float]],
) -> Closeness:
    """Return how close evened quotes are to an evened claim; words of the surroundings count half."""
    theirs = frozenset(term for quote in quotes for term in terms(quote))
    around = frozenset(term for text in surroundings for term in terms(text)) - theirs
    candidates = list(quotes) if len(quotes) == 1 else [*quotes, " ".join(quotes)]
    similar = max(similarity(claim, candidates))
    score = fitted(shared(claim, theirs, around), similar)
    astray = _astray(claim, theirs, around)
    absent = tuple(dict.fromkeys(term for term in _written(claim) if terms(term) and terms(term)[0] not in theirs))
    return Closeness(
        score=score,
        unrelated=score < UNRELATED,
        incomplete=score < INCOMPLETE or astray,
        absent=absent,
    )


def shared(claim: str, theirs: frozenset[str], around: frozenset[str]) -> float:
    """Return the share of a claim's content words that the quotes have."""
    ours = terms(claim)
    if not ours:
        return 1.0
    return sum(1.0 if term in theirs else 0.5 if term in around else 0.0 for term in ours) / len(ours)


def fitted(share: float, similar: float) -> float:
    """Return the probability that quotes with these measures carry a claim."""
    return 1 / (1 + math.exp(-(INTERCEPT + SHARED_WEIGHT * share + SIMILAR_WEIGHT * similar)))


def _astray(claim: str, theirs: frozenset[str], around: frozenset[str]) -> bool:
    """Tell whether a whole clause of the claim has nothing in common with the quotes."""
    clauses = [terms(clause) for clause in _CLAUSE.split(claim)]
    return any(
        len(clause) >= _CLAUSE_WORDS and not any(term in theirs or term in around for term in clause)
        for clause in clauses
    )


def _written(claim: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", claim)

"""How close a claim is to its quotes in words and in meaning, and where it goes beyond them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.verify.alignment import LIGHT
from rag.verify.names import names
from rag.verify.opposites import akin, opposed_concepts
from rag.verify.polarity import negating
from rag.verify.similarity import Similarity
from rag.verify.synonyms import terms
from rag.verify.terms import base, carries_content, tokens

INTERCEPT, SHARED_WEIGHT, SIMILAR_WEIGHT = -7.1, 5.8, 8.4
"""Logistic regression of "the quotes carry it" on both measures; `bench/verify.py --fit` prints them."""
UNRELATED = 0.45
"""Fitted probability below which the quotes are about something else."""
INCOMPLETE = 0.7
"""Fitted probability below which they carry the claim only in part."""
AROUND = 0.25
"""What a word counts that only the surroundings have."""
FOREIGN_SHARED, FOREIGN_SIMILAR = 0.34, 0.4
"""A clause that shares fewer of its words and is less similar than this does not come from the quotes."""

SURE = 0.97
"""Fitted probability from which single words are not looked at."""
ALIEN = 0.32
"""A word of the claim that is less similar than this to every word of the quotes comes from elsewhere."""

_CLAUSE = re.compile(r"[,;:]\s|\s-+\s|\s(?=(?:and|but|because|after|while|although|when|which|who|before|since|as)\s)")
_CLAUSE_WORDS = 3
_LOOKED_AT = 4
_PREDICATE = 3
"""Content words beside names up to which half of them must be in the quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeness:
    """The fitted probability that quotes carry a claim, what follows from it, and the words that they lack."""

    score: float
    unrelated: bool
    incomplete: bool
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A claim, the rest of it without `settled` figures and dates, its quotes and what surrounds them; all evened."""

    claim: str
    rest: str
    settled: int
    quotes: tuple[str, ...]
    surroundings: tuple[str, ...]


def measure(compared: Compared, similarity: Similarity) -> Closeness:
    """Return how close the quotes are to the claim; words of the surroundings count a little, settled facts in full."""
    quotes, rest = compared.quotes, compared.rest
    theirs = frozenset(term for quote in quotes for term in terms(quote))
    around = frozenset(term for text in compared.surroundings for term in terms(text)) - theirs
    candidates = list(quotes) if len(quotes) == 1 else [*quotes, " ".join(quotes)]
    share = shared(rest, theirs, around, compared.settled)
    # The embedded model knows English: in another script only the words count.
    similar = max(similarity(compared.claim, candidates)) if _latin(compared.claim) else share
    score = fitted(share, similar)
    absent = tuple(dict.fromkeys(word for word in _written(rest) if _lacking(word, theirs)))
    return Closeness(
        score=score,
        unrelated=score < UNRELATED,
        incomplete=score < INCOMPLETE
        or _astray(rest, theirs, candidates, similarity)
        or (score < SURE and _alien(absent, quotes, similarity))
        or (not compared.settled and _unfounded(rest, theirs)),
        absent=absent,
    )


def shared(claim: str, theirs: frozenset[str], around: frozenset[str], settled: int = 0) -> float:
    """Return the share of a claim's content words and settled facts that the quotes have."""
    ours = terms(claim)
    if not ours:
        return 1.0
    common = sum(1.0 if term in theirs else AROUND if term in around else 0.0 for term in ours)
    return (common + settled) / (len(ours) + settled)


def fitted(share: float, similar: float) -> float:
    """Return the probability that quotes with these measures carry a claim."""
    return 1 / (1 + math.exp(-(INTERCEPT + SHARED_WEIGHT * share + SIMILAR_WEIGHT * similar)))


def _latin(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return sum(letter < "\u0250" for letter in letters) * 2 >= len(letters)


def _astray(claim: str, theirs: frozenset[str], candidates: Sequence[str], similarity: Similarity) -> bool:
    """Tell whether a whole clause of the claim is about something that the quotes do not speak of."""
    clauses = [clause for clause in _CLAUSE.split(claim) if terms(clause)]
    if len(clauses) < 2:
        return False
    foreign = [
        clause
        for clause in clauses
        if len(terms(clause)) >= _CLAUSE_WORDS and shared(clause, theirs, frozenset()) < FOREIGN_SHARED
    ]
    return any(max(similarity(clause, candidates)) < FOREIGN_SIMILAR for clause in foreign)


def _alien(absent: Sequence[str], quotes: Sequence[str], similarity: Similarity) -> bool:
    """Tell whether one of the words that the quotes lack is like none of theirs."""
    theirs = list(dict.fromkeys(word for quote in quotes for word in _written(quote) if terms(word)))
    looked = [word for word in absent if len(word) > 3 and word.islower() and word not in LIGHT][:_LOOKED_AT]
    return bool(theirs) and any(max(similarity(word, theirs)) < ALIEN for word in looked)


def _unfounded(claim: str, theirs: frozenset[str]) -> bool:
    """Tell whether a short claim shares little but names with the quotes, which say something else of the same people.

    How similar a word is to theirs tells nothing here: "married" is most like "divorced".
    """
    named = {part.start for name in names(claim) for part in name}
    said = [
        claim[token.start : token.end]
        for token in tokens(claim)
        if token.start not in named
        and carries_content(token.word)
        and not negating(token.word)
        and LIGHT.isdisjoint((token.word, base(token.word)))
    ]
    if not named or not 0 < len(said) <= _PREDICATE:
        return False
    fresh = [
        word
        for word in said
        if _lacking(word, theirs)
        and not any(akin(terms(word)[0], term) or opposed_concepts(terms(word)[0], term) for term in theirs)
    ]
    # The first word beside the names tells what happened.
    return fresh[:1] == said[:1] and len(fresh) * 2 >= len(said)


def _lacking(word: str, theirs: frozenset[str]) -> bool:
    found = terms(word)
    return bool(found) and found[0] not in theirs


def _written(claim: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", claim)

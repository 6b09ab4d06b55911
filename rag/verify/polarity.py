"""Whether a claim affirms what the quotes deny, or the other way round."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.verify.opposites import akin, opposed_concepts
from rag.verify.synonyms import concept, pieces
from rag.verify.terms import Token, base, carries_content, tokens

_REACH = 8
"""Content words that a negation governs at most, up to the end of its clause."""
_PLAIN = frozenset(
    "not no never nor neither nobody none nothing nowhere cannot without hardly barely scarcely".split()  # noqa: SIM905
)
_VERBS = frozenset(
    """deny refuse reject fail decline dismiss rebuff rule-out lack unable refute prevent
    block veto avoid unlikely impossible false untrue absence""".split()  # noqa: SIM905  a list of words reads better
)
_SPOKEN = frozenset("deny refute dispute dismiss reject false untrue".split())  # noqa: SIM905  as above
_NEGATIVE = frozenset(
    concept(word)
    for word in """unknown unclear uncertain unexplained inconclusive unaffected undecided unwilling unnoticed unhappy
    fabrication fabricated nonsense baseless groundless""".split()  # noqa: SIM905
)
"""Words that deny by their prefix; they bear out a negation, and keep one."""
_ENDED = frozenset(map(concept, ["stop", "cease", "end", "abandon", "quit"]))
"""Words that say of a thing that it is no longer so."""
_HARMLESS = re.compile(
    r"\b(?:not only|not just|not least|no doubt|no less than|no fewer than|no more than|no later than|no matter|"
    r"not merely|not to mention|nothing but|if not|whether or not|no sooner|none other than|nothing short of|"
    r"last but not least|why not|no wonder|no secret)\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[.;:!?()]|--?\s|\s-\s")
_SOFT_END = frozenset("but although though while whereas because unless despite after when since however".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    """A negating word and the base forms of the content words that it governs, nearest first."""

    word: str
    governed: tuple[str, ...]
    spoken: bool = False
    """True for "denied" and the like, which say of a statement that it is not so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polarity:
    """What a text denies and what it affirms, by base forms."""

    negations: tuple[Negation, ...]
    denied: frozenset[str]
    affirmed: frozenset[str]


def compare_polarity(claim: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Return the negating words that only the claim has or only the quotes have."""
    ours = polarity(claim)
    theirs = [polarity(quote) for quote in quotes]
    said = frozenset().union(*(each.affirmed | each.denied for each in theirs))
    denied = frozenset().union(*(each.denied for each in theirs))
    affirmed = frozenset().union(*(each.affirmed for each in theirs))
    mine_denied, mine_affirmed = ours.denied & said, ours.affirmed & said
    if ours.negations and not any(each.negations for each in theirs):
        if "no longer" in claim.lower() and not affirmed.isdisjoint(_ENDED):
            return ()
        first = ours.negations[0].governed[:1]
        plainly = bool(first) and first[0] in affirmed
        if any(concept(each.word) in affirmed for each in ours.negations) or (
            not plainly and not affirmed.isdisjoint(_NEGATIVE)
        ):
            return ()
        # "Never opened" says what "always closed" says.
        turned = any(opposed_concepts(term, other) for term in ours.denied for other in affirmed)
        return () if turned else (ours.negations[0].word,)
    if mine_denied & denied or not ours.affirmed.isdisjoint(_NEGATIVE):
        return ()
    dropped = [
        each
        for text in theirs
        for each in text.negations
        if _dropped(each, mine_affirmed, affirmed) or _still_said(each, ours.affirmed - affirmed)
    ]
    if dropped:
        return (dropped[0].word,)
    added = [each for each in ours.negations if each.governed and each.governed[0] in mine_denied & affirmed]
    return (added[0].word,) if added else ()


def _dropped(negation: Negation, mine: frozenset[str], affirmed: frozenset[str]) -> bool:
    """Tell whether the claim affirms what this negation governs."""
    governed = [term for term in negation.governed if term not in affirmed]
    if not governed:
        return False
    shared = [term for term in governed if term in mine]
    return governed[0] in mine or len(shared) * 2 >= len(governed) or (negation.spoken and len(shared) > 1)


def _still_said(negation: Negation, fresh: frozenset[str]) -> bool:
    """Tell whether the claim affirms in another word what this negation governs first ("convicted" for "no guilt")."""
    first = negation.governed[:1]
    return bool(first) and any(term != first[0] and akin(first[0], term) for term in fresh)


@lru_cache(maxsize=4096)
def polarity(text: str) -> Polarity:
    """Return what an evened text denies and affirms; two negations of one word cancel."""
    row = tokens(text)
    harmless = [found.span() for found in _HARMLESS.finditer(text)]
    found = [
        Negation(
            word=text[token.start : token.end].lower(),
            governed=_governed(row, place, text),
            spoken=_base(token) in _SPOKEN,
        )
        for place, token in enumerate(row)
        if _negates(row, place) and not any(start <= token.start < end for start, end in harmless)
    ]
    times = Counter(term for negation in found for term in negation.governed)
    denied = frozenset(term for term, count in times.items() if count % 2)
    effective = tuple(each for each in found if not each.governed or any(term in denied for term in each.governed))
    spoken = Counter(term for token in row if carries_content(token.word) for term in pieces(token.word))
    affirmed = frozenset(term for term in spoken if term not in denied or spoken[term] > times[term])
    return Polarity(negations=effective, denied=denied, affirmed=affirmed)


def negating(word: str) -> bool:
    """Tell whether a folded word negates by itself."""
    return word in _PLAIN or word.endswith("n't") or base(word) in _VERB_BASES


def _base(token: Token) -> str:
    return base(token.word)


def _negates(row: Sequence[Token], place: int) -> bool:
    word = row[place].word
    following = row[place + 1].word if place + 1 < len(row) else ""
    if word in _PLAIN or word.endswith("n't") or (word == "no" and following != "1"):
        return True
    if base(word) == "rul" or word in {"rule", "rules", "ruled", "ruling"}:
        return following == "out"
    if word == "yet":
        return following == "to"
    return base(word) in _VERB_BASES and not (base(word) == "fail" and following != "to")


_VERB_BASES = frozenset(base(word) for word in _VERBS)


def _governed(row: Sequence[Token], place: int, text: str) -> tuple[str, ...]:
    governed: list[str] = []
    for before, token in zip(row[place:], row[place + 1 :], strict=False):
        if _CLAUSE_END.search(text, before.end, token.start) or token.word in _SOFT_END or len(governed) >= _REACH:
            break
        if "," in text[before.end : token.start] and governed:
            break
        if carries_content(token.word):
            governed += pieces(token.word)
    passive = row[place + 1].word == "by" if place + 1 < len(row) else False
    return tuple(governed) if governed and not passive else _subject(row, place, text)


def _subject(row: Sequence[Token], place: int, text: str) -> tuple[str, ...]:
    """Return what stands before a passive such as "was rejected", nearest first."""
    governed: list[str] = []
    for token, after in zip(row[:place][::-1], row[: place + 1][::-1], strict=False):
        if _CLAUSE_END.search(text, token.end, after.start) or token.word in _SOFT_END or len(governed) >= _REACH:
            break
        if carries_content(token.word):
            governed += pieces(token.word)
    return tuple(governed)

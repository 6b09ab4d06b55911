"""Whether a figure is given to the one to whom the quote gives it ("men 6,442, women 3,029")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rag.verify.agreement import same_figure
from rag.verify.dates import bare_year, dates, spans
from rag.verify.figures import Figure, figures
from rag.verify.names import names
from rag.verify.synonyms import concept, terms
from rag.verify.terms import tokens

_BREAK = re.compile(
    r"[;:.]\s|,? (?:while|whereas|compared (?:with|to)|against|than|but|and|when|versus|instead of)\b|, "
)
_COST = 6
_LATER = 4
"""Words that a break between two clauses counts."""


class _Owner(NamedTuple):
    key: str
    start: int
    end: int


def misbound(claim: str, quote: str) -> tuple[str, ...]:
    """Return figures of an evened claim that the quote gives to another of those whom it tells apart."""
    owners = _owners(quote)
    keys = {owner.key for owner in owners}
    mine = [owner for owner in _owners(claim) if owner.key in keys]
    if len(keys) < 2 or not mine:
        return ()
    held = [(each, _holder(quote, each, owners)) for each in _counted(quote)]
    return tuple(figure.text for figure in _counted(claim) if _of_another(figure, _holder(claim, figure, mine), held))


def _counted(text: str) -> tuple[Figure, ...]:
    return figures(text, spans([each for each in dates(text, None) if not bare_year(each)]))


def _of_another(figure: Figure, own: str, held: Sequence[tuple[Figure, str]]) -> bool:
    equal = [holder for each, holder in held if same_figure(figure, each)]
    rival = any(
        holder == own and each.kind == figure.kind and not same_figure(figure, each) and _units(each) == _units(figure)
        for each, holder in held
    )
    return bool(equal) and own not in equal and rival


def _units(figure: Figure) -> set[str]:
    return {reading.unit for reading in figure.readings}


@lru_cache(maxsize=2048)
def _owners(text: str) -> tuple[_Owner, ...]:
    """Return the names of a text, and words that it sets against each other (men and women)."""
    found = [_Owner(name[-1].word, name[0].start, name[-1].end) for name in names(text)]
    row = tokens(text)
    found += [_Owner(concept(token.word), token.start, token.end) for token in row if token.word in _GROUPED]
    return tuple(sorted(found, key=lambda each: each.start))


_GROUPED = frozenset("men women male female man woman boys girls".split())  # noqa: SIM905  reads better as text


def _holder(text: str, figure: Figure, owners: Sequence[_Owner]) -> str:
    return min(owners, key=lambda owner: _distance(text, figure, owner)).key


def _distance(text: str, figure: Figure, owner: _Owner) -> int:
    between = text[owner.end : figure.start] if owner.end <= figure.start else text[figure.end : owner.start]
    later = owner.start >= figure.end and not re.match(r"\s(?:for|by|of|to|from|at)\s", between)
    return len(between.split()) + _COST * len(_BREAK.findall(between)) + _LATER * later


_HALVES = re.compile(r"; |, (?=and |but |while |whereas )|\s(?=(?:and|but|while|whereas)\s)")


def crossed(claim: str, quote: str) -> tuple[str, ...]:
    """Return a figure of the claim that the quote gives to what the claim gives another one ("910 build, 65 run")."""
    ours, theirs = _halves(claim), _halves(quote)
    for place, (figure, said) in enumerate(ours):
        for other, also in ours[place + 1 :]:
            first = [words for each, words in theirs if same_figure(figure, each)]
            second = [words for each, words in theirs if same_figure(other, each)]
            if len(first) == len(second) == 1 and _units(figure) == _units(other):
                mine, its = first[0] - second[0], second[0] - first[0]
                if said & its and also & mine and not also & its:
                    return (figure.text, other.text)
    return ()


def _halves(text: str) -> list[tuple[Figure, frozenset[str]]]:
    """Return the figures that stand alone in their part of a sentence, with the words of that part."""
    parts = [(part, _counted(part)) for part in _HALVES.split(text)]
    return [(found[0], frozenset(_named_words(part))) for part, found in parts if len(found) == 1]


def _named_words(part: str) -> list[str]:
    return [term for term in terms(part) if not term[0].isdigit()]

"""Words that exclude each other ("rose" and "fell"), hedges that were dropped, and roles that were exchanged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rag.verify.names import names
from rag.verify.opposites import AXES, CONVERSE, prefixed
from rag.verify.polarity import polarity
from rag.verify.terms import Token, base, carries_content, tokens

_NEAR = 4
"""Content words on each side of a direction word within which its object is looked for."""
_HEDGES = frozenset(
    """may might could would alleged allegedly reportedly expect expected likely unlikely plan planned consider
    considering accuse accused suspect suspected propose proposed possibly perhaps potentially hope hopes seek seeks aim
    aims if unclear apparently rumoured rumored threaten threatens threatened""".split()  # noqa: SIM905  a list of words reads better
)
_HEDGE_REACH = 3
_MUTUAL = "meet talk speak marry join resemble agree share discuss trade negotiate clash play face border draw"
_SYMMETRIC = frozenset(map(base, _MUTUAL.split()))


def contradicted(claim: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Return direction words of the claim whose opposites the quotes have instead, about the same thing."""
    theirs = [each for quote in quotes for each in _directed(quote)]
    exchanged = any(_exchanged(claim, quote) for quote in quotes)
    found = _turned_by_prefix(claim, quotes)
    for word, axis, pole, near in _directed(claim):
        if axis in CONVERSE and exchanged:
            continue
        rivals = [each for each in theirs if each[1] == axis]
        opposite = [each for each in rivals if each[2] != pole and each[3] & near]
        if opposite and not any(each[2] == pole for each in rivals):
            found.append(word)
    return tuple(dict.fromkeys(found))


def _turned_by_prefix(claim: str, quotes: Sequence[str]) -> list[str]:
    """Return words such as "safe" where the quotes have "unsafe" only, or the other way round."""
    ours = {token.word for token in tokens(claim)}
    theirs = {token.word for quote in quotes for token in tokens(quote)}
    if polarity(claim).negations or any(polarity(quote).negations for quote in quotes):
        return []
    return sorted(
        word for word in ours - theirs if any(prefixed(word, other) or prefixed(other, word) for other in theirs - ours)
    )


def _exchanged(claim: str, quote: str) -> bool:
    """Tell whether two names stand in the other order in the quote."""
    mine, theirs = _first_pair(claim), _first_pair(quote)
    return bool(mine and theirs and mine[0] == theirs[2] and mine[2] == theirs[0])


def hedges_dropped(claim: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Return the hedges ("may", "allegedly") that all quotes put before what the claim states flatly."""
    said = {token.word for token in tokens(claim)}
    if said & _HEDGES or any(base(word) in _HEDGE_BASES for word in said):
        return ()
    ours = {base(word) for word in said if carries_content(word)}
    hedged = [_hedged(quote) for quote in quotes]
    found = [(hedge, governed) for each in hedged for hedge, governed in each]
    free = {base(token.word) for quote in quotes for token in tokens(quote)} - {
        term for _, governed in found for term in governed
    }
    return tuple(dict.fromkeys(hedge for hedge, governed in found if (governed & ours) - free))[:1]


def roles_exchanged(claim: str, quote: str) -> tuple[str, ...]:
    """Return the verb between two names that the quote has the other way round ("A sued B" for "B sued A")."""
    mine, theirs = _first_pair(claim), _first_pair(quote)
    if mine is None or theirs is None or {mine[0], mine[2]} != {theirs[0], theirs[2]}:
        return ()
    verbs = [next(filter(carries_content, between), "") for between in (mine[1], theirs[1])]
    same = bool(verbs[0]) and base(verbs[0]) == base(verbs[1]) and base(verbs[0]) not in _SYMMETRIC
    turned = mine[0] != theirs[0]
    passive = ("by" in mine[1]) != ("by" in theirs[1])
    return (verbs[0],) if same and turned != passive else ()


_HEDGE_BASES = frozenset(
    map(base, ["expect", "plan", "consider", "accuse", "suspect", "propose", "threaten", "hope", "seek", "aim"])
)


@lru_cache(maxsize=4096)
def _directed(text: str) -> tuple[tuple[str, int, int, frozenset[str]], ...]:
    """Return each direction word that is not negated, its axis and pole, and the content words around it."""
    row = [token for token in tokens(text) if carries_content(token.word) or token.word in _SMALL_DIRECTIONS]
    denied = polarity(text).denied
    found = []
    for place, token in enumerate(row):
        term = base(token.word)
        for axis, poles in enumerate(AXES):
            if term in poles and term not in denied and not _idle(row, place, text):
                around = row[max(0, place - _NEAR) : place] + row[place + 1 : place + 1 + _NEAR]
                near = frozenset(base(each.word) for each in around) - {term}
                found.append((text[token.start : token.end], axis, poles[term], near))
    return tuple(found)


_SMALL_DIRECTIONS = frozenset({"before", "after", "above", "below", "more", "most", "up", "down"})


def _idle(row: Sequence[Token], place: int, text: str) -> bool:
    """Tell whether "up" or "down" only colours a verb, or "more" belongs to a bound such as "more than 300"."""
    token = row[place]
    if token.word in {"up", "down"}:
        return not re.match(r"\s(?:by\s|from\s|to\s)?[$€£]?\d", text[token.end : token.end + 8])
    return token.word in {"more", "less", "fewer"} and text[token.end : token.end + 5] == " than"


def _hedged(text: str) -> list[tuple[str, frozenset[str]]]:
    row = tokens(text)
    found = []
    for place, token in enumerate(row):
        month = token.word == "may" and text[token.start].isupper() and place
        if (token.word in _HEDGES or base(token.word) in _HEDGE_BASES) and not month:
            after = [base(each.word) for each in row[place + 1 :] if carries_content(each.word)][:_HEDGE_REACH]
            found.append((token.word, frozenset(after[:2])))
    return found


def _first_pair(text: str) -> tuple[str, tuple[str, ...], str] | None:
    """Return the text's two names and the words between them, if it has exactly two."""
    found = names(text)
    if len(found) != 2:
        return None
    one, other = found
    between = tuple(token.word for token in tokens(text) if one[-1].end <= token.start < other[0].start)
    return one[-1].word, between, other[-1].word

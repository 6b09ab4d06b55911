"""Words that exclude each other ("rose" and "fell"), hedges that were dropped, and roles that were exchanged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rag.verify.names import names, same_name
from rag.verify.opposites import AXES, CONVERSE, DENIALS, prefixed
from rag.verify.polarity import polarity
from rag.verify.synonyms import concept, terms
from rag.verify.terms import Token, base, carries_content, tokens

_NEAR = 4
"""Content words on each side of a direction word within which its object is looked for."""
_HEDGES = frozenset(
    """may might could would alleged allegedly reportedly expect expected likely unlikely plan planned consider
    considering accuse accused suspected can propose proposed possibly perhaps potentially hope hopes seek seeks aim
    aims if unclear apparently rumoured rumored threaten threatens threatened""".split()  # noqa: SIM905  a list of words reads better
)
_HEDGE_REACH = 3
_MUTUAL = "meet talk speak marry join resemble agree share discuss trade negotiate clash play face border draw"
_SPOKEN = "say report tell"
_SYMMETRIC = frozenset(map(concept, f"{_MUTUAL} {_SPOKEN}".split()))


def contradicted(claim: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Return direction words of the claim whose opposites the quotes have instead, about the same thing."""
    theirs = [each for quote in quotes for text in (quote, _ASIDE.sub(" ", quote)) for each in _directed(text)]
    exchanged = any(_exchanged(claim, quote) for quote in quotes)
    found = _turned_by_prefix(claim, quotes)
    for word, axis, pole, near in _directed(claim):
        if axis in CONVERSE and exchanged:
            continue
        rivals = [each for each in theirs if each[1] == axis]
        opposite = frozenset().union(*(each[3] & near for each in rivals if each[2] != pole))
        same = [each[3] for each in rivals if each[2] == pole]
        both = any(each[1] == axis and each[2] != pole for each in _directed(claim))
        answered = opposite <= frozenset().union(*same) if axis in DENIALS else bool(same)
        if opposite and not both and not answered:
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
    mine, theirs = ([(one, other) for one, _, other in _pairs(text)] for text in (claim, quote))
    return len(mine) == len(theirs) == 1 and mine[0] == theirs[0][::-1]


class Hedges(NamedTuple):
    """Hedges that a claim dropped: those that leave open whether it is so, and those that say it is to come."""

    open: tuple[str, ...]
    coming: tuple[str, ...]


def hedges_dropped(claim: str, quotes: Sequence[str]) -> Hedges:
    """Return the hedges ("may", "allegedly") that all quotes put before what the claim states flatly."""
    said = {token.word for token in tokens(claim)}
    if said & _HEDGES or any(base(word) in _HEDGE_BASES or concept(word) in _HEDGE_CONCEPTS for word in said):
        return Hedges((), ())
    ours = {concept(word) for word in said if carries_content(word)}
    found = [each for quote in quotes for each in _hedged(quote)]
    free = {concept(token.word) for quote in quotes for token in tokens(quote)} - {
        term for _, governed in found for term in governed
    }
    dropped = tuple(dict.fromkeys(hedge for hedge, governed in found if (governed & ours) - free))[:1]
    strong = tuple(hedge for hedge in dropped if hedge in _OPEN or base(hedge) in _OPEN_BASES)
    return Hedges(strong, () if strong else dropped)


_OPEN = frozenset("may might could alleged allegedly reportedly possibly perhaps potentially unclear suspected".split())  # noqa: SIM905
_HEDGE_CONCEPTS = frozenset(map(concept, ["accuse", "expect", "plan", "propose", "consider"]))
_OPEN_BASES = frozenset(map(base, ["accuse", "consider", "propose", "threaten"]))


def roles_exchanged(claim: str, quote: str) -> tuple[str, ...]:
    """Return the verb between two names that the quote has the other way round ("A sued B" for "B sued A")."""
    theirs = {(one, other): verbs for one, verbs, other in _pairs(quote)}
    for one, verbs, other in _pairs(claim):
        turned, straight = theirs.get((other, one)), theirs.get((one, other))
        active = {verb for verb, passive in verbs if not passive}
        passive = {verb for verb, passive in verbs if passive}
        if turned and not straight:
            same = (active & {v for v, p in turned if not p}) | (passive & {v for v, p in turned if p})
        elif straight and not turned:
            same = (active & {v for v, p in straight if p}) | (passive & {v for v, p in straight if not p})
        else:
            continue
        if same - _SYMMETRIC:
            return tuple(sorted(same - _SYMMETRIC))[:1]
    return _voices_exchanged(claim, quote)


_APART = 14
"""Words between two names beyond which no verb is taken to join them."""


@lru_cache(maxsize=4096)
def _pairs(text: str) -> tuple[tuple[str, frozenset[tuple[str, bool]], str], ...]:
    """Return two names each with the words between them, and whether those are passive ("was sued by")."""
    row, found, seen = tokens(text), names(text), []
    for place, one in enumerate(found):
        for other in found[place + 1 : place + 3]:
            named = {part.start for name in found for part in name}
            between = [token for token in row if one[-1].end <= token.start < other[0].start]
            if len(between) <= _APART:
                done = {one.start for one, after in pairwise(between) if after.word == "by"}
                turned = any(token.word == "from" for token in between)
                verbs = frozenset(
                    (concept(each.word), each.start in done)
                    for each in between
                    if carries_content(each.word)
                    and not turned
                    and each.start not in named
                    and (not done or each.start in done)
                )
                seen.append((one[-1].word, verbs, other[-1].word))
    return tuple(seen)


def _voices_exchanged(claim: str, quote: str) -> tuple[str, ...]:
    """Return the verb that one text has done by whom it befell in the other ("X shot" for "X was shot")."""
    ours, theirs = _voices(claim), _voices(quote)
    return tuple(verb for name, verb, passive in ours if (name, verb, not passive) in theirs - ours)[:1]


@lru_cache(maxsize=4096)
def _voices(text: str) -> frozenset[tuple[str, str, bool]]:
    row = tokens(text)
    known = {part.start: part.word for name in names(text) for part in name}
    found = set()
    for place, token in enumerate(row[:-1]):
        if token.start in known:
            after = row[place + 1 :]
            passive = after[0].word in {"was", "were", "been", "is", "are", "being"} and len(after) > 1
            verb = after[1 if passive else 0]
            if concept(verb.word) in _BEFALLING:
                found.add((known[token.start], concept(verb.word), passive))
    return frozenset(found)


_BEFALLING = frozenset(
    map(
        concept,
        [
            "shoot",
            "kill",
            "attack",
            "arrest",
            "sue",
            "beat",
            "hit",
            "accuse",
            "rob",
            "hire",
            "fire",
            "elect",
            "defeat",
            "convict",
            "injure",
            "criticise",
            "praise",
            "pay",
            "thank",
            "tell",
            "ask",
            "jail",
            "release",
            "rescue",
            "appoint",
            "charge",
            "punish",
            "bomb",
            "invade",
        ],
    )
)
"""What one does and another suffers, unlike "opened" or "rose", which say the same in both voices."""
_TURNED_BY = re.compile(r"\b(before|after|from|than|against|instead)\b")


def sides_exchanged(claim: str, quote: str) -> tuple[str, ...]:
    """Return "before", "than" or the like where the claim has on its right what the quote has on its left."""
    theirs = {found[1]: found for found in _TURNED_BY.finditer(quote)}
    for found in _TURNED_BY.finditer(claim):
        other = theirs.get(found[1])
        if other is None or len(_TURNED_BY.findall(quote)) > 1:
            continue
        left, right = set(terms(claim[: found.start()])), set(terms(claim[found.end() :]))
        its_left, its_right = set(terms(quote[: other.start()])), set(terms(quote[other.end() :]))
        if right and right <= its_left and right.isdisjoint(its_right) and (left & its_right) - its_left:
            return (found[1],)
    return ()


_AGENT = re.compile(r"\b(\w+)(?: \w+)? by (?:the )?([A-Z][\w-]+(?: [A-Z][\w-]+)*)")


def agents_exchanged(claim: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Return the name behind "announced by" where the quotes say that another did it."""
    theirs = {concept(found[1].lower()): found[2] for quote in quotes for found in _AGENT.finditer(quote)}
    named = ((found[2], theirs.get(concept(found[1].lower()))) for found in _AGENT.finditer(claim))
    return tuple(
        name
        for name, other in named
        if other and not any(same_name(one, two) for one in name.split() for two in other.split())
    )


_RATE = re.compile(r"\b(?:an?|per|each|every) (hour|day|week|month|year|minute|decade)\b")


def rates_changed(claim: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Return "a month" where the quotes give the figure for a year, and the like."""
    theirs = {found[1] for quote in quotes for found in _RATE.finditer(quote)}
    return tuple(found[0] for found in _RATE.finditer(claim) if theirs and found[1] not in theirs)


_HEDGE_BASES = frozenset(
    map(base, ["expect", "plan", "consider", "accuse", "propose", "threaten", "hope", "seek", "aim"])
)


@lru_cache(maxsize=4096)
def _directed(text: str) -> tuple[tuple[str, int, int, frozenset[str]], ...]:
    """Return each direction word that is not negated, its axis and pole, and the content words around it."""
    row = [token for token in tokens(text) if carries_content(token.word) or token.word in _SMALL_DIRECTIONS]
    denied = polarity(text).denied
    found = []
    for place, token in enumerate(row):
        term = concept(token.word)
        for axis, poles in enumerate(AXES):
            if term in poles and term not in denied and not _idle(row, place, text):
                around = row[max(0, place - _NEAR) : place] + row[place + 1 : place + 1 + _NEAR]
                near = frozenset(concept(each.word) for each in around if not _apart(text, token, each)) - {term}
                found.append((text[token.start : token.end], axis, poles[term], near))
    return tuple(found)


def _apart(text: str, one: Token, other: Token) -> bool:
    """Tell whether two words stand in two clauses that are set against each other."""
    first, last = sorted((one, other), key=lambda each: each.start)
    return bool(_TURN.search(text, first.end, last.start))


_ASIDE = re.compile(r", (?:which|who|whom|whose|where)\b[^,;.]*,")
"""What is said by the way between a subject and its verb."""
_TURN = re.compile(r"[;.:] |\b(?:but|while|whereas|although|though)\b")
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
        if (token.word in _HEDGES or base(token.word) in _HEDGE_BASES) and token.word != "can" and not month:
            after = [concept(each.word) for each in row[place + 1 :] if carries_content(each.word)][:_HEDGE_REACH]
            found.append((token.word, frozenset(after[: 1 if token.word in {"may", "might", "could"} else 2])))
    return found

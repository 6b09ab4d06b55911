"""Who says it: whether a claim puts words into another mouth than the quotes do, or makes more of what was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rag.verify.names import same_name
from rag.verify.polarity import polarity
from rag.verify.synonyms import concept
from rag.verify.terms import carries_content, tokens

_SAYS = (
    "said|says|told|added|adds|replied|insisted|insists|announced|argued|argues|warned|explained|reported|wrote|tells|"
    "stated|claimed|claims|noted|thanked|praised|complained|answered"
)
_BEFORE = re.compile(rf"(?P<who>(?:[\w'.&-]+\s){{1,6}})(?:has |have |had |also |later |then )?(?:{_SAYS})\b")
_AFTER = re.compile(rf"(?:^|[,\"'] ?)(?:{_SAYS}) (?P<who>(?:[\w'.&-]+,?\s?){{1,8}})")
_ACCORDING = re.compile(r"\b[Aa]ccording to (?P<who>(?:[\w'.&-]+\s?){1,6})")
_PRONOUNS = frozenset("he she they it who i we you one that which this".split())  # noqa: SIM905
_CUT = frozenset(
    [
        "that",
        "to",
        "as",
        "when",
        "after",
        "before",
        "while",
        "but",
        "because",
        "in",
        "on",
        "at",
        "for",
        "from",
        "with",
        "by",
        "of",
        "if",
        "than",
        "about",
        "into",
        "over",
        "and",
        "has",
        "have",
        "had",
        "is",
        "are",
        "was",
        "were",
        "will",
        "would",
    ]
)
_STRONG = {
    "admit acknowledge concede confess": "", "confirm": "", "prove proof proven": "",
    "deny refute": "dispute reject dismiss",
    "refuse reject": "oppose deny veto block not", "convict": "guilty",
    "approve endorse": "agree accept vote back",
    "criticise condemn denounce": "attack", "welcome": "pleased happy praise", "record": "highest lowest most",
    "every": "all each", "all": "every each whole entire any both",
    "mostly majority": "many", "force": "must have", "blame": "because cause", "guarantee": "",
    "cause because": "so as since after following over when for lead trigger result due blame bring drive",
}  # fmt: skip
"""Words that make more of what was said, and further words in the quote that bear them out."""


_EACH_TIME = re.compile(r"[Ee](?:very|ach) (?:hour|day|night|week|month|year|time)\b")


class SpeakerComparison(NamedTuple):
    """Speakers of a claim whom the quotes contradict, and those whom they may only mean."""

    missing: tuple[str, ...]
    loose: tuple[str, ...]


def compare_speakers(claim: str, quotes: Sequence[str]) -> SpeakerComparison:
    """Return who speaks in an evened claim while only others speak in the quotes."""
    theirs = [each for quote in quotes for each in _speakers(quote)]
    missing: list[str] = []
    loose: list[str] = []
    if not theirs or any(not each for each in theirs):
        return SpeakerComparison((), ())
    for who in _speakers(claim):
        if not who or any(_same(who, other) for other in theirs):
            continue
        alike = [other for other in theirs if _named(who) == _named(other)]
        if len(alike) == len(theirs):
            missing.append(who[-1])
        elif not any(word in quote for word in who for quote in quotes):
            loose.append(who[-1])
    return SpeakerComparison(tuple(missing), tuple(loose))


@lru_cache(maxsize=4096)
def _speakers(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the words that name each speaker; none for a pronoun."""
    found = [_head(match["who"], last=True) for match in _BEFORE.finditer(text)]
    found += [_head(match["who"], last=False) for each in (_AFTER, _ACCORDING) for match in each.finditer(text)]
    return tuple(each for each in found if each is not None)


def _head(words: str, *, last: bool) -> tuple[str, ...] | None:
    kept: list[str] = []
    row = words.replace(",", "").split()
    for word in reversed(row) if last else row:
        if word.lower() in _CUT:
            break
        kept.append(word)
    if any(word.lower() in _PRONOUNS for word in kept) or not kept:
        return () if kept else None
    kept = kept[::-1] if last else kept
    return tuple(word for word in kept if carries_content(word.lower()) and not word[0].isdigit())


def _named(who: Sequence[str]) -> bool:
    return any(word[0].isupper() for word in who)


def _same(who: Sequence[str], other: Sequence[str]) -> bool:
    theirs = {concept(each.word) for word in other for each in tokens(word)}
    return any(
        concept(each.word) in theirs
        or any(word[0].isupper() and same_name(word, name) for name in other if name[0].isupper())
        for word in who
        for each in tokens(word)
    )


def unproved_strong_words(claim: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Return words such as "admitted", "all" or "because" that change what is claimed and that no quote has."""
    theirs = {concept(token.word) for quote in quotes for token in tokens(quote)}
    theirs |= {token.word for quote in quotes for token in tokens(quote)}
    denied = polarity(claim).denied
    return tuple(
        claim[token.start : token.end]
        for token in tokens(claim)
        if (group := _STRENGTH.get(token.word) or _STRENGTH.get(concept(token.word))) is not None
        and concept(token.word) not in denied
        and not _EACH_TIME.match(claim, token.start)
        and group.isdisjoint(theirs)
    )


def _spread(words: str) -> frozenset[str]:
    return frozenset(each for word in words.split() for each in (word, concept(word)))


_STRENGTH = {key: _spread(f"{strong} {others}") for strong, others in _STRONG.items() for key in _spread(strong)}

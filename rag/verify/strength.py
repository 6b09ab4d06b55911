"""Words that make more of what was said ("admitted", "all", "because"), and whether the quotes bear them out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.verify.polarity import polarity
from rag.verify.synonyms import concept
from rag.verify.terms import tokens

_STRONG = {
    "admit acknowledge concede confess": "", "confirm": "", "prove proof proven": "",
    "deny refute": "dispute reject dismiss",
    "refuse reject": "oppose deny veto block not", "convict": "guilty",
    "approve endorse": "agree accept vote back",
    "criticise condemn denounce": "attack call dismiss mistake",
    "welcome": "pleased happy praise", "record": "highest lowest most",
    "every": "all each", "all": "every each whole entire any both",
    "mostly majority": "many", "force": "must have", "blame": "because cause", "guarantee": "",
    "cause because": "so as since after following over when for lead trigger result due blame bring drive",
}  # fmt: skip
"""Words that make more of what was said, and further words in the quote that bear them out."""


_EACH_TIME = re.compile(r"[Ee](?:very|ach) (?:hour|day|night|week|month|year|time)\b")


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
        and token.word not in {"recorded", "recording", "forces"}
    )


def _spread(words: str) -> frozenset[str]:
    return frozenset(each for word in words.split() for each in (word, concept(word)))


_STRENGTH = {key: _spread(f"{strong} {others}") for strong, others in _STRONG.items() for key in _spread(strong)}

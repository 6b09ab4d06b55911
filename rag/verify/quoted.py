"""Words that a report only passes on: what stands in quotation marks, or after "claimed that", is not its own word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum

from rag.verify.names import Context
from rag.verify.speakers import attributed
from rag.verify.synonyms import terms

_SPEECH = re.compile(r'"[^"]{3,}(?:"|\Z)|\b(?:claim(?:s|ed|ing)|alleg(?:es|ed|ing)|pretend(?:s|ed|ing)) that [^.;"]+')
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.]{0,40}\b(?:instruction|order|prompt|rule|previous|above|everything)"
    r"|(?:^|[\".:;,] ?|\band |\bplease |\bmust |\bshould )(?:say|state|answer|reply|respond|report|write|claim|tell"
    r"|output|print)(?: (?:the )?(?:user|reader|everyone|people|them))? that\b|\bcite this\b|\bdo not mention\b",
    re.IGNORECASE,
)
_FALSE = re.compile(
    r"\b(?:hoax\w*|fakes?|faked|falsely|false|untrue|fabricat\w+|forge[dr]\w*|bogus|debunk\w*|disinformation|misinformation|"
    r"made[- ]up|invented|scam\w*|prank\w*|satir\w+)\b",
    re.IGNORECASE,
)
_RELAYED = re.compile(
    r"\b(?:claim\w*|alleg\w+|hoax\w*|fake\w*|false\w*|read|reads|letters|message|leaflet\w*|quot\w+|call(?:s|ed)|describ\w+|"
    r"promis\w+|insist\w*|instruct\w*|order(?:s|ed)|suppos\w+|purport\w*)\b",
    re.IGNORECASE,
)
_INSIDE = 0.6
"""Share of a claim's words in quoted speech from which it rests on that."""


class Standing(IntEnum):
    """What the quotes make of the words that a claim rests on."""

    OWN = 0
    """They say so themselves, or the claim says who says it."""
    PASSED_ON = 1
    """They only pass on that somebody says so."""
    DISOWNED = 2
    """They pass it on as an order to say so, or as false."""


def standing(claim: str, contexts: Sequence[Context]) -> Standing:
    """Return what evened quotes make of the words on which a claim that names no speaker rests."""
    ours = set(terms(claim))
    if not ours or attributed(claim) or _RELAYED.search(claim):
        return Standing.OWN
    return min((_in_one(ours, context) for context in contexts), default=Standing.OWN)


def _in_one(ours: set[str], context: Context) -> Standing:
    speech = [found[0] for found in _SPEECH.finditer(context.quote)]
    rest = _SPEECH.sub(" ", context.quote)
    inside = _share(ours, " ".join(speech))
    if not speech or inside < _INSIDE or _share(ours, rest) >= inside:
        return Standing.OWN
    told = any(_ORDER.search(each) and _share(ours, each) >= _INSIDE for each in speech)
    return Standing.DISOWNED if told or _FALSE.search(f"{rest} {context.title}") else Standing.PASSED_ON


def _share(ours: set[str], text: str) -> float:
    return len(ours & set(terms(text))) / len(ours)

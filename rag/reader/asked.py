"""What kind of thing a question asks for, and whether a sentence holds one."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Literal

from rag.verify.openings import TITLES
from rag.words import STOP_WORDS, without_possessive

Kind = Literal["age", "measure", "money", "number", "date", "identity", "person", "place", "reason", "any"]

FIGURES: frozenset[Kind] = frozenset({"age", "measure", "money", "number"})
"""Kinds that a figure answers."""

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("age", re.compile(r"\bhow old\b|\bwhat (?:is|was) (?:the|his|her|their) age\b|\b(?:what|which) age\b")),
    (
        "measure",
        re.compile(
            r"\bhow (?:long|far|tall|high|large|big|wide|deep|fast|heavy|often)\b|\bhow much (?:do|does|did)\b.*\bweigh"
        ),
    ),
    (
        "money",
        re.compile(
            r"\bhow much\b|\bwhat (?:(?:is|was|are|were) )?(?:the )?(?:\w+ ){0,2}"
            r"(?:price|cost|fee|fare|salary|bill|toll)s?\b"
            r"|\bwhat (?:do|does|did|will|would)\b.*\bcost\b"
        ),
    ),
    ("number", re.compile(r"\bhow many\b|\bwhat (?:percentage|proportion|number|share)\b")),
    ("date", re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|time|century|decade)\b")),
    ("identity", re.compile(r"^who (?:is|was|are|were) (?!the\b)(?:[\w.’'-]+ ?){1,4}\?*$")),
    ("person", re.compile(r"\bwho(?:m|se)?\b")),
    ("place", re.compile(r"\bwhere\b|\b(?:what|which) (?:country|city|town|state|place|region|continent)\b")),
    ("reason", re.compile(r"\bwhy\b|\bwhat (?:caused?|led)\b|\bhow come\b")),
)

_SMALL = (
    "one two three four five six seven eight nine ten eleven twelve dozen hundred thousand million billion half twice"
)
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = "|".join(f"{_SMALL} {_TEENS} {_TENS}".split())
_FIGURE = rf"(?:\d[\d.,]*|\b(?:{_NUMBERS})s?\b)"
_UNITS = (
    r"(?:(?:kilo|centi|milli)?met(?:re|er)|mile|km|cm|mm|m|foot|feet|ft|inche?|yard|acre|hectare|tonne|ton|kilogram|kilo"
    r"|kg|gram|pound|ounce|lit(?:re|er)|gallon|knot|mph|degree|hour|minute|second|day|week|month|year|decade|percent"
    r"|storey)s?\b"
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"

_HELD: dict[Kind, re.Pattern[str]] = {
    "age": re.compile(
        r"\b\d{1,3}[- ]years?[- ]old|\b(?:aged?|turn(?:s|ed)|years old)\b|, \d{1,3}(?=[,.]|$)"
        r"|\bis \d{1,3}\b(?=[,.]| and)",
        re.IGNORECASE,
    ),
    "measure": re.compile(rf"{_FIGURE}(?: ?%|[ -](?:(?:nautical|square|cubic) )?{_UNITS})", re.IGNORECASE),
    "money": re.compile(
        rf"[£$€¥]\s?\d|{_FIGURE}[\w ]{{0,12}}\b(?:dollar|pound|euro|yen|won|cent|pence|yuan|percent)s?\b|\d ?%",
        re.IGNORECASE,
    ),
    "number": re.compile(_FIGURE, re.IGNORECASE),
    "date": re.compile(
        rf"\b(?:(?:1[5-9]|20)\d\d|{_MONTHS}|{_DAYS}|yesterday|today|tomorrow|tonight|noon|midnight|week|month|year"
        r"|century|decade|summer|winter|spring|autumn|a\.m|p\.m)s?\b",
        re.IGNORECASE,
    ),
    "person": re.compile(r"\b[A-Z][\w’'-]+"),
    "place": re.compile(r"(?<=\b(?:in|at) )(?:the )?[A-Z]\w+|(?<=\b(?:near|from) )(?:the )?[A-Z]\w+"),
    "reason": re.compile(
        r"\b(?:because|due to|after|since|so that|in order|to \w+|as a result|caused?|led to|therefore|owing)\b",
        re.IGNORECASE,
    ),
}
_NOBODY = STOP_WORDS.union(_MONTHS.split("|"), _DAYS.split("|"))
# "Ruth Amsel, 63", "Ruth Amsel, who", "Ruth Amsel is a"; a title is looked for in the name itself.
_DESCRIBED = re.compile(r"(?:[A-Z][\w’'-]+ ?)+(?P<as>, (?:an?|the|who|whose|\d+)\b|(?:is|was) (?:an?|the)\b)?")

_UNSAID = re.compile(
    r"\b(?:did|does|do|has|have|had|could|would) not (?:yet )?"
    r"(?:say|said|name|give|given|disclose|detail|decide|know)d?\b"
    r"|\bnot (?:yet |been )?(?:known|clear|decided|disclosed)\b|\bgave no\b|\bun(?:known|clear)\b",
    re.IGNORECASE,
)
_DONE = re.compile(r"^(?:\w+ ){0,3}?(?:did|was|were|has|have|had)\b", re.IGNORECASE)
_EXPECTS = re.compile(
    r"\b(?:will|is to|are to|plans? to|(?:is|are) expected to|next (?:week|month|year))\b", re.IGNORECASE
)
_COMMANDS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.]{0,40}\b(?:instructions?|prompts?|guidelines|rules|above)\b"
    r"|\b(?:system|hidden) prompt\b|\byou are (?:now )?(?:an? )?(?:ai|chatbot|assistant|language model)\b"
    r"|\bcite (?:this|the following) (?:sentence|passage)\b",
    re.IGNORECASE,
)


def asked_for(question: str) -> Kind:
    """Return the kind of thing that a question asks for; "any" when it does not show."""
    lowered = question.casefold().strip()
    return next((kind for kind, pattern in _KINDS if pattern.search(lowered)), "any")


def holds(kind: Kind, sentence: str, asked: AbstractSet[str]) -> float:
    """Return 1 when the sentence holds a thing of that kind beyond the question's words, else 0; 0.5 for "any".

    A figure without the unit that was asked for counts as half. A statement that something is not known serves any
    question: it is the answer that an article gives.
    """
    if kind != "any" and _UNSAID.search(sentence):
        return 1.0
    match kind:
        case "any":
            return 0.5
        case "identity":
            return float(_describes(sentence, asked))
        case "age" | "measure" | "money":
            return 1.0 if _HELD[kind].search(sentence) else holds("number", sentence, asked) / 2
    ignored = asked | _NOBODY if kind == "person" else asked
    return float(any(without_possessive(found.casefold()) not in ignored for found in _HELD[kind].findall(sentence)))


def _describes(sentence: str, asked: AbstractSet[str]) -> bool:
    """Tell whether the sentence says what somebody named in the question is, in passing or in so many words."""
    for found in _DESCRIBED.finditer(sentence):
        name = [without_possessive(word.casefold()) for word in re.findall(r"[A-Z][\w’'-]+", found[0])]
        if not asked.isdisjoint(name) and (found["as"] or not TITLES.isdisjoint(name)):
            return True
    return False


def asks_what_was_done(question: str) -> bool:
    """Tell whether a question is about the past: "when did", "has she"."""
    return _DONE.match(question.strip()) is not None


def expects(sentence: str) -> bool:
    """Tell whether a sentence speaks of what is still to come."""
    return _EXPECTS.search(sentence) is not None


def commands(sentence: str) -> bool:
    """Tell whether a sentence reads like an order to a program that answers questions."""
    return _COMMANDS.search(sentence) is not None

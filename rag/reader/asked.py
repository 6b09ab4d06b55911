"""What kind of thing a question asks for, and whether a sentence holds one."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Literal

from rag.words import STOP_WORDS, without_possessive

Kind = Literal["number", "date", "person", "place", "reason", "any"]

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "number",
        re.compile(
            r"\bhow (?:many|much|old|long|far|tall|high|large|big|fast|often)\b"
            r"|\bwhat (?:percentage|proportion|number|age|price|cost|share)\b"
        ),
    ),
    ("date", re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|time|century|decade)\b")),
    ("person", re.compile(r"\bwho(?:m|se)?\b")),
    ("place", re.compile(r"\bwhere\b|\b(?:what|which) (?:country|city|town|state|place|region|continent)\b")),
    ("reason", re.compile(r"\bwhy\b|\bwhat (?:caused?|led)\b|\bhow come\b")),
)

_UNITS = (
    "one two three four five six seven eight nine ten eleven twelve dozen hundred thousand million billion half twice"
)
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = "|".join(f"{_UNITS} {_TEENS} {_TENS}".split())
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"

_HELD: dict[Kind, re.Pattern[str]] = {
    "number": re.compile(rf"\d[\d.,]*|\b(?:{_NUMBERS})s?\b", re.IGNORECASE),
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


def asked_for(question: str) -> Kind:
    """Return the kind of thing that a question asks for; "any" when it does not show."""
    lowered = question.casefold()
    return next((kind for kind, pattern in _KINDS if pattern.search(lowered)), "any")


def holds(kind: Kind, sentence: str, asked: AbstractSet[str]) -> float:
    """Return 1 when the sentence holds a thing of that kind beyond the question's words, else 0; 0.5 for "any"."""
    if kind == "any":
        return 0.5
    ignored = asked | _NOBODY if kind == "person" else asked
    return float(any(without_possessive(found.casefold()) not in ignored for found in _HELD[kind].findall(sentence)))

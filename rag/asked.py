"""What kind of thing a question asks for, and whether a sentence holds one."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Literal

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

_HELD: dict[Kind, re.Pattern[str]] = {
    "number": re.compile(
        r"\d[\d.,]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?"
        r"|millions?|billions?|half|twice)\b",
        re.IGNORECASE,
    ),
    "date": re.compile(
        r"\b(?:(?:1[5-9]|20)\d\d|january|february|march|april|may|june|july|august|september|october|november|december"
        r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|today|tomorrow|tonight|noon|midnight|week|month|year"
        r"|century|decade|summer|winter|spring|autumn|a\.m|p\.m)s?\b",
        re.IGNORECASE,
    ),
    "person": re.compile(r"(?<![.!?:] )\b[A-Z][\w’'-]+"),
    "place": re.compile(r"(?<=\b(?:in|at) )(?:the )?[A-Z]\w+|(?<=\b(?:near|from) )(?:the )?[A-Z]\w+"),
    "reason": re.compile(
        r"\b(?:because|due to|after|since|so that|in order|to \w+|as a result|caused?|led to|therefore|owing)\b",
        re.IGNORECASE,
    ),
}


def asked_for(question: str) -> Kind:
    """Return the kind of thing that a question asks for; "any" when it does not show."""
    lowered = question.casefold()
    return next((kind for kind, pattern in _KINDS if pattern.search(lowered)), "any")


def holds(kind: Kind, sentence: str, asked: AbstractSet[str]) -> float:
    """Return 1 when the sentence holds a thing of that kind beyond the question's words, else 0; 0.5 for "any"."""
    if kind == "any":
        return 0.5
    return float(any(found.casefold() not in asked for found in _HELD[kind].findall(sentence)))

"""The words by which questions and sentences are compared: concepts, days, and initials of names."""

from __future__ import annotations

import re

from rag.verify.synonyms import pieces
from rag.words import STOP_WORDS, words

_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
DATE = re.compile(rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? )?(?:{_MONTH})\b(?: \d{{1,2}}\b)?(?:,? \d{{4}})?")
ANYBODY = frozenset(f"{some}{one}" for some in ("any", "some", "no", "every") for one in ("body", "one", "thing"))
_INITIALS = re.compile(r"\b[A-Z][\w’'-]*(?:(?: of| the| and| for)* [A-Z][\w’'-]*)+")
_DIGIT = {"three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10"}


def terms(text: str) -> tuple[str, ...]:
    """Return what the content words have in common with their synonyms, and the days, as "12 november"."""
    dates = DATE.findall(text)
    plain = [term for word in words(DATE.sub(" ", text)) if word not in STOP_WORDS for term in pieces(word)]
    return (*plain, *filter(None, map(_day, dates)))


def undated_terms(question: str) -> tuple[str, ...]:
    """Return the terms of a question without its dates, for an article need not repeat the day that it speaks of."""
    return tuple(term for term in terms(DATE.sub(" ", question)) if term not in ANYBODY)


def _day(date: str) -> str:
    """Return "12 november" for a date with a day of the month, however it is written."""
    named = re.search(_MONTH, date)
    number = re.search(r"\b\d{1,2}(?!\d)", date)
    return f"{number[0]} {named[0].casefold()}" if named and number else ""


def initials(text: str) -> list[str]:
    """Return the initials of names of several words, case folded: "un" for United Nations, "g7" for Group of Seven."""
    names = (re.findall(r"\b[A-Z]\w*", name.group()) for name in _INITIALS.finditer(text))
    return ["".join(_DIGIT.get(word.casefold(), word[0].casefold()) for word in name) for name in names]

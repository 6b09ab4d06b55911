"""Whether the sources that an answer cites give different figures for the same thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations

from rag.reader.asked import FIGURES, asked_for
from rag.reader.terms import terms, undated_terms
from rag.types import Citation
from rag.verify.synonyms import concept
from rag.words import STOP_WORDS

_SAME_SUBJECT = 0.34
"""Share of the shorter quote's content words, figures aside, that the other must have too."""
_NEAR = 3
"""How many words after a figure are looked at for what it counts."""
_SMALL = (  # noqa: SIM905  a list of words reads better as text
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
_NUMBER = {word: str(value) for value, word in enumerate(_SMALL, 1)}
_MONTHS = (  # noqa: SIM905
    "january february march april may june july august september october november december"
).split()
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_NOT_COUNTED = STOP_WORDS.union(_MONTHS, _DAYS, ["hundred", "thousand", "million", "billion"])
_ANYONE = frozenset(["people", "persons", "men", "women", "children", "others", "passengers", "residents"])
_ANYONE_TERMS = frozenset(terms(" ".join(_ANYONE)))
_UNITS = frozenset("£$€%")
_NAME = re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][\w’'-]+|\d[\d.,]*")
_SAID = frozenset(terms("said told"))
_TOKEN = re.compile(r"[£$€]?\d[\d,]*(?:\.\d+)?%?|[^\W\d_]+")


def in_conflict(citations: Sequence[Citation], question: str = "") -> bool:
    """Tell whether two articles that speak of the same thing count it differently."""
    return any(
        one.source.article_id != other.source.article_id and disagree(one.quote, other.quote, question)
        for one, other in combinations(citations, 2)
    )


def disagree(one: str, other: str, question: str = "") -> bool:
    """Tell whether two sentences share a subject and a counted thing, but no count of it.

    They share a subject when both answer a question that asks for a figure; where none is asked for, when they share
    words. Names alone make no subject: much is said about one mayor.
    """
    asked = frozenset(undated_terms(question)) if asked_for(question) in FIGURES else frozenset()
    about = asked.difference(terms(" ".join(_NAME.findall(question))))
    both_answer = bool(asked) and all(_answers(asked, about, text) for text in (one, other))
    if asked and not both_answer:
        return False
    if not both_answer and not _same_subject(one, other):
        return False
    ours, theirs = (_counts(text, asked if both_answer else frozenset()) for text in (one, other))
    # What is paid is one subject among many, unless it was asked for.
    common = (ours.keys() & theirs.keys()) - (_UNITS if question and not asked else frozenset())
    return bool(common) and all(ours[thing].isdisjoint(theirs[thing]) for thing in common)


def _answers(asked: AbstractSet[str], about: AbstractSet[str], text: str) -> bool:
    """Tell whether a text shares half of a question's words, and of those `about` its names, "people" not enough."""
    found = asked & set(terms(text))
    told = found & about
    telling = told - _ANYONE_TERMS or not about - _ANYONE_TERMS
    return len(found) >= 2 and len(found) >= len(asked) / 2 and len(told) >= len(about) / 2 and bool(telling)


def _same_subject(one: str, other: str) -> bool:
    ours, theirs = (set(terms(_NAME.sub(" ", text))) - _SAID for text in (one, other))
    smaller = min(len(ours), len(theirs))
    return smaller > 2 and len(ours & theirs) / smaller >= _SAME_SUBJECT


def _counts(text: str, asked: AbstractSet[str]) -> dict[str, set[str]]:
    """Return what is counted and the figures given for it: {"passenger": {"14"}, "injur": {"14"}}."""
    tokens = _TOKEN.findall(text.casefold())
    counts: dict[str, set[str]] = {}
    for place, token in enumerate(tokens):
        figure = _NUMBER.get(token, token.replace(",", "") if any(map(str.isdigit, token)) else "")
        if figure and not _is_year(token):
            for thing in _things(tokens[place + 1 : place + 1 + _NEAR], figure, asked):
                counts.setdefault(thing, set()).add(figure)
    return counts


def _things(following: Sequence[str], figure: str, asked: AbstractSet[str]) -> list[str]:
    until = next((i for i, token in enumerate(following) if any(map(str.isdigit, token))), len(following))
    words = [token for token in following[:until] if token not in _NOT_COUNTED]
    # "Five people injured" does not contradict "two people killed": what befell them is what is counted.
    telling = [word for word in words if word not in _ANYONE or concept(word) in asked] or words
    unit = [figure[0]] if figure[0] in "£$€" else [figure[-1]] if figure[-1] == "%" else []
    return unit + [concept(word) for word in telling]


def _is_year(token: str) -> bool:
    """Tell 1800 from 1,800: a year is written without a comma."""
    return len(token) == 4 and token.isdigit() and "1500" <= token < "2100"

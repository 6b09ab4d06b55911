"""Words of a text for comparing texts: folded, stemmed lightly, without the ones that carry no content."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_POSSESSIVE = re.compile(r"['’]s?$")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", ""), ("es", ""), ("s", ""))
_DOUBLED = "bdgmnprt"
"""Letters that are doubled before "ed" and "ing"."""

STOP_WORDS = frozenset(
    """a about after against all also am an and any are as at be because been before being between both but by can
    could did do does doing down during each few for from further had has have having he her here hers him his
    how i if in into is it its itself just many may me might more most much must my no nor not of off on once
    only or other our out over own s same shall she should so some such t than that the their them then there
    these they this those through to too under until up us very was we were what when where which while who whom
    whose why will with would you your""".split()  # noqa: SIM905  a list of words reads better as text
)


def words(text: str) -> list[str]:
    """Return the words of a text, case folded, possessive endings dropped."""
    return [without_possessive(word) for word in _WORD.findall(text.casefold())]


def without_possessive(word: str) -> str:
    """Return a word without "'s" or a closing apostrophe."""
    return _POSSESSIVE.sub("", word)


def content_words(text: str) -> list[str]:
    """Return the stems of the words that carry content, in order; Chinese, Japanese and Korean runs as letter pairs."""
    return [term for word in words(text) if word not in STOP_WORDS for term in _terms(word)]


def stem(word: str) -> str:
    """Return the word without its common English endings; a light stem for comparing, not for reading."""
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: len(word) - len(ending)] + replacement
            break
    if len(word) > 3 and word[-1] == "e":
        return word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] in _DOUBLED else word


def _terms(word: str) -> list[str]:
    # These scripts put no space between words (or, in Korean, glue particles to them).
    if _UNSPACED.search(word):
        return [word[i : i + 2] for i in range(max(1, len(word) - 1))]
    return [stem(word)]

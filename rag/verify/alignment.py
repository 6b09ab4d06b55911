"""What was changed in a claim that otherwise follows a quote word for word.

In a near copy the place of a word is evidence: a name, figure or negation put where the quote has another one is a
change of fact, even if the new word stands elsewhere in the quote.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from rag.verify.days import is_calendar_word
from rag.verify.names import same_name
from rag.verify.numerals import SMALL
from rag.verify.opposites import opposed
from rag.verify.polarity import negating
from rag.verify.terms import Token, carries_content, tokens

_COPIED = 0.7
"""Share of the claim's words that must follow the quote in order."""
_LONGEST = 400
"""Words beyond which texts are not aligned: the time grows with their product."""
_SHORT = 4
"""Words of a changed stretch within which words are compared with each other."""


class _Change(NamedTuple):
    """A stretch of the claim and the stretch of the quote that it stands in the place of, as written."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]


def changed_facts(claim: str, quote: str) -> tuple[str, ...]:
    """Return names, figures, negations and directions that a near copy has in the place of others."""
    found = list(dict.fromkeys(word for change in _changes(claim, quote) for word in _changed(change)))
    negations = [word for word in found if negating(word.lower())]
    # "Never opened" for "always closed": two changes that undo each other.
    return () if negations and any(_turns(change) for change in _changes(claim, quote)) else tuple(found)


def _changes(claim: str, quote: str) -> Iterator[_Change]:
    ours, theirs = tokens(claim), tokens(quote)
    if max(len(ours), len(theirs)) > _LONGEST:
        return
    matcher = SequenceMatcher(None, [each.word for each in ours], [each.word for each in theirs], autojunk=False)
    codes = matcher.get_opcodes()
    if sum(end - start for kind, start, end, _, _ in codes if kind == "equal") < _COPIED * max(len(ours), 1):
        return
    for kind, start, end, from_, to in codes:
        if (
            kind != "equal"
            and start > 0
            and end < len(ours) + (kind != "insert")
            and max(end - start, to - from_) <= _SHORT
        ):
            yield _Change(_written(claim, ours[start:end]), _written(quote, theirs[from_:to]))


def _turns(change: _Change) -> bool:
    return any(opposed(one.lower(), two.lower()) for one in change.ours for two in change.theirs)


def _written(text: str, row: tuple[Token, ...]) -> tuple[str, ...]:
    return tuple(text[each.start : each.end] for each in row)


def _changed(change: _Change) -> list[str]:
    ours, theirs = change
    mine, other = ([word for word in words if negating(word.lower())] for words in change)
    if (
        bool(mine) != bool(other)
        and (ours or not any(map(_says_more, theirs)))
        and (theirs or not any(map(_says_more, ours)))
    ):
        return (mine or other)[:1]
    if len(ours) == len(theirs):
        alone = len(ours) == 1
        return [one for one, two in zip(ours, theirs, strict=True) if _another_fact(one, two, alone=alone)]
    return []


def _says_more(word: str) -> bool:
    return carries_content(word.lower()) and not negating(word.lower())


def _another_fact(one: str, two: str, *, alone: bool) -> bool:
    if is_calendar_word(one) or is_calendar_word(two):
        return False
    ours, theirs = _number(one), _number(two)
    if ours and theirs:
        return alone and ours != theirs
    if one[0].isupper() and two[0].isupper():
        return not same_name(one, two)
    return opposed(one.lower(), two.lower())


def _number(word: str) -> str:
    if word.lower() in SMALL:
        return str(SMALL[word.lower()])
    return word.replace(",", "") if word[0].isdigit() else ""

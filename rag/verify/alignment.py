"""What was changed in a claim that otherwise follows a quote word for word.

In a near copy the place of a word is evidence: a name, figure or negation put where the quote has another one is a
change of fact, even if the new word stands elsewhere in the quote.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from rag.verify.days import is_calendar_word
from rag.verify.names import same_name
from rag.verify.numerals import SMALL
from rag.verify.openings import OPENING_WORDS, TITLES
from rag.verify.opposites import of_one_kind, opposed
from rag.verify.polarity import negating, polarity
from rag.verify.similarity import Similarity
from rag.verify.synonyms import concept, terms
from rag.verify.terms import Token, base, carries_content, tokens

_COPIED = 0.7
"""Share of the claim's words that must follow the quote in order."""
_RESEMBLING = 0.55
"""Share of the claim's words in the quote's order from which a word in the place of another counts as a change."""
_RESEMBLING_WORDS = 3
_CLOSE, _NOVEL, _FEW = 0.62, 0.43, 3
"""From this share in the quote's order, and up to this share of new words, the claim repeats the quote but for them."""
ALIKE = 0.58
"""Words less similar than this mean different things; more similar ones may still (see `opposites`)."""
_RELATED = 0.45
"""Words less similar than this have little to do with each other."""
LIGHT = frozenset(
    """take make get put use now still also although though per among despite due well already recently meanwhile
    then another way number say says said saying told tell added according there here being having become
    became including amid given want wants wanted would could will shall like went go going come came set
    new back total around took taken taking leave left leaves sent soon whether aged yet ended due expressed
    response respond towards held shown apparently further meant least people person able unable expected
    described used using kept keep stay stayed received given promise promised
    promises pledged vowed share proportion""".split()  # noqa: SIM905
)
"""Words that may be added or exchanged without a change of fact."""
_LONGEST = 400
"""Words beyond which texts are not aligned: the time grows with their product."""
_SHORT = 4
"""Words of a changed stretch within which words are compared with each other."""


class _Change(NamedTuple):
    """A stretch of the claim and the stretch of the quote that it stands in the place of, as written."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]


class Replaced(NamedTuple):
    """Words in the place of others: changes of fact in a near copy, perhaps a free rendering in looser wording."""

    changed: tuple[str, ...]
    reworded: tuple[str, ...]


def changed_facts(claim: str, quote: str) -> tuple[str, ...]:
    """Return names, figures, negations and directions that a near copy has in the place of others."""
    found = list(dict.fromkeys(word for change in _changes(claim, quote) for word in _changed(change)))
    negations = [word for word in found if negating(word.lower())]
    # "Never opened" for "always closed": two changes that undo each other.
    return () if negations and any(_turns(change) for change in _changes(claim, quote)) else tuple(found)


def replaced_words(claim: str, quote: str, similarity: Similarity) -> Replaced:
    """Return content words that stand in the place of words that mean something else."""
    ours, theirs = tokens(claim), tokens(quote)
    codes = _codes(ours, theirs)
    followed = _followed(codes, ours)
    if followed < _RESEMBLING or followed * len(ours) < _RESEMBLING_WORDS:
        return Replaced((), ())
    said, known = ({concept(each.word) for each in row} for row in (ours, theirs))
    known |= polarity(claim).denied
    stretches: list[tuple[list[str], bool]] = []
    for kind, start, end, from_, to in codes:
        fresh = [each for each in ours[start:end] if _tells(each, claim) and concept(each.word) not in known]
        gone = [each for each in theirs[from_:to] if _tells(each, quote) and concept(each.word) not in said]
        if kind in {"replace", "insert"} and fresh and len(fresh) <= _SHORT:
            unlike = _unlike(_written(claim, fresh), _written(quote, gone or theirs), similarity)
            stretches += [(unlike, bool(gone) and len(fresh) >= len(gone) - 1)] if unlike else []
    words = tuple(word for unlike, _ in stretches for word in unlike)
    novel = sum(term not in known for term in terms(claim))
    several = len(stretches) > (2 if followed >= _COPIED else 1)
    if followed < _COPIED:
        stretches = [
            ([word for word in unlike if _foreign(word, quote, similarity)], there) for unlike, there in stretches
        ]
    if followed < _CLOSE:
        return Replaced((), ())
    if several or novel > min(len(terms(claim)) * _NOVEL, _FEW):
        return Replaced((), words)
    return Replaced(tuple(word for unlike, exchanged in stretches if exchanged for word in unlike), words)


def _unlike(ours: Sequence[str], theirs: Sequence[str], similarity: Similarity) -> list[str]:
    """Return the words that are like none of those in whose place they stand; each of those can stand for one."""
    return [
        word
        for word in ours
        if max(similarity(word, theirs)) < ALIKE or any(of_one_kind(word.lower(), other.lower()) for other in theirs)
    ]


def _foreign(word: str, quote: str, similarity: Similarity) -> bool:
    """Tell whether a word is not even related to one of the quote."""
    return max(similarity(word, [quote[each.start : each.end] for each in tokens(quote)[:_LONGEST]])) < _RELATED


def _tells(token: Token, text: str) -> bool:
    word = token.word
    common = text[token.start].islower() or (token.start == 0 and word in OPENING_WORDS | TITLES)
    return (
        len(word) > 2 and word.isalpha() and common and carries_content(word) and LIGHT.isdisjoint((word, base(word)))
    )


def _codes(ours: Sequence[Token], theirs: Sequence[Token]) -> Sequence[tuple[str, int, int, int, int]]:
    if max(len(ours), len(theirs)) > _LONGEST:
        return []
    mine, its = ([concept(each.word) for each in row] for row in (ours, theirs))
    return SequenceMatcher(None, mine, its, autojunk=False).get_opcodes()


def _followed(codes: Sequence[tuple[str, int, int, int, int]], ours: Sequence[Token]) -> float:
    return sum(end - start for kind, start, end, _, _ in codes if kind == "equal") / max(len(ours), 1)


def _changes(claim: str, quote: str) -> Iterator[_Change]:
    ours, theirs = tokens(claim), tokens(quote)
    codes = _codes(ours, theirs)
    if _followed(codes, ours) < _COPIED:
        return
    for kind, start, end, from_, to in codes:
        inside = start > 0 and end < len(ours) + (kind != "insert")
        if kind != "equal" and inside and max(end - start, to - from_) <= _SHORT:
            yield _Change(_written(claim, ours[start:end]), _written(quote, theirs[from_:to]))


def _turns(change: _Change) -> bool:
    return any(opposed(one.lower(), two.lower()) for one in change.ours for two in change.theirs)


def _written(text: str, row: Sequence[Token]) -> tuple[str, ...]:
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

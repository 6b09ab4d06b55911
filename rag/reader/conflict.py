"""Whether the sources that an answer cites give different figures for the same thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import combinations, pairwise, product

from rag.reader.asked import FIGURES, asked_for
from rag.reader.terms import terms, undated_terms
from rag.types import Citation
from rag.verify.agreement import compare_figures
from rag.verify.dates import dates, spans
from rag.verify.figures import Figure, figures
from rag.verify.speakers import unattributed
from rag.verify.terms import evened
from rag.verify.units import STRICT

_SAME_SUBJECT = 0.34
"""Share of the shorter quote's content words, figures aside, that the other must have too."""
_MOST_FIGURES = 20
"""A sentence with more is a table."""
_ANYONE = frozenset(terms("people persons men women children others passengers residents"))
_TELLING = frozenset(terms("say said tell told report paper newspaper outlet article source account agree differ"))
"""Words of a question about who tells it, not about what is told."""
_NAME = re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][\w’'-]+|\d[\d.,]*")
_PAUSE = re.compile(r"[,;:]\s|\s-\s")
_SPEAK = re.compile(r"(?: (?!(?:and|but|was|were|been|be|is|are)\b)[\w'-]+){1,8} (?:said|says?|told|tells?)\b")


def in_conflict(citations: Sequence[Citation], question: str = "") -> bool:
    """Tell whether two articles that speak of the same thing count it differently."""
    return any(
        one.source.article_id != other.source.article_id and disagree(one.quote, other.quote, question)
        for one, other in combinations(citations, 2)
    )


def disagree(one: str, other: str, question: str = "") -> bool:
    """Tell whether two sentences count one thing, but give no figure for it that agrees.

    Where a question asks for a figure, those count that stand among its words; else the sentences must share words
    beside what they count. Names alone make no subject: much is said about one mayor.
    """
    asked = asked_for(question) in FIGURES
    texts = [_told(text) for text in (one, other)]
    ours, theirs = (_asked_figures(text, question) if asked else _counted(text) for text in texts)
    alike = [pair for pair in product(ours, theirs) if _same_thing(*pair)]
    if not asked:
        # What is paid is one subject among many, unless it was asked for.
        alike = [pair for pair in alike if not question or STRICT.isdisjoint(_units(pair[0]))]
        alike = alike if alike and _same_subject(*texts) else []
    return bool(alike) and all(_apart(*pair) and _apart(*reversed(pair)) for pair in alike)


def _asked_figures(text: str, question: str) -> Sequence[Figure]:
    """Return the figures of a text that answers the question, if they stand among words of it."""
    asked = frozenset(undated_terms(question)) - _TELLING
    about = asked.difference(terms(" ".join(_NAME.findall(question))))
    if not _answers(asked, about, text):
        return ()
    counted = [figure for figure in _counted(text) if _tells(about, _around(text, figure))]
    if asked_for(question) != "number":
        return counted
    # "How many officers" is not answered by years.
    return [figure for figure in counted if asked.issuperset(terms(" ".join(_units(figure) - STRICT)))]


def _answers(asked: AbstractSet[str], about: AbstractSet[str], text: str) -> bool:
    """Tell whether a text shares half of a question's words, and of those `about` its names, "people" not enough."""
    found = asked & set(terms(text))
    return (
        len(found) >= 2
        and len(found) >= len(asked) / 2
        and len(found & about) >= len(about) / 2
        and _tells(about, text)
    )


def _tells(about: AbstractSet[str], text: str) -> bool:
    """Tell whether a text has a word of what is asked, "people" not enough."""
    return not (about - _ANYONE) or not (about - _ANYONE).isdisjoint(terms(text))


def _told(text: str) -> str:
    """Return an evened sentence without who says it, behind a comma or before "that"."""
    return unattributed(evened(text))


def _around(text: str, figure: Figure) -> str:
    """Return the words that a figure is said of: of "A fire broke out, five people said", only the last four."""
    pauses = [found.start() for found in _PAUSE.finditer(text)]
    start = max((place + 1 for place in pauses if place < figure.start), default=0)
    end = min((place for place in pauses if place >= figure.end), default=len(text))
    opens = not terms(text[start : figure.start]) and terms(text[figure.end : end])
    return text[start if opens else 0 : end]


@lru_cache(maxsize=2048)
def _counted(text: str) -> tuple[Figure, ...]:
    """Return what an evened text counts, dates, times and those who only speak ("two officials said") left out."""
    found = figures(text, spans(dates(text, None)))
    speaking = [figure for figure in found if not _units(figure) and _SPEAK.match(text, figure.end)]
    counted = [figure for figure in found if figure.kind == "number" and not figure.weak and figure not in speaking]
    return tuple(counted) if len(counted) <= _MOST_FIGURES else ()


def _same_thing(one: Figure, other: Figure) -> bool:
    """Tell whether two figures have a unit or a counted thing in common, and not each a word more of its own.

    "Five people injured" does not contradict "two people killed", but "14 passengers injured" does "17 people injured".
    """
    units = {reading.unit for reading in one.readings} & {reading.unit for reading in other.readings}
    ours, theirs = one.things - _ANYONE, other.things - _ANYONE
    alike = bool(units - {""}) or ("" in units and not one.things.isdisjoint(other.things))
    return alike and not (ours - theirs and theirs - ours)


def _units(figure: Figure) -> set[str]:
    return {reading.unit for reading in figure.readings} - {""}


def _apart(one: Figure, other: Figure) -> bool:
    """Tell whether a figure is neither the other one nor a round word for it."""
    return bool(compare_figures([one], [other]).missing)


def _same_subject(one: str, other: str) -> bool:
    """Tell whether two sentences share words other than names and what they count."""
    ours, theirs = _subject(one), _subject(other)
    shared = len(ours & theirs)
    return shared > 1 and shared / min(len(ours), len(theirs)) >= _SAME_SUBJECT


def _subject(text: str) -> set[str]:
    counted = _counted(text)
    between = pairwise([0, *(place for figure in counted for place in (figure.start, figure.end)), len(text)])
    plain = " ".join(text[start:end] for start, end in list(between)[::2])
    return set(terms(_NAME.sub(" ", plain))).difference(_TELLING, *(figure.things for figure in counted))

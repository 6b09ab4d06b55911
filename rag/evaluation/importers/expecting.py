"""What is expected of the answer to a question of a published set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rag.errors import UnreadableFileError
from rag.evaluation.suites.cases import Cited, Expectation
from rag.invisible import INVISIBLE
from rag.sentences import sentences
from rag.types import Span, Status

_REMOVED = dict.fromkeys(INVISIBLE)
"""What `str.translate` leaves out: ingest does too, so that no quote may hold it."""

UNANSWERABLE = Expectation(status=Status.NOT_IN_SOURCES)


def in_words_of(article: str, text: str, answers: Sequence[str], spans: Iterable[Span]) -> Expectation:
    """Return that one of these answers, which are words of the text, must be given.

    The answer passes when it holds one of them. The sentences around them are what retrieval should find; they are
    named by their words, because offsets move when the text is cleaned.
    """
    quotes = dict.fromkeys(quote(text, span) for span in spans)
    relevant = tuple(Cited(article=article, quote=each) for each in quotes) or (Cited(article=article),)
    return Expectation(answer=tuple(dict.fromkeys(answers)), relevant=relevant)


def from_place(cited: Sequence[Cited], reference: Sequence[str]) -> Expectation:
    """Return that one of these places must be cited, for right answers that are not words of the text.

    What the answer shares with them is scored, and decides nothing.
    """
    return Expectation(cites_any=tuple(cited), reference=tuple(dict.fromkeys(reference)))


def quote(text: str, span: Span) -> str:
    """Return the sentences that a range touches; raise UnreadableFileError where it is not in the text."""
    touched = [each for each in _sentences(text) if each.start < span.end and span.start < each.end]
    if not touched or span.end > len(text):
        raise UnreadableFileError(f"its answer, characters {span.start} to {span.end}, is outside the text")
    return text[touched[0].start : touched[-1].end].translate(_REMOVED)


@lru_cache(maxsize=64)
def _sentences(text: str) -> tuple[Span, ...]:
    return tuple(sentences(text))

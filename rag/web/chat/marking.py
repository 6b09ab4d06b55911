"""An article's text cut at its marks: the sentence that was asked for, and the other ones that an answer cites."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from rag.types import Span

_BREAK = re.compile(r"\n[ \t]*\n\s*")


class Mark(StrEnum):
    """How a stretch of an article is shown."""

    PLAIN = "plain"
    ALSO = "also"
    CITED = "cited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Consecutive characters of one paragraph that are shown alike."""

    text: str
    mark: Mark


def paragraphs(text: str, cited: Span, also: Sequence[Span] = ()) -> list[list[Stretch]]:
    """Return the paragraphs as marked stretches; spans that leave the text or overlap the cited one are not marked."""
    others = [span for span in also if _inside(span, text) and not _overlap(span, cited)]
    return [list(_stretches(text, paragraph, cited, others)) for paragraph in _paragraphs(text)]


def _paragraphs(text: str) -> Iterator[Span]:
    start = 0
    for found in _BREAK.finditer(text):
        if found.start() > start:
            yield Span(start, found.start())
        start = found.end()
    if start < len(text):
        yield Span(start, len(text))


def _stretches(text: str, paragraph: Span, cited: Span, also: Sequence[Span]) -> Iterator[Stretch]:
    marks = sorted({paragraph, *(_clip(span, paragraph) for span in (cited, *also))})
    cuts = sorted({point for span in marks if span.start < span.end for point in span})
    for start, end in pairwise(cuts):
        yield Stretch(text=text[start:end], mark=_mark(Span(start, end), cited, also))


def _mark(piece: Span, cited: Span, also: Sequence[Span]) -> Mark:
    if _overlap(piece, cited):
        return Mark.CITED
    return Mark.ALSO if any(_overlap(piece, span) for span in also) else Mark.PLAIN


def _clip(span: Span, to: Span) -> Span:
    return Span(max(span.start, to.start), min(span.end, to.end))


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _inside(span: Span, text: str) -> bool:
    return 0 <= span.start < span.end <= len(text)

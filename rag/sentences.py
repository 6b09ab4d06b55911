"""Sentences of news text, as exact offsets (the home of the sentence segmenter)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rag.types import Span

_LINE = re.compile(r"[^\n]+")
_WINDOW = 4000
"""Characters given to the segmenter at once: its time grows with the square of a line full of open quotes."""

_TIME_OF_DAY = re.compile(r"\d\s?[ap]\.m\.$", re.IGNORECASE)
_DAY_OR_ZONE = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:January|February|March|April|May|June|July|August|September"
    r"|October|November|December)\b|(?:[ACEMP][DS]?T|GMT|UTC|BST)\b|\("
)
_NO_WORD = re.compile(r"[\W_]*$")


def sentences(text: str) -> list[Span]:
    """Return the sentences of a text in order, trimmed of surrounding space; together they cover all of its words.

    A line break always ends a sentence.
    """
    found: list[Span] = []
    for line in _LINE.finditer(text):
        found.extend(_mended(text, _segmented(text, line.start(), line.end())))
    return found


def _segmented(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end:
        stop = _window_end(text, start, end)
        pieces = _pieces(text, start, stop)
        if stop < end and len(pieces) > 1:
            stop = pieces.pop().start
        yield from pieces
        start = stop


def _window_end(text: str, start: int, end: int) -> int:
    if end - start <= _WINDOW:
        return end
    space = text.rfind(" ", start + _WINDOW // 2, start + _WINDOW)
    return start + _WINDOW if space < 0 else space + 1


def _pieces(text: str, start: int, stop: int) -> list[Span]:
    import sentencex  # noqa: PLC0415  heavy: only where it is used

    spans = []
    for piece in sentencex.segment("en", text[start:stop]):
        spans.append(Span(start, start + len(piece)))
        start += len(piece)
    if start != stop:
        raise AssertionError("The sentence segmenter lost characters; report this text.")
    return spans


def _mended(text: str, spans: Iterable[Span]) -> list[Span]:
    """Trim the spans, and join those that the segmenter should not have parted."""
    mended: list[Span] = []
    for span in spans:
        trimmed = _trimmed(text, span)
        if trimmed.start == trimmed.end:
            continue
        if mended and trimmed.end - mended[-1].start <= _WINDOW and _belong(text, mended[-1], trimmed):
            trimmed = Span(mended.pop().start, trimmed.end)
        mended.append(trimmed)
    return mended


def _trimmed(text: str, span: Span) -> Span:
    piece = text[span.start : span.end]
    start = span.start + len(piece) - len(piece.lstrip())
    return Span(start, start + len(piece.strip()))


def _belong(text: str, before: Span, after: Span) -> bool:
    if _NO_WORD.match(text[after.start : after.end]):
        return True
    ending, opening = text[max(before.start, before.end - 8) : before.end], text[after.start : after.start + 12]
    return bool(_TIME_OF_DAY.search(ending) and _DAY_OR_ZONE.match(opening))

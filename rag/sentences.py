"""Sentences of news text, as exact offsets (the home of the sentence segmenter)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rag.types import Span

_LINE = re.compile(r"[^\n]+")
_WINDOW = 4000
"""Characters given to the segmenter at once: its time grows with the square of a line full of open quotes."""

_LONG = 250
"""Characters: a quotation of several sentences stays with who said it up to here, and is taken apart beyond."""

_QUOTES = '"“”„«»'
_NO_QUOTES = str.maketrans(dict.fromkeys(_QUOTES, " "))
_LEFT_OPEN = re.compile(r"\s([\"“„«(\[]+)$")
"""An opening quote at the end of a sentence belongs to the next one."""
_NO_WORD = re.compile(r"[\W_]*$")
_NUMBERING = re.compile(r"(?:\d{1,3}|[A-Za-z])[.)]$")
_TITLE = re.compile(
    r"\b(?:Adm|Capt|Cmdr|Col|Cpl|Det|Dr|Ft|Gen|Gov|Hon|Insp|Lt|Maj|Messrs|Mr|Mrs|Ms|Mt|Pfc|Prof|Pte|Pvt|Rep|Rev"
    r"|Sen|Sgt|Spc|St|Supt|U)\.$"
)
_WHOLE_WORD = re.compile(
    r"\b(?:no|[Mm]ay|me|art|ill|miss|fed|ore|OK|Ken|Yahoo)\.\s+(?=[\"“‘'(\[]?[A-ZÀ-ÖØ-Þ])|\b\d{1,2}\sMay\.\s+(?=\d)"
)
"""Words that the segmenter takes for abbreviations: "on 2 May." is a whole month, "She said no." is no number."""
_ASIDE = re.compile(r"\([^()\s]+\s[^()]{0,300}[a-z\d][.!?]\)\s+(?=[\"“(]?[A-Z])")
"""A sentence in brackets, before another one."""
_TIME_OF_DAY = re.compile(r"\d\s?[ap]\.m\.$", re.IGNORECASE)
_DAY_OR_ZONE = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:January|February|March|April|May|June|July|August|September"
    r"|October|November|December)\b|(?:[ACEMP][DS]?T|GMT|UTC|BST)\b|\("
)


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
    spans: list[Span] = []
    for span in _parted(text, _cut(text[start:stop], start)):
        piece = text[span.start : span.end]
        if len(piece) > _LONG and not _NO_QUOTES.keys().isdisjoint(map(ord, piece)):
            spans.extend(_parted(text, _cut(piece.translate(_NO_QUOTES), span.start), quotes=False))
        else:
            spans.append(span)
    return spans


def _cut(text: str, start: int) -> Iterator[Span]:
    import sentencex  # noqa: PLC0415  heavy: only where it is used

    end = start
    for piece in sentencex.segment("en", text):
        yield Span(end, end + len(piece))
        end += len(piece)
    if end - start != len(text):
        raise AssertionError("The sentence segmenter lost characters; report this text.")


def _parted(text: str, spans: Iterable[Span], *, quotes: bool = True) -> Iterator[Span]:
    """Yield the spans, cut where the segmenter takes two sentences for one; with `quotes`, not inside a quotation."""
    for span in spans:
        aside = _ASIDE.match(text, *span)
        start = aside.end() if aside else span.start
        words = (word.end() for word in _WHOLE_WORD.finditer(text, start, span.end))
        ends = [start] * bool(aside) + [end for end in words if not (quotes and _quoted(text[start:end]))]
        yield from (Span(*edges) for edges in pairwise([span.start, *ends, span.end]))


def _quoted(before: str) -> bool:
    """Tell whether a quotation is open at the end of this text."""
    return before.count('"') % 2 == 1 or before.count("“") > before.count("”")


def _mended(text: str, spans: Iterable[Span]) -> list[Span]:
    """Trim the spans, and put right what the segmenter parts at the wrong place."""
    mended: list[Span] = []
    for span in spans:
        trimmed = _trimmed(text, span)
        if mended:
            before = mended[-1]
            opened = _LEFT_OPEN.search(text, max(before.start + 1, before.end - 6), before.end)
            if opened:
                mended[-1] = _trimmed(text, Span(before.start, opened.start()))
                trimmed = Span(opened.start(1), max(trimmed.end, before.end))
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
    ending, opening = text[max(before.start, before.end - 12) : before.end], text[after.start : after.start + 12]
    if _NO_WORD.match(text, after.start, after.end) or _NUMBERING.match(text, before.start, before.end):
        return True
    if ending.endswith(("...", "…", "?", "!", '?"', '!"', "?”", "!”")) and opening[:1].islower():
        return True
    return bool(_TITLE.search(ending) or (_TIME_OF_DAY.search(ending) and _DAY_OR_ZONE.match(opening)))

"""Splits a finished answer into its claims: one per sentence, each with the markers that stand behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from rag.labels import escape
from rag.sentences import sentences
from rag.types import Citation, Span

_LINE = re.compile(r"[^\n]+")
_LEAD = re.compile(r"[ \t]*(?:>[ \t]*)*(?:(?:[-*+•–—]|\d{1,3}[.)]|[a-zA-Z][.)])[ \t]+)?")
_SKIPPED = re.compile(r"[ \t]*(?:#{1,6}[ \t]|`{3,}|[-*_=|:\s]+\Z)")
_WORDY = re.compile(r"\w")


class Mark(NamedTuple):
    """A marker as it stands in the answer text, brackets and the space before it included."""

    start: int
    end: int
    marker: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of an answer and the markers behind it."""

    start: int
    end: int
    words: str
    """The sentence without markers inside it."""
    markers: tuple[int, ...] = ()


def split_claims(text: str, marks: Sequence[Mark], citations: Mapping[int, Citation]) -> list[Sentence]:
    """Return the sentences of an answer that say something; headings, rules and code fences say nothing.

    A marker belongs to the sentence before it, or at the start of a line with words to the one after it. What stands
    between markers and repeats its quotation word for word is one claim, wherever a segmenter would cut it.
    """
    found: list[Sentence] = []
    masked = _masked(text, marks)
    for line in _LINE.finditer(masked):
        here = [mark for mark in marks if line.start() <= mark.start < line.end()]
        if sentences_here := _of_line(masked, line, here, citations):
            found += sentences_here
        elif found and here:
            markers = dict.fromkeys([*found[-1].markers, *(mark.marker for mark in here)])
            found[-1] = replace(found[-1], markers=tuple(markers))
    return found


def attribution(citation: Citation) -> str:
    """Return the words that may name where a quotation is from, before it."""
    source = citation.source
    day = f"{source.published.day} {source.published:%B %Y}" if source.published else ""
    return ", ".join(filter(None, (source.publisher, day)))


def _masked(text: str, marks: Sequence[Mark]) -> str:
    pieces, at = [], 0
    for mark in marks:
        pieces += [text[at : mark.start], " " * (mark.end - mark.start)]
        at = mark.end
    return "".join([*pieces, text[at:]])


def _of_line(
    masked: str, line: re.Match[str], marks: Sequence[Mark], citations: Mapping[int, Citation]
) -> list[Sentence]:
    if _SKIPPED.match(line[0]):
        return []
    lead = _LEAD.match(line[0])
    begin = at = line.start() + (lead.end() if lead else 0)
    spans: list[Span] = []
    for place, mark in enumerate(marks):
        joined = place + 1 < len(marks) and not masked[mark.end : marks[place + 1].start].strip()
        copied = _trimmed(masked, at, mark.start)
        if not joined and _repeats(masked[copied.start : copied.end], citations[mark.marker]):
            spans += [*_spans(masked, begin, at), copied]
            begin = mark.end
        at = at if joined else mark.end
    spans += _spans(masked, begin, line.end())
    return _with_markers(masked, spans, marks)


def _trimmed(text: str, start: int, end: int) -> Span:
    bare = text[start:end]
    return Span(start + len(bare) - len(bare.lstrip()), start + len(bare.rstrip()))


def _repeats(words: str, citation: Citation) -> bool:
    """Tell whether words are a quotation, perhaps with its source before it or its dateline left out."""
    said, quoted = _plain(words), _plain(citation.quote)
    whole = f"{_plain(attribution(citation))}: {quoted}"
    return bool(said) and whole.endswith(said) and len(said) * 2 >= len(quoted)


def _spans(masked: str, start: int, end: int) -> list[Span]:
    rest = masked[start:end]
    return [
        Span(start + span.start, start + span.end)
        for span in sentences(rest)
        if _WORDY.search(rest[span.start : span.end])
    ]


def _with_markers(masked: str, spans: Sequence[Span], marks: Sequence[Mark]) -> list[Sentence]:
    held: list[list[int]] = [[] for _ in spans]
    for mark in marks:
        before = [place for place, span in enumerate(spans) if span.start < mark.start]
        if spans:
            held[before[-1] if before else 0].append(mark.marker)
    return [
        Sentence(
            start=span.start,
            end=span.end,
            words=masked[span.start : span.end],
            markers=tuple(dict.fromkeys(markers)),
        )
        for span, markers in zip(spans, held, strict=True)
    ]


def _plain(text: str) -> str:
    return " ".join(escape(text).split()).casefold()

"""Splits a finished answer into its claims: one per sentence, each with the markers that stand behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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

    A marker belongs to the sentence before it, or at the start of a line with words to the one after it. A sentence
    that the segmenter tore from a verbatim quotation, or from the attribution before one, is joined to it again.
    """
    found: list[Sentence] = []
    masked = _masked(text, marks)
    for line in _LINE.finditer(masked):
        here = [mark for mark in marks if line.start() <= mark.start < line.end()]
        if spans := _spans(masked, line):
            found += _rejoined(_with_markers(masked, spans, here), masked, citations)
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


def _spans(masked: str, line: re.Match[str]) -> list[Span]:
    if _SKIPPED.match(line[0]):
        return []
    lead = _LEAD.match(line[0])
    offset = line.start() + (lead.end() if lead else 0)
    rest = masked[offset : line.end()]
    return [
        Span(offset + span.start, offset + span.end)
        for span in sentences(rest)
        if _WORDY.search(rest[span.start : span.end])
    ]


def _with_markers(masked: str, spans: Sequence[Span], marks: Sequence[Mark]) -> list[Sentence]:
    held: list[list[int]] = [[] for _ in spans]
    for mark in marks:
        before = [place for place, span in enumerate(spans) if span.start < mark.start]
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


def _rejoined(found: Sequence[Sentence], masked: str, citations: Mapping[int, Citation]) -> Iterator[Sentence]:
    torn: list[Sentence] = []
    for each in found:
        if not each.markers:
            torn.append(each)
            continue
        quoted = [_plain(f"{attribution(citations[m])}: {citations[m].quote}") for m in each.markers]
        while torn and not any(_plain(masked[torn[0].start : each.end]) in whole for whole in quoted):
            yield torn.pop(0)
        start = torn[0].start if torn else each.start
        yield replace(each, start=start, words=masked[start : each.end])
        torn = []
    yield from torn


def _plain(text: str) -> str:
    return " ".join(escape(text).split()).casefold()

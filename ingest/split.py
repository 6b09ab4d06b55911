"""Cuts an article into passages of whole sentences, at places that a local edit does not move.

The places are chosen as in content-defined chunking: every boundary between sentences has a rank that depends only on
the words after it, and the boundaries are tried in the order of their ranks. So an edit moves boundaries near it, and
the passages elsewhere keep their text, and with it their vectors.
"""

from __future__ import annotations

import hashlib
import itertools
from bisect import bisect, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.sentences import sentences
from rag.types import Article, Passage, Span

LIMIT = 1000
"""Characters of a passage at most, measured by `bench/retrieval.py`."""
_SMALLEST = 0.4
"""Of the limit: no boundary is cut that would leave less on one side, while there is another choice."""
_HEADING = 80
"""Characters: a shorter paragraph that ends without punctuation stays with what follows, if it can."""


@dataclass(frozen=True, slots=True, order=True)
class _Boundary:
    """A place where a passage may begin: the lower its rank, the sooner it is cut."""

    level: int
    rank: bytes
    unit: int
    """Index of the unit that begins here."""


def split(article: Article, *, limit: int = LIMIT) -> tuple[Passage, ...]:
    """Return the article's passages in order: each of at most `limit` characters, together covering all words."""
    if limit < 1:
        raise ValueError("A passage needs a limit of at least one character.")
    units = _units(article.text, limit)
    if not units:
        return ()
    version = article.version
    return tuple(
        Passage(
            source=article.source,
            version=version,
            start=run[0].start,
            end=run[-1].end,
            text=article.text[run[0].start : run[-1].end],
            sentences=tuple(run),
        )
        for run in _runs(article.text, units, limit)
    )


def _units(text: str, limit: int) -> list[Span]:
    return [piece for sentence in sentences(text) for piece in _bounded(text, sentence, limit)]


def _bounded(text: str, sentence: Span, limit: int) -> Iterator[Span]:
    """Yield the sentence, cut at spaces (else anywhere) where it is above the limit."""
    start = sentence.start
    while sentence.end - start > limit:
        stop = next((at for at in range(start + limit, start, -1) if text[at].isspace()), start + limit)
        end = start + len(text[start:stop].rstrip())
        yield Span(start, end)
        start = stop
        while text[start].isspace():
            start += 1
    yield Span(start, sentence.end)


def _runs(text: str, units: Sequence[Span], limit: int) -> Iterator[Sequence[Span]]:
    cuts = _chosen_cuts(text, units, limit)
    for first, last in itertools.pairwise(cuts):
        yield from _halved(units[first:last], limit)


def _chosen_cuts(text: str, units: Sequence[Span], limit: int) -> list[int]:
    """Return the indexes of units at which passages begin, and the end."""
    cuts = [0, len(units)]
    smallest = int(limit * _SMALLEST)
    for boundary in sorted(_boundaries(text, units)):
        place = bisect(cuts, boundary.unit)
        first, last = cuts[place - 1], cuts[place]
        start, end = units[first].start, units[last - 1].end
        before, after = units[boundary.unit - 1].end - start, end - units[boundary.unit].start
        if end - start > limit and before >= smallest and after >= smallest:
            insort(cuts, boundary.unit)
    return cuts


def _boundaries(text: str, units: Sequence[Span]) -> Iterator[_Boundary]:
    for unit in range(1, len(units)):
        start, end = units[unit]
        rank = hashlib.blake2b(text[start:end].encode("utf-8", "surrogatepass"), digest_size=8).digest()
        yield _Boundary(_level(text, units[unit - 1], start), rank, unit)


def _level(text: str, before: Span, start: int) -> int:
    """Rank the kinds of boundaries: between paragraphs, between lines or after a heading, between sentences."""
    gap = text[before.end : start]
    if "\n" not in gap:
        return 2
    heading = before.end - before.start < _HEADING and text[before.end - 1].isalnum()
    return 0 if "\n\n" in gap and not heading else 1


def _halved(run: Sequence[Span], limit: int) -> Iterator[Sequence[Span]]:
    """Yield the run, cut nearest its middle where no boundary was good enough and it is above the limit."""
    if run[-1].end - run[0].start <= limit:
        yield run
        return
    middle = (run[0].start + run[-1].end) / 2
    at = min(range(1, len(run)), key=lambda unit: abs(run[unit].start - middle))
    yield from _halved(run[:at], limit)
    yield from _halved(run[at:], limit)

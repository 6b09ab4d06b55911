"""Texts cut where a report marks them: an answer's claims and markers, cited words in a passage, words that changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from rag.types import Answer, Citation, Hit, Passage, Source, Span, Verdict

LONGEST = 20_000
"""Characters of one text that a report shows."""
_MARKER = re.compile(r"\[([1-9][0-9]{0,3})\]")
_AFTER_CLAIM = re.compile(r"(?:[ \t]*\[[1-9][0-9]{0,3}\])*")
_WORDS = re.compile(r"(?:\w+|[^\w\s])\s*|\s+")
_MOST_WORDS = 1_000
"""Words of a text that are compared: the time grows with their product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Consecutive characters of an answer; `marker` is set where they are the number of a citation."""

    text: str
    verdict: Verdict | None = None
    marker: int | None = None
    missing: tuple[str, ...] = ()
    """What the claim that ends here lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Consecutive characters of a passage that the same citations cover."""

    text: str
    markers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A passage with its cited words marked, or a quote alone where no passage that was consulted holds it."""

    source: Source
    markers: tuple[int, ...]
    stretches: tuple[Stretch, ...]
    consulted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Words that two texts share (""), that only the earlier one has ("-"), or only the later one ("+")."""

    kind: str
    text: str


def pieces(answer: Answer) -> list[Piece]:
    """Return the text of an answer with each claim's verdict, and its markers apart."""
    text, known = answer.text[:LONGEST], {citation.marker for citation in answer.citations}
    found: list[Piece] = []
    place = 0
    for claim in sorted(answer.claims, key=lambda claim: claim.start):
        if claim.start < place or claim.start >= len(text):
            continue  # overlapping claims would show words twice
        found += _linked(text[place : claim.start], known)
        found += _linked(text[claim.start : claim.end], known, claim.verdict)
        after = _AFTER_CLAIM.match(text, claim.end)
        place = after.end() if after else claim.end
        found += _linked(text[claim.end : place], known)
        if claim.verdict is not Verdict.SUPPORTED:
            found.append(Piece(text="", verdict=claim.verdict, missing=claim.missing))
    found += _linked(text[place:], known)
    return found if len(answer.text) <= LONGEST else [*found, Piece(text=f" … ({len(answer.text):,} characters)")]


def passages(answer: Answer) -> list[Shown]:
    """Return each passage that an answer cites, in the order of its first marker."""
    placed: dict[Passage | int, list[Citation]] = {}
    for citation in answer.citations:
        placed.setdefault(_holder(citation, answer.hits) or citation.marker, []).append(citation)
    return [_shown(holder, citations) for holder, citations in placed.items()]


def edits(before: str, after: str) -> list[Edit]:
    """Return how the earlier text becomes the later one, word by word; empty where they are too long to compare."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > _MOST_WORDS:
        return []
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Edit(kind="", text="".join(old[a:b])))
            continue
        found += [Edit(kind="-", text="".join(old[a:b]))] if b > a else []
        found += [Edit(kind="+", text="".join(new[c:d]))] if d > c else []
    return found


def _linked(text: str, known: set[int], verdict: Verdict | None = None) -> Iterator[Piece]:
    place = 0
    for found in _MARKER.finditer(text):
        if int(found[1]) in known:
            if words := text[place : found.start()].rstrip(" \t"):
                yield Piece(text=words, verdict=verdict)
            yield Piece(text=found[1], marker=int(found[1]))
            place = found.end()
    if place < len(text):
        yield Piece(text=text[place:], verdict=verdict)


def _holder(citation: Citation, hits: Sequence[Hit]) -> Passage | None:
    """Return the passage that was consulted and holds exactly the quoted characters."""
    for hit in hits:
        passage = hit.passage
        same = (passage.source.article_id, passage.version) == (citation.source.article_id, citation.version)
        if same and passage.start <= citation.start <= citation.end <= passage.end:
            exact = passage.slice(Span(citation.start, citation.end)) == citation.quote
            return passage if exact else None
    return None


def _shown(holder: Passage | int, citations: Sequence[Citation]) -> Shown:
    markers = tuple(citation.marker for citation in citations)
    if isinstance(holder, int):
        alone = Stretch(text=citations[0].quote[:LONGEST], markers=markers)
        return Shown(source=citations[0].source, markers=markers, stretches=(alone,), consulted=False)
    return Shown(source=holder.source, markers=markers, stretches=tuple(_stretches(holder, citations)))


def _stretches(passage: Passage, citations: Sequence[Citation]) -> Iterator[Stretch]:
    points = {passage.start, passage.end}
    for citation in citations:
        points |= {citation.start, citation.end}
    for start, end in pairwise(sorted(points)):
        markers = tuple(each.marker for each in citations if each.start <= start and end <= each.end)
        yield Stretch(text=passage.slice(Span(start, end)), markers=markers)

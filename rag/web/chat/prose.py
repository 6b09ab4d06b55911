"""An answer's text cut into parts that the page can mark: words, citations, and what is wrong with a claim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.types import Answer, Citation, Claim, Verdict
from rag.web.markers import cited

_AFTER_CLAIM = re.compile(r"(?:[ \t]*\[[1-9][0-9]{0,3}\])*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words of the answer; `verdict` is set where they belong to a checked claim."""

    text: str
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cite:
    """A marker in the text, which leads to its citation."""

    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What a claim lacks, placed after its markers."""

    verdict: Verdict
    missing: tuple[str, ...]


Part = Words | Cite | Flaw


def growing(text: str, citations: Sequence[Citation]) -> list[Part]:
    """Return the parts of an answer that is still being written."""
    return list(_linked(text, {citation.marker: citation for citation in citations}))


def finished(answer: Answer) -> list[Part]:
    """Return the parts of a finished answer, its claims marked by how they held up."""
    known = {citation.marker: citation for citation in answer.citations}
    parts: list[Part] = []
    place = 0
    for claim in sorted(answer.claims, key=lambda claim: claim.start):
        if claim.start < place:
            continue  # overlapping claims would show words twice
        parts += _linked(answer.text[place : claim.start], known)
        own = {marker: known[marker] for marker in claim.markers if marker in known}
        parts += _linked(answer.text[claim.start : claim.end], own, claim.verdict)
        place = _end_of_markers(answer.text, claim)
        parts += _linked(answer.text[claim.end : place], own)
        if claim.verdict is not Verdict.SUPPORTED:
            parts.append(Flaw(verdict=claim.verdict, missing=claim.missing))
    parts += _linked(answer.text[place:], known)
    return parts


def _end_of_markers(text: str, claim: Claim) -> int:
    found = _AFTER_CLAIM.match(text, claim.end)
    return found.end() if found else claim.end


def _linked(text: str, known: dict[int, Citation], verdict: Verdict | None = None) -> Iterator[Part]:
    place = 0
    for marker, citation in cited(text, known):
        if words := text[place : marker.start].rstrip(" \t"):
            yield Words(text=words, verdict=verdict)
        yield Cite(citation=citation)
        place = marker.end
    if place < len(text):
        yield Words(text=text[place:], verdict=verdict)

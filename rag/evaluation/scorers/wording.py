"""The words of an answer, apart from what we put around them: markers, and the outlet and day before a quotation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.claims import attribution
from rag.types import Answer, Citation, Status

_MARKER = re.compile(r"[ \t]?\[(\d{1,6})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence of an answer in its own words, and what it cites."""

    words: str
    citations: tuple[Citation, ...]


def abstains(answer: Answer) -> bool:
    """Tell whether an answer says that the articles do not say."""
    return answer.status is Status.NOT_IN_SOURCES


def unmarked(answer: Answer) -> str:
    """Return all that an answer says, without its citation markers."""
    return _without_markers(answer.text, answer)


def said(answer: Answer) -> str:
    """Return what an answer says of the articles, without markers; nothing where it abstains."""
    return "" if abstains(answer) else unmarked(answer)


def statements(answer: Answer) -> tuple[Statement, ...]:
    """Return the sentences of an answer without markers and without "Harbour Post, 16 February 2024:" before them.

    An answer that was not taken apart into claims is one statement.
    """
    if not answer.claims:
        whole = said(answer)
        return (Statement(words=whole, citations=answer.citations),) if whole else ()
    cited = {citation.marker: citation for citation in answer.citations}
    found = []
    for claim in answer.claims:
        citations = tuple(cited[marker] for marker in claim.markers if marker in cited)
        words = _without_markers(answer.text[claim.start : claim.end], answer)
        found.append(Statement(words=_without_lead_in(words, citations), citations=citations))
    return tuple(found)


def _without_markers(text: str, answer: Answer) -> str:
    markers = {citation.marker for citation in answer.citations}
    return _MARKER.sub(lambda found: "" if int(found[1]) in markers else found[0], text).strip()


def _without_lead_in(words: str, citations: tuple[Citation, ...]) -> str:
    for citation in citations:
        lead_in = attribution(citation)
        if lead_in and words.startswith(f"{lead_in}: "):
            return words[len(lead_in) + 2 :]
    return words

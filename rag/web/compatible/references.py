"""Where an answer's text cites what, as annotations: the marker's place in the text and an address to look it up."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from rag.types import Answer, Citation, Span
from rag.web.markers import cited
from rag.wire import Json, citation_object


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCitation:
    """One marker in the answer's text."""

    place: Span
    """Offsets in the answer's text; what stands there is the marker."""
    citation: Citation
    range_url: str
    """Opens exactly the cited characters of the cited version."""

    def url_citation(self) -> dict[str, Json]:
        """Return the members of OpenAI's `url_citation`, and one that proves it.

        The address is the publisher's where the article has one.
        """
        citation = self.citation
        return {
            "start_index": self.place.start,
            "end_index": self.place.end,
            "title": citation.source.title,
            "url": citation.source.url or self.range_url,
            "dateline": {**citation_object(citation), "range_url": self.range_url},
        }


def references(answer: Answer, base_url: str) -> list[PlacedCitation]:
    """Return the markers of an answer in reading order; `base_url` is the server's address, with a slash at its end."""
    known = {citation.marker: citation for citation in answer.citations}
    return [
        PlacedCitation(place=place, citation=citation, range_url=_range_url(citation, base_url))
        for place, citation in cited(answer.text, known)
    ]


def _range_url(citation: Citation, base_url: str) -> str:
    where = urlencode({"version": citation.version, "start": citation.start, "end": citation.end})
    return f"{base_url}v1/articles/{quote(citation.source.article_id, safe='')}?{where}"

"""Numbers citations as they are made, with the evidence that each of them is."""

from __future__ import annotations

from rag.types import Citation, Passage, Span, Verdict
from rag.verify import Finding, Quote

_WORTH = {Verdict.SUPPORTED: 2, Verdict.PARTIAL: 1, Verdict.UNSUPPORTED: 0, Verdict.UNCITED: 0}


class Cited:
    """The citations so far, in the order of their markers; each place is cited once."""

    def __init__(self) -> None:
        self.citations: list[Citation] = []
        self.quotes: list[Quote] = []
        """The evidence of each citation."""

    def cite(self, passage: Passage, span: Span) -> int:
        """Return the marker of a sentence of a passage."""
        place = (passage.source.article_id, passage.version, span.start, span.end)
        for known in self.citations:
            if (known.source.article_id, known.version, known.start, known.end) == place:
                return known.marker
        citation = Citation(
            marker=len(self.citations) + 1,
            source=passage.source,
            version=passage.version,
            start=span.start,
            end=span.end,
            quote=passage.slice(span),
        )
        self.citations.append(citation)
        self.quotes.append(quoted(passage, span))
        return citation.marker


def quoted(passage: Passage, span: Span) -> Quote:
    """Return a sentence of a passage as evidence."""
    return Quote(text=passage.slice(span), source=passage.source, nearby=passage.text)


def worth(finding: Finding) -> tuple[int, float]:
    """Return what orders findings about one claim, the best last: the verdict, then how close the quotes are."""
    return _WORTH[finding.verdict], finding.closeness

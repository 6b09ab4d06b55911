"""Names of exact places in articles, as they travel through links in the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from rag.errors import UserError
from rag.types import Citation, Hit, Span

_PREFIX = "#read/"
_HREF = re.compile(r"#read/([^/]{1,600})/([^/]{1,100})/(\d{1,9})-(\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A range of one article version; whether the article has it is checked when it is opened."""

    article_id: str
    version: str
    span: Span

    @property
    def href(self) -> str:
        """Return the fragment that a link in the page carries."""
        article, version = quote(self.article_id, safe=""), quote(self.version, safe="")
        return f"{_PREFIX}{article}/{version}/{self.span.start}-{self.span.end}"


def to_citation(citation: Citation) -> Reference:
    """Return the place of a cited sentence."""
    span = Span(citation.start, citation.end)
    return Reference(article_id=citation.source.article_id, version=citation.version, span=span)


def to_hit(hit: Hit) -> Reference:
    """Return the place of a passage that a search found."""
    passage = hit.passage
    span = Span(passage.start, passage.end)
    return Reference(article_id=passage.source.article_id, version=passage.version, span=span)


def parse(href: str) -> Reference:
    """Return the reference that a fragment spells; raise UserError for anything else."""
    found = _HREF.fullmatch(href)
    if not found:
        raise UserError("This link does not lead to a place in an article. Ask again to get fresh links.")
    article, version, start, end = found.groups()
    return Reference(article_id=unquote(article), version=unquote(version), span=Span(int(start), int(end)))

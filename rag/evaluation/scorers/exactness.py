"""Whether a citation is what it says it is: characters of a stored version, cut at sentence borders, in scope."""

from __future__ import annotations

from dataclasses import replace

from rag.evaluation.evidence import Evidence
from rag.sentences import sentences
from rag.types import Answer, Article, Citation, Scope


def inexact(citation: Citation, answer: Answer, evidence: Evidence) -> str:
    """Return what is wrong with the quote of a citation, or an empty text."""
    article = evidence.article(citation.source.article_id, citation.version)
    if article is None:
        return f"version {citation.version} is not stored"
    if article.text[citation.start : citation.end] != citation.quote:
        return f"characters {citation.start}–{citation.end} are not the quote"
    return "" if _whole_sentences(citation, article, answer) else "it is not cut at sentence borders"


def misplaced(citation: Citation, answer: Answer, asked: Scope, evidence: Evidence) -> str:
    """Return why an answer may not cite this version, or an empty text.

    It must lie within what was asked, whatever the answer says that was searched, and within that too.
    """
    if evidence.article(citation.source.article_id, citation.version) is None:
        return f"version {citation.version} is not stored"
    as_of = min(filter(None, (asked.as_of, answer.scope.as_of)), default=None)
    scopes = (replace(scope, as_of=as_of) for scope in (asked, answer.scope))
    admitted = all(evidence.admits(citation, scope, answer.generation) for scope in scopes)
    return "" if admitted else f"version {citation.version} is not the one that the scope admits"


def _whole_sentences(citation: Citation, article: Article, answer: Answer) -> bool:
    # The passages know where sentences were cut when they were stored; a segmenter may change afterwards.
    place = (citation.source.article_id, citation.version)
    known = [
        span
        for passage in (hit.passage for hit in answer.hits)
        if (passage.source.article_id, passage.version) == place
        for span in passage.sentences
    ]
    return any(
        citation.start in {span.start for span in spans} and citation.end in {span.end for span in spans}
        for spans in (known, sentences(article.text) if (citation.start, citation.end) not in known else ())
    )

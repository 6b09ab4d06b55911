"""Answers, hits and articles as JSON objects: the contract with scripts, documented in docs/json.md.

`schema` is raised by any change that could break a reader; new keys may be added without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rag.protocols import VersionSummary
from rag.types import Answer, Article, Citation, Claim, Hit, Scope, Source

if TYPE_CHECKING:
    from rag.library import Finding

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

SCHEMA = 1


def answer_object(answer: Answer) -> dict[str, Json]:
    """Return everything that proves an answer, without the text of passages that it does not cite."""
    return {
        "schema": SCHEMA,
        "status": answer.status.value,
        "question": answer.question.text,
        "standalone": answer.standalone,
        "scope": scope_object(answer.scope),
        "text": answer.text,
        "claims": [_claim(claim) for claim in answer.claims],
        "citations": [_citation(citation) for citation in answer.citations],
        "rejected": list(answer.rejected),
        "hits": [_place(hit) for hit in answer.hits],
        "model": answer.model,
        "prompts": [{"name": used.name, "version": used.version, "digest": used.digest} for used in answer.prompts],
        "generation": answer.generation,
        "usage": {"input_tokens": answer.usage.input_tokens, "output_tokens": answer.usage.output_tokens},
        "cost": answer.cost,
        "timings": {timing.stage: round(timing.seconds, 6) for timing in answer.timings},
        "note": answer.note,
    }


def hits_object(hits: Sequence[Hit]) -> dict[str, Json]:
    """Return the hits of a search with their text."""
    return {"schema": SCHEMA, "hits": [_hit(hit) for hit in hits]}


def article_object(article: Article) -> dict[str, Json]:
    """Return one stored version of an article."""
    source = article.source
    return {
        "schema": SCHEMA,
        **_named(source),
        "version": article.version,
        "text": article.text,
        "origin_id": source.origin_id,
        "title_derived": source.title_derived,
        "author": source.author,
        "updated": moment(source.updated),
        "language": source.language,
    }


def articles_object(summaries: Sequence[VersionSummary], total: int) -> dict[str, Json]:
    """Return a page of the list of articles, and how many there are in all."""
    return {"schema": SCHEMA, "total": total, "articles": [_summary(each) for each in summaries]}


def findings_object(findings: Sequence[Finding]) -> dict[str, Json]:
    """Return what an examination of a library found."""
    told: list[Json] = [{"what": finding.what, "ok": finding.ok, "advice": finding.advice} for finding in findings]
    return {"schema": SCHEMA, "findings": told}


def scope_object(scope: Scope) -> dict[str, Json]:
    """Return what a search was limited to."""
    return {
        "since": moment(scope.since),
        "until": moment(scope.until),
        "as_of": moment(scope.as_of),
        "publishers": list(scope.publishers),
        "article_ids": list(scope.article_ids),
    }


def moment(value: datetime | None) -> str | None:
    """Return a moment as ISO 8601 in UTC."""
    return value.isoformat().replace("+00:00", "Z") if value else None


def _named(source: Source) -> dict[str, Json]:
    return {
        "article_id": source.article_id,
        "title": source.title,
        "publisher": source.publisher,
        "published": moment(source.published),
        "url": source.url,
    }


def _summary(summary: VersionSummary) -> dict[str, Json]:
    return {
        **_named(summary.source),
        "version": summary.version,
        "current": summary.current,
        "characters": summary.characters,
        "passages": summary.passages,
        "origin_id": summary.source.origin_id,
    }


def _claim(claim: Claim) -> dict[str, Json]:
    return {
        "start": claim.start,
        "end": claim.end,
        "markers": list(claim.markers),
        "verdict": claim.verdict.value,
        "missing": list(claim.missing),
    }


def _citation(citation: Citation) -> dict[str, Json]:
    return {
        "marker": citation.marker,
        **_named(citation.source),
        "version": citation.version,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
    }


def _place(hit: Hit) -> dict[str, Json]:
    passage = hit.passage
    return {
        "article_id": passage.source.article_id,
        "version": passage.version,
        "start": passage.start,
        "end": passage.end,
        "score": round(hit.score, 6),
    }


def _hit(hit: Hit) -> dict[str, Json]:
    return {
        **_named(hit.passage.source),
        **_place(hit),
        "dense_rank": hit.dense_rank,
        "lexical_rank": hit.lexical_rank,
        "also_in": [_named(source) for source in hit.also_in],
        "text": hit.passage.text,
    }

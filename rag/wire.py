"""Answers, hits and articles as JSON objects: the contract with scripts, documented in docs/json.md.

`schema` is raised by any change that could break a reader; new keys may be added without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rag.protocols import VersionSummary
from rag.types import (
    Answer,
    Article,
    Citation,
    Claim,
    Delta,
    Event,
    Found,
    Hit,
    Restart,
    Scope,
    Searching,
    Source,
    Span,
    Verdict,
)

if TYPE_CHECKING:
    from rag.check import Checked
    from rag.library import Finding
    from rag.records.feedback import Feedback
    from rag.records.jobs import Job
    from rag.records.keys import Key

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
        "citations": [citation_object(citation) for citation in answer.citations],
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


def page_object(summaries: Sequence[VersionSummary], total: int, following: str | None) -> dict[str, Json]:
    """Return a page of the list of articles, and the cursor of the page that follows it."""
    return {**articles_object(summaries, total), "next": following}


def versions_object(summaries: Sequence[VersionSummary]) -> dict[str, Json]:
    """Return the stored versions of one article."""
    return {"schema": SCHEMA, "versions": [_summary(each) for each in summaries]}


def range_object(article: Article, span: Span, sentences: Sequence[Span]) -> dict[str, Json]:
    """Return a range of one stored version, and whole sentences of it."""
    return {
        "schema": SCHEMA,
        **_named(article.source),
        "version": article.version,
        **_cut(article, span),
        "sentences": [_cut(article, each) for each in sentences],
    }


def event_object(event: Event) -> tuple[str, dict[str, Json]]:
    """Return the name of an event on the way to an answer, and what it tells."""
    match event:
        case Searching():
            return "searching", {"standalone": event.standalone, "scope": scope_object(event.scope)}
        case Found():
            return "hits", {"hits": [{**_named(hit.passage.source), **_place(hit)} for hit in event.hits]}
        case Delta():
            return "delta", {"text": event.text, "citations": [citation_object(each) for each in event.citations]}
        case Restart():
            return "restart", {"reason": event.reason}
        case Answer():
            return "answer", answer_object(event)


def findings_object(findings: Sequence[Finding]) -> dict[str, Json]:
    """Return what an examination of a library found."""
    told: list[Json] = [{"what": finding.what, "ok": finding.ok, "advice": finding.advice} for finding in findings]
    return {"schema": SCHEMA, "findings": told}


def readiness_object(
    generation: int | None, articles: int | None, problems: Mapping[str, str | None]
) -> dict[str, Json]:
    """Return what a look at each thing that answering needs found, by the names of the problems."""
    checks: list[Json] = [{"what": what, "ok": not name, "problem": name} for what, name in problems.items()]
    return {"generation": generation, "articles": articles, "checks": checks}


def citation_object(citation: Citation) -> dict[str, Json]:
    """Return exact characters of a stored article version."""
    return {
        "marker": citation.marker,
        **_named(citation.source),
        "version": citation.version,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
    }


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


def _cut(article: Article, span: Span) -> dict[str, Json]:
    return {"start": span.start, "end": span.end, "text": article.text[span.start : span.end]}


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


def checked_object(checked: Checked) -> dict[str, Json]:
    """Return a checked draft: a verdict on each sentence that claims something, and the words that come closest."""
    verdicts = [claim.verdict for claim in checked.claims]
    return {
        "schema": SCHEMA,
        "text": checked.text,
        "scope": scope_object(checked.scope),
        "generation": checked.generation,
        "verdicts": {verdict.value: verdicts.count(verdict) for verdict in Verdict},
        "claims": [_claim(claim) for claim in checked.claims],
        "citations": [citation_object(citation) for citation in checked.citations],
    }


def key_object(key: Key) -> dict[str, Json]:
    """Return what is known of a key of the server; the secret is not."""
    return {
        "schema": SCHEMA,
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created": moment(key.created),
        "expires": moment(key.expires),
        "revoked": moment(key.revoked),
        "last_used": moment(key.used),
    }


def keys_object(keys: Sequence[Key]) -> dict[str, Json]:
    """Return all keys of the server."""
    return {"schema": SCHEMA, "keys": [key_object(key) for key in keys]}


def job_object(job: Job) -> dict[str, Json]:
    """Return how far a submission of articles is, and what became of it."""
    return {
        "schema": SCHEMA,
        "id": job.id,
        "status": job.status.value,
        "created": moment(job.created),
        "started": moment(job.started),
        "ended": moment(job.ended),
        "done": job.done,
        "total": job.total,
        "articles": job.articles,
        "report": job.report,
        "problem": job.problem,
    }


def feedback_object(given: Feedback) -> dict[str, Json]:
    """Return what a reader said about an answer."""
    return {
        "schema": SCHEMA,
        "id": given.id,
        "created": moment(given.created),
        "caller": given.caller,
        "rating": given.rating,
        "kind": given.kind,
        "marker": given.marker,
        "comment": given.comment,
        "correction": given.correction,
        "answer": given.answer,
    }


def list_object(name: str, items: Sequence[Json], following: str | None) -> dict[str, Json]:
    """Return a page of a list, and the cursor of the next one."""
    return {"schema": SCHEMA, name: items, "next": following}

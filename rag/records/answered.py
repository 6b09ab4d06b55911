"""The answer that feedback is about, read back from what was kept of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NotRequired, TypedDict, cast

from rag.records.feedback import Feedback
from rag.types import Answer, Citation, Question, Scope, Source, Status


class _Limits(TypedDict, total=False):
    since: str
    until: str
    as_of: str
    publishers: list[str]
    article_ids: list[str]


class _Cited(TypedDict):
    marker: int
    article_id: str
    quote: str
    version: NotRequired[str]
    start: NotRequired[int]
    end: NotRequired[int]
    title: NotRequired[str]
    publisher: NotRequired[str]
    published: NotRequired[str]
    url: NotRequired[str]


class _Kept(TypedDict):
    question: str
    text: str
    citations: list[_Cited]
    status: NotRequired[str]
    standalone: NotRequired[str]
    scope: NotRequired[_Limits]


def answer_of(given: Feedback) -> Answer | None:
    """Return the answer that feedback is about, without its claims; None where too little of it was given."""
    told = cast("_Kept | None", given.answer)
    if told is None or "status" not in told:
        return None
    try:
        scope = _scope(told.get("scope", {}))
        citations = tuple(map(_citation, told["citations"]))
    except ValueError:  # a date in words, which an answer never has
        return None
    return Answer(
        question=Question(text=told["question"], scope=scope, asked_at=given.created or datetime.now(UTC)),
        standalone=told.get("standalone", told["question"]),
        scope=scope,
        text=told["text"],
        status=Status(told["status"]),
        citations=citations,
    )


def _scope(told: _Limits) -> Scope:
    return Scope(
        since=_moment(told.get("since")),
        until=_moment(told.get("until")),
        as_of=_moment(told.get("as_of")),
        publishers=tuple(told.get("publishers", ())),
        article_ids=tuple(told.get("article_ids", ())),
    )


def _citation(told: _Cited) -> Citation:
    source = Source(
        article_id=told["article_id"],
        title=told.get("title", ""),
        publisher=told.get("publisher"),
        published=_moment(told.get("published")),
        url=told.get("url"),
    )
    return Citation(
        marker=told["marker"],
        source=source,
        version=told.get("version", ""),
        start=told.get("start", 0),
        end=told.get("end", 0),
        quote=told["quote"],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None

"""The forms of what is sent about jobs and feedback, as JSON schemas."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rag.web.api.schemas import Moment, ProblemDocument, Sent, Versioned


class CopySent(Sent):
    """An article that was stored and nearly repeats another one."""

    article_id: str
    duplicate_of: str


class FailureSent(Sent):
    """Something that could not be used, and why."""

    path: str = Field(description="The name or address that was submitted.")
    place: str = Field(description="Where in the file, such as “line 7”.")
    reason: str


class ReportSent(Versioned):
    """What became of a submission."""

    complete: bool
    added: list[str]
    updated: list[str]
    unchanged: list[str]
    duplicates: list[CopySent]
    failed: list[FailureSent]
    remarks: list[FailureSent]


class JobSent(Versioned):
    """A submission of articles that is being taken in, or was."""

    id: str
    status: Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
    created: Moment
    started: Moment | None
    ended: Moment | None
    done: int = Field(description="Files and addresses that are done.")
    total: int = Field(description="Files and addresses that were submitted.")
    articles: int = Field(description="Articles that were met in them so far.")
    report: ReportSent | None = Field(description="What was stored; of a job that broke off, until then.")
    problem: ProblemDocument | None = Field(description="Why the job broke off.")


class JobsSent(Versioned):
    """A page of the list of jobs, newest first."""

    jobs: list[JobSent]
    next: str | None = Field(description="The `cursor` of the next page; null on the last one.")


class KeptSent(Versioned):
    """Feedback was kept."""

    id: str


class FeedbackSent(Versioned):
    """What a reader said about an answer."""

    id: str
    created: Moment
    caller: str = Field(description="The key or address that it came from.")
    rating: Literal["up", "down"]
    kind: Literal["wrong", "unsupported", "incomplete", "other"] | None
    marker: int | None
    comment: str | None
    correction: str | None
    answer: dict[str, object] | None = Field(description="Null once an article that it quotes was removed.")


class FeedbackPageSent(Versioned):
    """A page of the feedback, newest first."""

    feedback: list[FeedbackSent]
    next: str | None = Field(description="The `cursor` of the next page; null on the last one.")

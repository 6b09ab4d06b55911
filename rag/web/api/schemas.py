"""The forms of what is sent, as JSON schemas: for the OpenAPI document, and to prove in tests that it is sent so.

What is sent is made by `rag.wire` alone; these models only describe it. Keys may be added at any time, so the schemas
that are published allow further ones; the models themselves do not.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

Offset = Annotated[int, Field(ge=0, description="Unicode code points from the start of the article's text.")]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", examples=["2023-05-04T00:00:00Z"])]
ArticleName = Annotated[str, Field(examples=["562436f9c0d44321"])]
Version = Annotated[str, Field(description="Digest of what a reader sees.", examples=["03c1d2e4f5a6b7c8"])]


def _open(schema: JsonDict) -> None:
    schema.pop("additionalProperties", None)


class Sent(BaseModel):
    """Something that is sent: exactly these keys, all of them."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=_open)


class Versioned(Sent):
    """An object that stands alone."""

    schema_: Literal[1] = Field(alias="schema", description="Raised by any change that could break a reader.")


class Named(Sent):
    """An article by what a reader judges it by."""

    article_id: ArticleName
    title: str
    publisher: str | None
    published: Moment | None
    url: str | None


class ScopeSent(Sent):
    """What was searched."""

    since: Moment | None
    until: Moment | None
    as_of: Moment | None
    publishers: list[str]
    article_ids: list[str]


class ClaimSent(Sent):
    """One sentence of the answer, and how what it cites bears it out."""

    start: int = Field(ge=0, description="Unicode code points from the start of the answer's text.")
    end: int = Field(ge=0)
    markers: list[int]
    verdict: Literal["supported", "partial", "unsupported", "uncited"]
    missing: list[str]


class CitationSent(Named):
    """Exact characters of a stored article version: its `text[start:end]` equals `quote`."""

    marker: int = Field(ge=1)
    version: Version
    start: Offset
    end: Offset
    quote: str


class PlaceSent(Sent):
    """A passage, by where it stands."""

    article_id: ArticleName
    version: Version
    start: Offset
    end: Offset
    score: float


class PromptSent(Sent):
    """A prompt file that was sent to the model."""

    name: str
    version: str
    digest: str


class UsageSent(Sent):
    """Tokens as the provider counted them."""

    input_tokens: int
    output_tokens: int


class AnswerSent(Versioned):
    """An answer with its proof, or the statement that the articles do not say."""

    status: Literal["answered", "partial", "conflicting", "not_in_sources"]
    question: str
    standalone: str = Field(description="The question as it was searched.")
    scope: ScopeSent
    text: str
    claims: list[ClaimSent]
    citations: list[CitationSent]
    rejected: list[str] = Field(description="Markers that a model wrote and that pointed nowhere.")
    hits: list[PlaceSent]
    model: str
    prompts: list[PromptSent]
    generation: int = Field(description="The state of the library that was searched.")
    usage: UsageSent
    cost: float | None = Field(description="US dollars.")
    timings: dict[str, float] = Field(description="Seconds for each stage.")
    note: str | None


class HitSent(Named, PlaceSent):
    """A passage that a search found."""

    dense_rank: int | None
    lexical_rank: int | None
    also_in: list[Named]
    text: str


class HitsSent(Versioned):
    """The passages that a search found, best first."""

    hits: list[HitSent]


class SummarySent(Named):
    """One stored version of an article, without its text."""

    version: Version
    current: bool
    characters: int
    passages: int
    origin_id: str | None


class PageSent(Versioned):
    """A page of the list of articles."""

    total: int = Field(description="Articles that the filters admit, on all pages.")
    articles: list[SummarySent]
    next: str | None = Field(description="The `cursor` of the next page; null on the last one.")


class VersionsSent(Versioned):
    """All versions of one article, oldest first."""

    versions: list[SummarySent]


class ArticleSent(Named, Versioned):
    """One version of an article as it is stored."""

    version: Version
    text: str
    origin_id: str | None
    title_derived: bool
    author: str | None
    updated: Moment | None
    language: str | None


class SentenceSent(Sent):
    """One sentence of an article."""

    start: Offset
    end: Offset
    text: str


class RangeSent(Named, Versioned):
    """A range of one version of an article, and the whole sentences that it touches."""

    version: Version
    start: Offset
    end: Offset
    text: str
    sentences: list[SentenceSent]


class VerdictsSent(Sent):
    """How many claims have which verdict."""

    supported: int
    partial: int
    unsupported: int
    uncited: int


class CheckedSent(Versioned):
    """A draft with a verdict on each of its sentences that claims something."""

    text: str
    scope: ScopeSent
    generation: int = Field(description="The state of the library that was searched.")
    verdicts: VerdictsSent
    claims: list[ClaimSent] = Field(
        description="Offsets are in the draft. What is uncited has nothing near it: the articles do not say."
    )
    citations: list[CitationSent] = Field(description="What proves each claim, or comes closest to it.")


class HealthSent(Sent):
    """The process lives."""

    status: Literal["ok"]


class CheckSent(Sent):
    """One thing that answering needs."""

    what: str = Field(examples=["library", "model"])
    ok: bool
    problem: str | None = Field(description="The name of the problem, as in a problem's `type`.")


class ReadinessSent(Sent):
    """The service can answer."""

    status: Literal["ready"]
    generation: int
    articles: int
    checks: list[CheckSent]


class Mistake(Sent):
    """One place in a request that does not have the form described here."""

    where: str
    what: str


class ErrorSent(Sent):
    """The same, as clients of OpenAI's API read it."""

    message: str
    type: str = Field(examples=["invalid_request_error"])
    code: str = Field(examples=["bad_request"])
    param: str | None


class ProblemDocument(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(strict=True)

    type: str = Field(pattern="^urn:dateline:problem:", examples=["urn:dateline:problem:bad-request"])
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="One line: what happened, and what to do next.")
    error: ErrorSent
    request_id: str | None = Field(
        default=None, description="Also in the header X-Request-ID; the server's log has it."
    )
    errors: list[Mistake] = Field(default=[], description="Where the request does not have the form described here.")

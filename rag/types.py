"""The nouns of Dateline: frozen values that every part shares.

Conventions, stated once:

* *Offsets* count Unicode code points in an article's cleaned text, half-open: ``text[start:end]``.
* *Datetimes* are aware and in UTC. A day without a time of day is that day's midnight.
* *Scores*: higher is better; comparable only within one list.
* *Durations* are seconds. A *ratio* is a fraction in [0, 1].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range of code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who published an article, where and when; what a reader needs to judge it."""

    article_id: str
    title: str
    title_derived: bool = False
    """True when the article carried no title and its first sentence stands in for one."""
    publisher: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    """When the publisher last changed the text, if the article says so."""
    url: str | None = None
    author: str | None = None
    language: str | None = None
    origin_id: str | None = None
    """The identifier that the article's row or front matter came with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One version of an article: its source and its cleaned text (NFC, paragraphs split by a blank line)."""

    source: Source
    text: str

    @property
    def version(self) -> str:
        """Digest of all that a reader sees, so that any visible change is a new version (16 hex digits)."""
        seen = self.source
        parts = (seen.title, seen.publisher, seen.author, seen.url, _iso(seen.published), _iso(seen.updated), self.text)
        return digest(*(part or "" for part in parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A run of whole sentences of one article version; ``article.text[start:end] == text``."""

    source: Source
    version: str
    start: int
    end: int
    text: str
    sentences: tuple[Span, ...] = ()
    """Offsets in the *article*, in order, all within ``[start, end)``."""

    @property
    def id(self) -> str:
        """Stable name of this range of this version."""
        return f"{self.source.article_id}:{self.version}:{self.start}-{self.end}"

    def slice(self, span: Span) -> str:
        """Return the text of a span given in article offsets; it must lie inside the passage."""
        if not self.start <= span.start <= span.end <= self.end:
            raise ValueError(f"{span} is outside the passage [{self.start}, {self.end})")
        return self.text[span.start - self.start : span.end - self.start]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that a search found, and how: ranks count from 1, None where that half did not find it."""

    passage: Passage
    score: float
    dense_rank: int | None = None
    lexical_rank: int | None = None
    also_in: tuple[Source, ...] = ()
    """Other articles that carry a nearly identical passage, folded into this hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a search may look at. Dates are publication dates; empty means everything."""

    since: datetime | None = None
    """Published at or after."""
    until: datetime | None = None
    """Published before (exclusive)."""
    as_of: datetime | None = None
    """What could be read at this moment: nothing published later, and each article as it then stood."""
    publishers: tuple[str, ...] = ()
    article_ids: tuple[str, ...] = ()

    @property
    def unlimited(self) -> bool:
        """Whether nothing is filtered."""
        return self == Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One earlier exchange. The answer helps to understand the next question; it is never evidence."""

    question: str
    answer: str


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the user asked, when, after which turns, and within which scope."""

    text: str
    asked_at: datetime = field(default_factory=_now)
    history: tuple[Turn, ...] = ()
    scope: Scope = Scope()


class Verdict(StrEnum):
    """How well the cited words carry a claim."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    UNSUPPORTED = "unsupported"
    UNCITED = "uncited"


class Status(StrEnum):
    """What kind of answer this is."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    CONFLICTING = "conflicting"
    NOT_IN_SOURCES = "not_in_sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Exact characters of a stored article version; the quote is cut from it, never written by a model."""

    marker: int
    source: Source
    version: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence of the answer, ``answer.text[start:end]``, with what it cites and how that held up."""

    start: int
    end: int
    markers: tuple[int, ...]
    verdict: Verdict
    missing: tuple[str, ...] = ()
    """Figures, dates, names or a negation of the claim that what it cites does not contain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that a model call consumed, as its provider counted them."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptUse:
    """Which prompt file, in which wording, was sent."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long one stage took, in seconds."""

    stage: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer with its proof, or the statement that the articles do not say."""

    question: Question
    standalone: str
    """The question as it was searched."""
    scope: Scope
    """The scope as it was searched: the user's, narrowed by what the question says."""
    text: str
    status: Status
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    rejected: tuple[str, ...] = ()
    """Markers that the model wrote and that pointed nowhere."""
    hits: tuple[Hit, ...] = ()
    """The passages that were consulted; cited or not."""
    model: str = ""
    prompts: tuple[PromptUse, ...] = ()
    generation: int = 0
    """The library's generation that was searched."""
    usage: Usage = Usage()
    cost: float | None = None
    """US dollars; None when no price is known."""
    timings: tuple[Timing, ...] = ()
    note: str | None = None
    """One line for the user about how this answer came about, such as a model that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """Event: the question as it will be searched."""

    standalone: str
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Event: the passages that the answer may use."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Event: the next piece of answer text, its markers resolved, and the citations that are new in it."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Event: the text streamed so far is withdrawn; what follows replaces it."""

    reason: str


Event = Searching | Found | Delta | Restart | Answer


def digest(*parts: str) -> str:
    """Return 16 hex digits that name these strings, unambiguously split."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

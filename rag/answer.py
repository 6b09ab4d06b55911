"""The main path: a question becomes an answer that can be proved.

standalone → scope → retrieve → draft → ground → `Answer`, streamed as events on the way.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from rag.errors import ProviderError
from rag.ground import Grounded, Grounder
from rag.prices import Price
from rag.protocols import Answerer, Brief, Embedder, Insufficient, Library, Retriever, Rewriter
from rag.question.conversation import NOT_SAID
from rag.question.scope import narrowed
from rag.reader.conflict import in_conflict
from rag.types import (
    Answer,
    Delta,
    Event,
    Found,
    Hit,
    PromptUse,
    Question,
    Restart,
    Scope,
    Searching,
    Status,
    Timing,
    Usage,
)
from rag.verify import by_meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that answering needs, put together once and used from many threads."""

    library: Library
    embedder: Embedder
    retriever: Retriever
    rewriter: Rewriter
    answerer: Answerer
    fallback: Answerer | None = None
    """Answers in the place of an answerer whose provider failed."""
    passages: int = 8
    """How many passages an answer may draw on."""
    price: Price | None = None
    """What the chat model's tokens cost, if that is known."""

    def ask(self, question: Question) -> Answer:
        """Return the answer; raise ProviderError where no fallback can take over, LibraryError when storage fails."""
        return next(event for event in self.stream(question) if isinstance(event, Answer))

    def search(self, question: Question, limit: int) -> list[Hit]:
        """Return the passages that an answer would be looked for in, best first; raise LibraryError."""
        work = _Work(question=question)
        self._understand(work)
        return self.retriever.retrieve(work.standalone, work.scope, limit)

    def stream(self, question: Question) -> Iterator[Event]:
        """Yield what happens on the way to the answer, and the finished answer last.

        The texts of the deltas since the last restart make up the answer's text, unless it is `NOT_IN_SOURCES`.
        """
        work = _Work(question=question)
        self._understand(work)
        yield Searching(standalone=work.standalone, scope=work.scope)
        with work.timed("retrieve"):
            self._retrieve(work)
        yield Found(hits=work.hits)
        grounded = yield from self._write(work)
        yield replace(work.answer(grounded), cost=self._cost(work))

    def _retrieve(self, work: _Work) -> None:
        # The halves of a search read the library one after the other; a change between them is met by searching again.
        for _ in range(_SEARCHES):
            work.generation = self.library.generation()
            work.hits = tuple(self.retriever.retrieve(work.standalone, work.scope, self.passages))
            if self.library.generation() == work.generation:
                return

    def _understand(self, work: _Work) -> None:
        with work.timed("standalone"):
            work.standalone = work.question.text.strip()
            if work.question.history:
                work.standalone, accounts = self.rewriter.rewrite(work.standalone, work.question.history)
                work.account(accounts)
        with work.timed("scope"):
            work.scope = self._scope(work)

    def _scope(self, work: _Work) -> Scope:
        users = work.question.scope
        scope = narrowed(work.question, work.standalone, self.library.publishers())
        if (scope.since, scope.until) != (users.since, users.until) and not self.library.count(_ANY_DATE):
            # Where no article has a date, "last week" can be matched by words only.
            return replace(scope, since=users.since, until=users.until)
        return scope

    def _write(self, work: _Work) -> Generator[Event, None, Grounded | None]:
        if not work.hits:
            work.reason = self._why_nothing(work.scope)
            return None
        try:
            return (yield from self._draft(work, self.answerer))
        except ProviderError as error:
            if self.fallback is None:
                raise
            work.note = f"{error} The embedded reader answered in its place."
            yield Restart(reason=str(error))
            return (yield from self._draft(work, self.fallback))

    def _draft(self, work: _Work, answerer: Answerer) -> Generator[Event, None, Grounded | None]:
        work.model, work.reason = answerer.name, ""
        brief = Brief(question=work.standalone, hits=answerer.reads(work.hits), history=work.question.history)
        grounder = Grounder(brief.hits, by_meaning(self.embedder))
        with work.timed("answer"):
            for piece in answerer.draft(brief):
                match piece:
                    case str():
                        yield from _unless_empty(grounder.feed(piece))
                    case Insufficient(reason=reason):
                        work.reason = reason
                    case _:
                        work.account([piece])
        if not work.reason:
            yield from _unless_empty(grounder.flush())
        with work.timed("ground"):
            grounded = grounder.close()
        if not work.reason and grounded.status is not Status.NOT_IN_SOURCES:
            return grounded
        work.reason = work.reason or "No sentence of the draft was borne out by what it cited."
        if grounded.text:
            yield Restart(reason=work.reason)
        return replace(grounded, status=Status.NOT_IN_SOURCES)

    def _cost(self, work: _Work) -> float | None:
        # A model call that failed, or that its server did not count, may have cost something that nobody knows.
        counted = work.note is None and (work.usage != Usage() or not work.prompts)
        return self.price.of(work.usage) if self.price and counted else None

    def _why_nothing(self, scope: Scope) -> str:
        if not self.library.count():
            return "There are none in this library yet."
        if scope.unlimited or self.library.count(scope):
            return "Nothing in them matches the question."
        return f"There is no article {_described(scope)} in this library."


_SEARCHES = 3
"""How often a question is searched while another process keeps changing the library."""
_ANY_DATE = Scope(until=datetime.max.replace(tzinfo=UTC))


@dataclass(slots=True, kw_only=True)
class _Work:
    """What is known so far about one answer in the making."""

    question: Question
    generation: int = 0
    standalone: str = ""
    scope: Scope = Scope()
    hits: tuple[Hit, ...] = ()
    model: str = ""
    reason: str = ""
    """Why the articles do not answer, when they do not."""
    note: str | None = None
    usage: Usage = field(default_factory=Usage)
    prompts: list[PromptUse] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    def answer(self, grounded: Grounded | None) -> Answer:
        """Return the finished answer; without a grounded draft it says that the articles do not."""
        blank = Answer(
            question=self.question,
            standalone=self.standalone,
            scope=self.scope,
            text=f"{NOT_SAID} {self.reason}".strip(),
            status=Status.NOT_IN_SOURCES,
            rejected=grounded.rejected if grounded else (),
            hits=self.hits,
            model=self.model,
            prompts=tuple(self.prompts),
            generation=self.generation,
            usage=self.usage,
            timings=tuple(Timing(stage=stage, seconds=seconds) for stage, seconds in self.timings.items()),
            note=self.note,
        )
        if grounded is None or grounded.status is Status.NOT_IN_SOURCES:
            return blank
        status = Status.CONFLICTING if in_conflict(grounded.citations, self.standalone) else grounded.status
        return replace(blank, text=grounded.text, status=status, claims=grounded.claims, citations=grounded.citations)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add up how long a stage takes; while it streams, that includes what the reader of the stream takes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timings[stage] = self.timings.get(stage, 0.0) + time.perf_counter() - started

    def account(self, used: Sequence[PromptUse | Usage]) -> None:
        """Add up tokens and prompts."""
        for each in used:
            if isinstance(each, PromptUse):
                self.prompts.append(each)
            else:
                tokens = self.usage
                self.usage = Usage(
                    input_tokens=tokens.input_tokens + each.input_tokens,
                    output_tokens=tokens.output_tokens + each.output_tokens,
                )


def _unless_empty(delta: Delta) -> Iterator[Delta]:
    if delta.text or delta.citations:
        yield delta


def _described(scope: Scope) -> str:
    limits = [
        f"published from {_day(scope.since)}" if scope.since else "",
        f"published up to {_day(scope.until - timedelta(microseconds=1))}" if scope.until else "",
        f"readable on {_day(scope.as_of)}" if scope.as_of else "",
        f"by {' or '.join(scope.publishers)}" if scope.publishers else "",
        f"named {' or '.join(scope.article_ids)}" if scope.article_ids else "",
    ]
    return " and ".join(filter(None, limits))


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"

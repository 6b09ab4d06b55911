"""The library as Python programs use it: opened, asked, searched, checked against, one question or many at a time."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from copy import copy
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypedDict, Unpack

from rag.answer import Desk
from rag.check import Checked, checker
from rag.errors import ConfigurationError, DatelineError, LibraryError
from rag.ordered import AHEAD, BATCH, awaited_in_order, in_order
from rag.protocols import Embedder
from rag.protocols import Library as Store
from rag.question.requests import make_question, read_question, read_scope
from rag.types import Answer, Article, Event, Hit, Question, Scope, Turn
from rag.work import Stream, Workroom

if TYPE_CHECKING:
    from rag.chains import AnswerChain, ArticleRetriever

Asked = str | Question | Mapping[str, object]
"""A question as text, as a `Question`, or as a row of a batch: ``{"question": …, "since": …, "history": …}``."""
History = Sequence[Turn | tuple[str, str]]
"""Earlier turns, each a `Turn` or a pair of question and answer."""
Day = str | date | datetime
"""A day, a moment (in UTC, unless it has a zone), or words such as "May 2023", as at the command line."""

AT_ONCE = 8
"""How many calls from event loops are worked on at the same time, unless DATELINE_AT_ONCE says otherwise."""


class Limits(TypedDict, total=False):
    """What a search may look at."""

    since: Day | None
    until: Day | None
    """Includes the whole day, month or year that it names; so does `as_of`."""
    as_of: Day | None
    publishers: str | Sequence[str] | None
    article_ids: str | Sequence[str] | None


class Choices(TypedDict, total=False):
    """Settings that `open` takes; each goes before its environment variable (see the table in the README)."""

    answerer: Literal["auto", "extractive", "generative"]
    openai_api_key: str | None
    openai_base_url: str | None
    chat_model: str
    model_timeout: float
    model_retries: int
    context_tokens: int
    embedding_model: str | None
    passages: int
    chroma_url: str | None
    chroma_token: str | None
    prices: str | Path | None
    at_once: int


def open(path: str | Path | None = None, *, create: bool = False, **choices: Unpack[Choices]) -> Library:  # noqa: A001
    """Open the library in a directory, by default the one that DATELINE_LIBRARY names; `create` makes a missing one.

    Raises ConfigurationError for settings that cannot be used and LibraryError where the library cannot be.
    """
    from rag.compose import newsroom  # noqa: PLC0415  only where a library is opened
    from rag.settings import read_settings  # noqa: PLC0415

    if strange := choices.keys() - Choices.__annotations__.keys():
        known = ", ".join(Choices.__annotations__)
        raise ConfigurationError(f"There is no setting {min(strange)}; the settings are {known}.")
    settings = read_settings(library=path, **choices)
    with ExitStack() as stack:
        room = stack.enter_context(newsroom(settings, create=create))
        return Library(room.desk(), at_once=settings.at_once or AT_ONCE, close=stack.pop_all().close)


class Library:
    """An open library; a context manager that closes itself. All methods may be called from many threads.

    Each method that answers or searches takes the same `Limits` by name. All raise ConfigurationError for a question
    or limit that cannot be used, LibraryError when storage fails, and ProviderError where a model server fails and
    nothing can take its place. Methods that begin with "a" are for event loops: they work in at most `at_once` threads,
    and cancelling them calls the work off.
    """

    def __init__(self, desk: Desk, *, at_once: int = AT_ONCE, close: Callable[[], None] | None = None) -> None:
        self._desk = desk
        self._room = Workroom(at_once=at_once, waiting=sys.maxsize, name="dateline-library", closed=_closed)
        self._close = close or desk.library.close

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Call off what event loops still wait for, and release files and threads."""
        self._room.shut(wait=True)
        self._close()

    @property
    def desk(self) -> Desk:
        """What answers."""
        return self._desk

    def with_desk(self, desk: Desk) -> Library:
        """Return this library with another desk, such as ``dataclasses.replace(library.desk, passages=20)``.

        The two share their threads and are closed together.
        """
        other = copy(self)
        other._desk = desk
        return other

    @property
    def store(self) -> Store:
        """The store of articles, for what is not asked here: lists, versions, writing."""
        return self._desk.library

    @property
    def embedder(self) -> Embedder:
        """The embedding model that the store was written with."""
        return self._desk.embedder

    def ask(self, question: Asked, *, history: History = (), **limits: Unpack[Limits]) -> Answer:
        """Return the answer with its proof, or the statement that the articles do not say."""
        return self._desk.ask(asked(question, history, limits))

    def stream(self, question: Asked, *, history: History = (), **limits: Unpack[Limits]) -> Iterator[Event]:
        """Return the events on the way to the answer, which is the last of them; closing it calls the work off.

        The texts of the `Delta` events since the last `Restart` make up the answer's text, unless it is
        `NOT_IN_SOURCES`.
        """
        return self._desk.stream(asked(question, history, limits))

    def search(self, question: Asked, limit: int = 10, *, history: History = (), **limits: Unpack[Limits]) -> list[Hit]:
        """Return the passages in which an answer would be looked for, best first."""
        if limit < 1:
            raise ConfigurationError(f"limit is {limit}; ask for 1 passage or more.")
        return self._desk.search(asked(question, history, limits), limit)

    def check(self, draft: str, **limits: Unpack[Limits]) -> Checked:
        """Return a draft with a verdict on each of its sentences that claims something, and the words that prove it."""
        return checker(self._desk).check(draft, scope_of(limits))

    def article(self, article_id: str, version: str | None = None) -> Article:
        """Return an article as stored, by default its current version; raise ArticleNotFoundError."""
        return self.store.article(article_id, version)

    def batch(
        self, questions: Iterable[Asked], *, concurrency: int = 4, **limits: Unpack[Limits]
    ) -> Iterator[Answer | DatelineError]:
        """Yield an answer for each question, in order; the error takes its place where there is none.

        Questions are read as they are needed, so there may be any number of them.
        """
        _must_be_some(concurrency)
        scope_of(limits)
        return in_order(lambda question: self._answer_or_error(question, limits), questions, concurrency)

    async def aask(self, question: Asked, *, history: History = (), **limits: Unpack[Limits]) -> Answer:
        """Return what `ask` returns, without blocking the event loop."""
        events = self._room.stream(lambda: self.stream(question, history=history, **limits))
        [answer] = [event async for event in events if isinstance(event, Answer)]
        return answer

    def astream(self, question: Asked, *, history: History = (), **limits: Unpack[Limits]) -> Stream[Event]:
        """Yield what `stream` yields, without blocking the event loop."""
        return self._room.stream(lambda: self.stream(question, history=history, **limits))

    async def asearch(
        self, question: Asked, limit: int = 10, *, history: History = (), **limits: Unpack[Limits]
    ) -> list[Hit]:
        """Return what `search` returns, without blocking the event loop."""
        return await self._room.run(lambda: self.search(question, limit, history=history, **limits))

    async def acheck(self, draft: str, **limits: Unpack[Limits]) -> Checked:
        """Return what `check` returns, without blocking the event loop."""
        return await self._room.run(lambda: self.check(draft, **limits))

    async def abatch(
        self, questions: Iterable[Asked], *, concurrency: int = 4, **limits: Unpack[Limits]
    ) -> AsyncGenerator[Answer | DatelineError]:
        """Yield what `batch` yields, without blocking the event loop."""
        _must_be_some(concurrency)
        scope_of(limits)
        room = Workroom(at_once=concurrency, waiting=AHEAD * concurrency, name=BATCH, closed=_closed)

        async def answered(question: Asked) -> Answer | DatelineError:
            return await room.run(lambda: self._answer_or_error(question, limits))

        try:
            async with aclosing(awaited_in_order(answered, questions, concurrency)) as made:
                async for each in made:
                    yield each
        finally:
            room.shut(wait=False)

    def as_retriever(self, *, k: int = 8, **limits: Unpack[Limits]) -> ArticleRetriever:
        """Return a LangChain retriever that finds the `k` best passages."""
        from rag.chains import ArticleRetriever  # noqa: PLC0415  heavy: only for users of LangChain

        scope_of(limits)
        return ArticleRetriever(library=self, k=k, **limits)

    def as_runnable(self) -> AnswerChain:
        """Return a LangChain runnable that answers."""
        from rag.chains import AnswerChain  # noqa: PLC0415  heavy: only for users of LangChain

        return AnswerChain(self)

    def _answer_or_error(self, question: Asked, limits: Limits) -> Answer | DatelineError:
        try:
            return self.ask(question, **limits)
        except DatelineError as error:
            return error


def asked(question: Asked, history: History, limits: Limits) -> Question:
    """Return a question as every part of the product reads it; raise ConfigurationError where it cannot be used."""
    if isinstance(question, str):
        return read_question({"question": question, "history": [_spelled(turn) for turn in history], **_row(limits)})
    if history or not scope_of(limits).unlimited:
        raise ConfigurationError("A Question or row brings its own history and scope; write them there.")
    if isinstance(question, Mapping):
        # What a row of a file holds besides does no harm; a program that misspells a limit would search everything.
        if strange := question.keys() - _ROW - Limits.__annotations__.keys():
            raise ConfigurationError(
                f"A row has no {min(map(str, strange))}; its keys are those of docs/json.md (--batch)."
            )
        return read_question(question)
    if isinstance(question, Question):
        return replace(make_question(question.text, question.scope, question.history), asked_at=question.asked_at)
    raise ConfigurationError(f"A question is text, a Question or a row, not {type(question).__name__}.")


def scope_of(limits: Limits) -> Scope:
    """Return the scope that limits spell; raise ConfigurationError for what is no date, or no limit at all."""
    return read_scope(_row(limits))


_ROW = frozenset({"id", "question", "history", "publisher"})
"""What a row may hold beside the limits."""


def _row(limits: Limits) -> dict[str, object]:
    """Return limits as a row of a batch spells them."""
    if strange := limits.keys() - Limits.__annotations__.keys():
        known = ", ".join(Limits.__annotations__)
        raise ConfigurationError(f"There is no {min(strange)}; a question is limited by {known}.")
    return {name: _spelled(value) for name, value in limits.items()}


def _spelled(value: object) -> object:
    match value:
        case date():
            return value.isoformat()
        case Turn(question=question, answer=answer):
            return [question, answer]
        case tuple():
            return list(value)
    return value


def _must_be_some(concurrency: int) -> None:
    if concurrency < 1:
        raise ConfigurationError(f"concurrency is {concurrency}; let 1 or more questions be answered at a time.")


def _closed() -> DatelineError:
    return LibraryError("This library was closed; open it again.")

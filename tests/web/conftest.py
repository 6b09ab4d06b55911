from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import Any

import pytest

import rag.web.service
from rag.answer import Desk
from rag.library import LocalLibrary, open_library
from rag.protocols import Brief, Draft, Intake
from rag.question.rewrite import HistoryRewriter
from rag.records import open_records
from rag.retrieval.hybrid import hybrid
from rag.testing.library import EMBEDDER, put
from rag.types import Answer, Article, Citation, Claim, Hit, Question, Scope, Source, Status
from rag.web.options import Options
from rag.web.service import Service
from rag.web.watching import Watcher


@pytest.fixture(scope="session")
def article() -> Article:
    source = Source(
        article_id="harbour",
        title="Council holds harbour budget",
        publisher="The Tidewater Post",
        published=datetime(2023, 11, 12, tzinfo=UTC),
        url="https://example.org/harbour",
        author="Ruth Hale",
    )
    text = "The council held the budget at $4.25 million. It was “a pause”.\n\nNo job is lost, said Tom Reed."
    return Article(source=source, text=text)


@pytest.fixture
def cite(article: Article) -> Callable[[int, str], Citation]:
    def make(marker: int, quote: str) -> Citation:
        start = article.text.index(quote)
        end = start + len(quote)
        return Citation(
            marker=marker, source=article.source, version=article.version, start=start, end=end, quote=quote
        )

    return make


@pytest.fixture
def answer() -> Callable[..., Answer]:
    def make(
        text: str, *, claims: tuple[Claim, ...] = (), citations: tuple[Citation, ...] = (), note: str | None = None
    ) -> Answer:
        return Answer(
            question=Question(text="What is the budget?"),
            standalone="What is the budget?",
            scope=Scope(),
            text=text,
            status=Status.ANSWERED if citations else Status.NOT_IN_SOURCES,
            claims=claims,
            citations=citations,
            note=note,
        )

    return make


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLibrary]:
    directory = tmp_path_factory.mktemp("library") / "library"
    opened = open_library(directory, model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)
    with closing(opened):
        yield opened


class Says:
    """An answerer that writes given pieces; an exception among them is raised, and a function is called."""

    name = "says"

    def __init__(self, *pieces: Draft | Exception | Callable[[], object]) -> None:
        self._pieces = pieces

    def reads(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        return hits

    def draft(self, brief: Brief) -> Iterator[Draft]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            if callable(piece):
                piece()
            else:
                yield piece


@pytest.fixture(scope="session")
def make_desk(library: LocalLibrary, article: Article) -> Callable[..., Desk]:
    """Make a desk over a library with one article, whose answerer writes the given pieces."""
    put(library, article)

    def make(*pieces: Draft | Exception | Callable[[], object]) -> Desk:
        return Desk(
            library=library,
            embedder=EMBEDDER,
            retriever=hybrid(library, EMBEDDER),
            rewriter=HistoryRewriter(),
            answerer=Says(*pieces),
        )

    return make


@pytest.fixture(scope="session")
def make_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Make a service over a desk, with records of its own; what else is given are its options."""
    with ExitStack() as stack:

        def make(
            desk: Desk, *, intake: Intake | None = None, watcher: Watcher | None = None, **options: Any
        ) -> Service:
            records = stack.enter_context(closing(open_records(tmp_path_factory.mktemp("records"))))
            return rag.web.service.make_service(desk, records, Options(**options), intake=intake, watcher=watcher)

        yield make

"""The library for users of LangChain: a retriever, and answering as a runnable (the home of runnables)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Unpack, cast

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config, get_callback_manager_for_config
from pydantic import ConfigDict, Field

from rag.protocols import Retriever
from rag.public import Asked, Day, Library, Limits
from rag.types import Answer, Event, Hit, Scope
from rag.wire import moment

CHAIN_RUN, RETRIEVER_RUN = "dateline.answer", "dateline.retrieve"
"""What tracing calls an answer, and the search within it."""


class ArticleRetriever(BaseRetriever):
    """Finds the passages in which an answer to a question would be looked for.

    What it is made with can be given anew with each call: ``retriever.invoke("…", k=3, since="May 2023")``.
    """

    model_config = ConfigDict(extra="forbid")

    library: Library
    k: int = Field(default=8, ge=1)
    """How many documents are returned at most."""
    since: Day | None = None
    until: Day | None = None
    as_of: Day | None = None
    publishers: str | Sequence[str] | None = None
    article_ids: str | Sequence[str] | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  LangChain passes it by name
        k: int | None = None,
        **limits: Unpack[Limits],
    ) -> list[Document]:
        hits = self.library.search(query, self.k if k is None else k, **self._limits(limits))
        return [document_of(hit) for hit in hits]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002
        k: int | None = None,
        **limits: Unpack[Limits],
    ) -> list[Document]:
        hits = await self.library.asearch(query, self.k if k is None else k, **self._limits(limits))
        return [document_of(hit) for hit in hits]

    def _limits(self, given: Limits) -> Limits:
        own = Limits(
            since=self.since,
            until=self.until,
            as_of=self.as_of,
            publishers=self.publishers,
            article_ids=self.article_ids,
        )
        return own | given


class AnswerChain(Runnable[Asked, Answer]):
    """Answers: `invoke` returns the `Answer`; `stream` yields the events on the way to it, and the answer last.

    A step after it that does not stream is given the last event, so it gets the answer either way. The `Limits` of
    `Library.ask` can be given with each call, or bound. Tracing shows the search as a retriever run and each call of a
    chat model as a run of its own, both within the run of this chain.
    """

    def __init__(self, library: Library) -> None:
        self.name = CHAIN_RUN
        retriever = _TracedRetriever(inner=library.desk.retriever)
        self._library = library.with_desk(replace(library.desk, retriever=retriever))

    def invoke(self, input: Asked, config: RunnableConfig | None = None, **limits: object) -> Answer:  # noqa: A002
        """Return the answer; raise what `Library.ask` raises."""
        given = cast(Limits, limits)
        return self._call_with_config(lambda question: self._library.ask(question, **given), input, config)

    async def ainvoke(self, input: Asked, config: RunnableConfig | None = None, **limits: object) -> Answer:  # noqa: A002
        """Return what `invoke` returns."""

        async def answered(question: Asked) -> Answer:
            return await self._library.aask(question, **cast(Limits, limits))

        return await self._acall_with_config(answered, input, config)

    # In LangChain's types a stream is made of pieces of the output; ours is made of events, and the last is the output.
    def stream(  # type: ignore[override]
        self,
        input: Asked,  # noqa: A002
        config: RunnableConfig | None = None,
        **limits: object,
    ) -> Iterator[Event]:
        """Yield the events of an answer, and the answer last; raise what `Library.stream` raises."""

        def events(questions: Iterator[Asked]) -> Iterator[Event]:
            for question in questions:
                yield from self._library.stream(question, **cast(Limits, limits))

        return self._transform_stream_with_config(iter([input]), events, config)  # type: ignore[arg-type]

    def astream(  # type: ignore[override]
        self,
        input: Asked,  # noqa: A002
        config: RunnableConfig | None = None,
        **limits: object,
    ) -> AsyncGenerator[Event]:
        """Yield what `stream` yields."""

        async def events(questions: AsyncIterator[Asked]) -> AsyncIterator[Event]:
            async for question in questions:
                async with aclosing(self._library.astream(question, **cast(Limits, limits))) as made:
                    async for event in made:
                        yield event

        async def questions() -> AsyncIterator[Asked]:
            yield input

        made = self._atransform_stream_with_config(questions(), events, config)  # type: ignore[arg-type]
        return cast(AsyncGenerator[Event], made)


def document_of(hit: Hit) -> Document:
    """Return a passage that was found as a LangChain document; the metadata say where it stands, in which version."""
    passage, source = hit.passage, hit.passage.source
    metadata = {
        "article_id": source.article_id,
        "version": passage.version,
        "start": passage.start,
        "end": passage.end,
        "title": source.title,
        "publisher": source.publisher,
        "published": moment(source.published),
        "url": source.url,
        "score": hit.score,
    }
    return Document(id=passage.id, page_content=passage.text, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TracedRetriever:
    """Shows each search as a run within the runnable that is under way in this context."""

    inner: Retriever

    def retrieve(self, query: str, scope: Scope, limit: int) -> list[Hit]:
        manager = get_callback_manager_for_config(ensure_config())
        run = manager.on_retriever_start({}, query, name=RETRIEVER_RUN)
        try:
            hits = self.inner.retrieve(query, scope, limit)
        except BaseException as error:
            run.on_retriever_error(error)
            raise
        run.on_retriever_end([document_of(hit) for hit in hits])
        return hits

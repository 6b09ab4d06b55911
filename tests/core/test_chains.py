"""The retriever and the runnable, as LangChain's users meet them: its own standard tests, and what tracing sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest
from langchain_core.documents import Document
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from langchain_tests.integration_tests import RetrieversIntegrationTests
from pydantic import ValidationError

import rag
from rag.chains import CHAIN_RUN, RETRIEVER_RUN, AnswerChain, ArticleRetriever
from rag.provider.chat import RUN_NAME
from rag.testing.server import ScriptedServer, fails, says

BRIDGE = "How much will the Arl Bridge repair cost?"
POST = "Harbour Post (fictional)"
WrittenBy = Callable[[ScriptedServer], rag.Library]
SAID = "Repairs will cost £3.4 million [1.1]."


@pytest.fixture
def chain(seeds: rag.Library) -> AnswerChain:
    return seeds.as_runnable()


@pytest.fixture
def collector() -> RunCollectorCallbackHandler:
    return RunCollectorCallbackHandler()


class TestStandard(RetrieversIntegrationTests):
    """LangChain's standard tests of retrievers."""

    @pytest.fixture(autouse=True)
    def _over(self, seeds: rag.Library) -> None:
        self.library = seeds

    @property
    def retriever_constructor(self) -> type[ArticleRetriever]:
        return ArticleRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, object]:
        return {"library": self.library}

    @property
    def retriever_query_example(self) -> str:
        return BRIDGE


async def test_documents_say_where_their_words_stand(seeds: rag.Library) -> None:
    retriever = seeds.as_retriever(k=3)
    documents = retriever.invoke(BRIDGE)
    assert [document.id for document in documents] == [hit.passage.id for hit in seeds.search(BRIDGE, 3)]
    for document in documents:
        where = document.metadata
        article = seeds.article(where["article_id"], where["version"])
        assert article.text[where["start"] : where["end"]] == document.page_content
        assert (where["title"], where["publisher"], where["url"]) == (
            article.source.title,
            article.source.publisher,
            article.source.url,
        )
    assert documents[0].metadata["published"].endswith("Z")
    assert await retriever.ainvoke(BRIDGE) == documents
    assert retriever.batch([BRIDGE]) == [documents]


async def test_limits_of_a_retriever_can_be_given_anew(seeds: rag.Library) -> None:
    def outlets(documents: list[Document]) -> set[str]:
        return {document.metadata["publisher"] for document in documents}

    retriever = seeds.as_retriever(publishers=POST)
    assert outlets(retriever.invoke(BRIDGE)) == {POST}
    assert outlets(retriever.invoke(BRIDGE, since="2024", publishers=())) > {POST}
    assert await retriever.ainvoke(BRIDGE, until="1900") == []
    assert retriever.bind(k=1).invoke(BRIDGE) == retriever.invoke(BRIDGE)[:1]


def test_what_a_retriever_cannot_use_is_named(seeds: rag.Library) -> None:
    with pytest.raises(ValidationError, match="k"):
        seeds.as_retriever(k=0)
    with pytest.raises(rag.ConfigurationError, match="There is no outlet"):
        seeds.as_retriever(outlet=POST)  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="outlet"):
        ArticleRetriever(library=seeds, outlet=POST)  # type: ignore[call-arg]
    with pytest.raises(rag.ConfigurationError, match="limit is 0"):
        seeds.as_retriever().invoke(BRIDGE, k=0)
    with pytest.raises(rag.ConfigurationError, match="There is no filter"):
        seeds.as_retriever().invoke(BRIDGE, filter={"publisher": POST})


@pytest.mark.parametrize(
    "asked", [BRIDGE, {"question": BRIDGE}, rag.Question(text=BRIDGE)], ids=["text", "row", "question"]
)
async def test_every_way_of_running_gives_the_answer_of_the_library(
    chain: AnswerChain, seeds: rag.Library, asked: rag.public.Asked
) -> None:
    expected = seeds.ask(BRIDGE)
    made: list[rag.Event] = [chain.invoke(asked), await chain.ainvoke(asked)]
    made += [*chain.batch([asked] * 2), *await chain.abatch([asked] * 2)]
    streams = [list(chain.stream(asked)), [event async for event in chain.astream(asked)]]
    for events in streams:
        assert [type(event) for event in events[:2]] == [rag.Searching, rag.Found]
        made.append(events[-1])
    assert len(made) == 8
    assert {(answer.text, answer.citations) for answer in made if isinstance(answer, rag.Answer)} == {
        (expected.text, expected.citations)
    }


async def test_a_step_that_follows_gets_the_answer_either_way(chain: AnswerChain) -> None:
    def status(answer: rag.Answer) -> str:
        return answer.status.value

    composed = chain | RunnableLambda(status)
    assert composed.invoke(BRIDGE) == "conflicting"
    assert list(composed.stream(BRIDGE)) == ["conflicting"]
    assert [made async for made in composed.astream(BRIDGE)] == ["conflicting"]


async def test_a_step_before_does_not_keep_events_back(chain: AnswerChain) -> None:
    def question(text: str) -> rag.Question:
        return rag.Question(text=text)

    asked: Runnable[str, rag.Answer] = RunnableLambda(question) | chain
    kinds = [rag.Searching, rag.Found, rag.Delta, rag.Delta, rag.Delta, rag.Answer]
    assert [type(event) for event in asked.stream(BRIDGE)] == kinds
    assert [type(event) async for event in asked.astream(BRIDGE)] == kinds


def test_limits_of_a_chain_are_given_or_bound(chain: AnswerChain) -> None:
    answer = chain.invoke(BRIDGE, publishers=POST)
    assert answer.scope.publishers == (POST,)
    bound = chain.bind(publishers=[POST]).invoke(BRIDGE)
    assert bound.citations == answer.citations
    with pytest.raises(rag.ConfigurationError, match="There is no outlet"):
        chain.invoke(BRIDGE, outlet=POST)


def test_a_batch_returns_the_errors_that_it_is_asked_to(chain: AnswerChain) -> None:
    made: list[object] = list(chain.batch([BRIDGE, ""], return_exceptions=True))
    assert [type(each) for each in made] == [rag.Answer, rag.ConfigurationError]
    with pytest.raises(rag.ConfigurationError):
        chain.batch([BRIDGE, ""])


def test_the_schemas_of_a_chain_can_be_shown(chain: AnswerChain) -> None:
    assert "Question" in chain.get_input_jsonschema()["$defs"]
    assert "Answer" in chain.get_output_jsonschema()["$defs"]


def invoked(chain: AnswerChain, collector: RunCollectorCallbackHandler) -> None:
    chain.invoke(BRIDGE, {"callbacks": [collector], "tags": ["desk"]})


def streamed(chain: AnswerChain, collector: RunCollectorCallbackHandler) -> None:
    list(chain.stream(BRIDGE, {"callbacks": [collector], "tags": ["desk"]}))


async def ainvoked(chain: AnswerChain, collector: RunCollectorCallbackHandler) -> None:
    await chain.ainvoke(BRIDGE, {"callbacks": [collector], "tags": ["desk"]})


async def astreamed(chain: AnswerChain, collector: RunCollectorCallbackHandler) -> None:
    async for _ in chain.astream(BRIDGE, {"callbacks": [collector], "tags": ["desk"]}):
        pass


@pytest.mark.parametrize("run", [invoked, streamed, ainvoked, astreamed])
async def test_tracing_sees_search_and_model_within_the_chain(
    written_by: WrittenBy, collector: RunCollectorCallbackHandler, run: Callable[..., object]
) -> None:
    with ScriptedServer(says(SAID)) as server:
        awaited = run(written_by(server).as_runnable(), collector)
        if awaited is not None:
            await awaited  # type: ignore[misc]
    [root] = collector.traced_runs
    assert (root.name, root.run_type, root.error) == (CHAIN_RUN, "chain", None)
    assert [(child.name, child.run_type) for child in root.child_runs] == [
        (RETRIEVER_RUN, "retriever"),
        (RUN_NAME, "llm"),
    ]
    search, model = root.child_runs
    assert search.inputs == {"query": BRIDGE}
    assert [type(document) for document in (search.outputs or {})["documents"]] == [Document] * 8
    assert "desk" in (search.tags or [])
    assert "desk" in (model.tags or [])
    assert isinstance((root.outputs or {})["output"], rag.Answer)


async def test_events_of_langchain_tell_what_happens_within(written_by: WrittenBy) -> None:
    with ScriptedServer(says(SAID)) as server:
        events = [event async for event in written_by(server).as_runnable().astream_events(BRIDGE, version="v2")]
    assert {(event["event"], event["name"]) for event in events} == {
        ("on_chain_start", CHAIN_RUN),
        ("on_chain_stream", CHAIN_RUN),
        ("on_retriever_start", RETRIEVER_RUN),
        ("on_retriever_end", RETRIEVER_RUN),
        ("on_chat_model_start", RUN_NAME),
        ("on_chat_model_stream", RUN_NAME),
        ("on_chat_model_end", RUN_NAME),
        ("on_chain_end", CHAIN_RUN),
    }


async def test_a_stream_that_is_closed_early_ends_the_models(
    written_by: WrittenBy, slow_server: ScriptedServer
) -> None:
    async with aclosing(written_by(slow_server).as_runnable().astream(BRIDGE)) as events:
        async for event in events:
            if isinstance(event, rag.Delta):
                break
    assert await asyncio.to_thread(slow_server.disconnected.wait, 20)


async def test_tracing_sees_errors(written_by: WrittenBy, collector: RunCollectorCallbackHandler) -> None:
    with ScriptedServer(fails(401)) as server:
        chain = written_by(server).as_runnable()
        answer = chain.invoke(BRIDGE, {"callbacks": [collector]})
        with pytest.raises(rag.ConfigurationError):
            await chain.ainvoke("", {"callbacks": [collector]})
    assert answer.model == "extractive"
    answered, refused = collector.traced_runs
    assert [child.error is None for child in answered.child_runs] == [True, False]
    assert answered.error is None
    assert "The question is empty" in (refused.error or "")


async def test_tracing_sees_answers_in_parallel_apart(
    chain: AnswerChain, collector: RunCollectorCallbackHandler
) -> None:
    await chain.abatch([BRIDGE, "Who is the mayor?"], {"callbacks": [collector], "max_concurrency": 2})
    chain.batch([BRIDGE, "Who is the mayor?"], {"callbacks": [collector], "max_concurrency": 2})
    assert len(collector.traced_runs) == 4
    for run in collector.traced_runs:
        [search] = run.child_runs
        assert search.inputs == {"query": run.inputs["input"]}


async def test_the_retriever_is_a_run_within_the_users_chain(
    seeds: rag.Library, collector: RunCollectorCallbackHandler
) -> None:
    composed = seeds.as_retriever(k=2) | RunnableLambda(len)
    assert composed.invoke(BRIDGE, {"callbacks": [collector]}) == 2
    assert await composed.ainvoke(BRIDGE, {"callbacks": [collector]}) == 2
    for root in collector.traced_runs:
        assert [child.run_type for child in root.child_runs] == ["retriever", "chain"]

"""LangChain's chat model, pointed at a server of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from langchain_openai import ChatOpenAI
from openai import APIError, DefaultAsyncHttpxClient

from rag.answer import Desk
from rag.testing.server import says
from rag.types import Answer, Question
from tests.web.compatible.conftest import COST, Speaking

# Gradio sums up its events with pandas, in words that pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

Sides = pytest.mark.parametrize("responses", [False, True], ids=["completions", "responses"])


def chat(address: str, *, responses: bool, **options: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model="dateline",
        base_url=f"{address}/v1",
        api_key=lambda: "none",
        timeout=30,
        max_retries=0,
        use_responses_api=responses,
        **options,
    )


def together(chunks: Sequence[AIMessageChunk]) -> AIMessageChunk:
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    return whole


def citations(message: AIMessage) -> list[dict[str, Any]]:
    return [
        cast("dict[str, Any]", citation)
        for block in message.content_blocks
        for citation in cast("list[Any]", block.get("annotations") or [])
    ]


@Sides
def test_invoke_and_stream_say_the_same(address: str, expected: Answer, responses: bool) -> None:
    model = chat(address, responses=responses)
    messages = [SystemMessage("Answer from memory."), HumanMessage(COST)]
    plain = model.invoke(messages)
    whole = together(list(model.stream(messages)))
    assert plain.text == whole.text == expected.text


def test_responses_keep_their_citations(address: str, expected: Answer) -> None:
    model = chat(address, responses=True)
    plain, whole = model.invoke(COST), together(list(model.stream(COST)))
    assert citations(plain) == citations(whole)
    for citation in citations(plain):
        cited = citation["extras"]["dateline"]
        assert expected.text[citation["start_index"] : citation["end_index"]] == f"[{cited['marker']}]"
        assert citation["url"] == expected.citations[cited["marker"] - 1].source.url
    assert len(citations(plain)) >= 2


@Sides
async def test_batch_and_async(address: str, seeds_desk: Desk, responses: bool) -> None:
    questions = [COST, "Why was the Arl Bridge closed?", "When was the Arl Bridge built?"]
    expected = [seeds_desk.ask(Question(text=question)).text for question in questions]
    config = RunnableConfig(max_concurrency=2)
    async with DefaultAsyncHttpxClient() as http:
        model = chat(address, responses=responses, http_async_client=http)
        assert [reply.text for reply in model.batch(list(questions), config)] == expected
        assert [reply.text for reply in await model.abatch(list(questions), config)] == expected
        chunks = [chunk async for chunk in model.astream(questions[1])]
    assert together(chunks).text == expected[1]


@Sides
def test_a_conversation_goes_on(address: str, responses: bool) -> None:
    model = chat(address, responses=responses)
    first = model.invoke("Why was the Arl Bridge closed?")
    asked = [HumanMessage("Why was the Arl Bridge closed?"), first, HumanMessage("When was it built?")]
    assert "Arl Bridge" in model.invoke(asked).text


@Sides
def test_tokens_and_parameters(speaking: Speaking, responses: bool) -> None:
    reply = says("The council held the budget at $4.25 million. [1.1]", usage=(31, 7))
    with speaking(reply, reply) as address:
        model = chat(address, responses=responses, stream_usage=True, temperature=0.1, max_completion_tokens=9)
        plain = model.invoke("What is the budget?")
        whole = together(cast("list[AIMessageChunk]", list(model.stream("What is the budget?"))))
    for message in (plain, whole):
        assert message.usage_metadata is not None
        assert message.usage_metadata["input_tokens"] == 31
        assert message.usage_metadata["output_tokens"] == 7


@Sides
def test_a_scope_travels_in_the_extra_body(address: str, responses: bool) -> None:
    scope = {"publishers": ["Harbour Post (fictional)"]}
    reply = chat(address, responses=responses, extra_body={"dateline": {"scope": scope}}).invoke(COST)
    assert "Tidewater Courier" not in reply.text
    assert "4.1 million" in reply.text


@Sides
def test_tools_are_refused_in_a_line(address: str, responses: bool) -> None:
    def weather(place: str) -> str:
        """Tell the weather of a place."""
        return place

    with pytest.raises(APIError, match="calls no tools"):
        chat(address, responses=responses).bind_tools([weather]).invoke("What is the weather?")

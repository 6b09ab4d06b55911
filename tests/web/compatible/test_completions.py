"""Chat completions, through the client that everybody has."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from rag.answer import Desk
from rag.errors import LibraryError, ProviderBusyError
from rag.question.conversation import NOT_SAID
from rag.records.keys import Keys, KeyScope
from rag.testing.server import says
from rag.testing.serving import serving
from rag.types import Answer
from rag.web.service import Service
from rag.wire import answer_object
from tests.web.compatible.conftest import COST, UNKNOWN, Speaking, client_of

# Gradio sums up its events with pandas, in words that pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

MakeService = Callable[..., Service]
MakeDesk = Callable[..., Desk]
TRUE = "The council held the budget at $4.25 million. [1.1]"
FALSE = "The council cut the budget to $9 million."


def said(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def ask(client: OpenAI, text: str = COST, **parameters: Any) -> ChatCompletion:
    return cast("ChatCompletion", client.chat.completions.create(model="dateline", messages=said(text), **parameters))


def chunks(client: OpenAI, text: str = COST, **parameters: Any) -> list[ChatCompletionChunk]:
    return list(client.chat.completions.create(model="dateline", messages=said(text), stream=True, **parameters))


def text_of(streamed: list[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in streamed if chunk.choices)


def proof(reply: ChatCompletion | ChatCompletionChunk) -> dict[str, Any]:
    """Return the proof that a reply carries, but for how long it took."""
    return {**cast("dict[str, Any]", (reply.model_extra or {})["dateline"]), "timings": None}


def test_an_answer_is_the_same_as_through_every_other_door(client: OpenAI, expected: Answer) -> None:
    reply = ask(client)
    ChatCompletion.model_validate(reply.model_dump(), strict=True)
    [choice] = reply.choices
    assert (choice.message.content, choice.finish_reason) == (expected.text, "stop")
    assert proof(reply) == {**json.loads(json.dumps(answer_object(expected))), "timings": None}
    assert reply.usage is not None
    assert reply.usage.total_tokens == 0


def test_every_marker_is_annotated_with_what_it_cites(client: OpenAI, expected: Answer) -> None:
    reply = ask(client)
    message = reply.choices[0].message
    annotations = message.annotations or []
    assert len(annotations) >= len(expected.citations) >= 2
    for annotation in annotations:
        place = annotation.url_citation
        cited = (place.model_extra or {})["dateline"]
        citation = expected.citations[cited["marker"] - 1]
        assert (message.content or "")[place.start_index : place.end_index] == f"[{cited['marker']}]"
        assert (place.title, place.url) == (citation.source.title, citation.source.url)
        opened = httpx.get(cited.pop("range_url")).raise_for_status().json()
        assert opened["text"] == citation.quote
        assert cited == proof(reply)["citations"][cited["marker"] - 1]


def test_the_last_event_of_a_stream_carries_what_the_plain_reply_carries(client: OpenAI) -> None:
    reply, told = ask(client), chunks(client)
    for chunk in told:
        ChatCompletionChunk.model_validate(chunk.model_dump(), strict=True)
    assert text_of(told) == reply.choices[0].message.content
    last = told[-1]
    assert last.choices[0].finish_reason == "stop"
    annotations = [annotation.model_dump() for annotation in reply.choices[0].message.annotations or []]
    assert (last.choices[0].delta.model_extra or {})["annotations"] == annotations
    assert proof(last) == proof(reply)
    assert [chunk.usage for chunk in told] == [None] * len(told)
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in told}) == 1


def test_the_clients_own_way_of_putting_a_stream_together(client: OpenAI, expected: Answer) -> None:
    with client.chat.completions.stream(model="dateline", messages=said(COST)) as stream:
        stream.until_done()
        message = stream.get_final_completion().choices[0].message
    plain = ask(client)
    assert message.content == expected.text
    assert message.annotations
    assert {**(message.model_extra or {})["dateline"], "timings": None} == proof(plain)


async def test_the_asynchronous_client(address: str, expected: Answer) -> None:
    async with AsyncOpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        plain = client.chat.completions.create(model="dateline", messages=said(COST))
        stream = await client.chat.completions.create(model="dateline", messages=said(COST), stream=True)
        told = [chunk async for chunk in stream]
        assert text_of(told) == expected.text == (await plain).choices[0].message.content


def test_what_the_articles_do_not_say_is_an_answer(client: OpenAI) -> None:
    reply = ask(client, UNKNOWN)
    assert (reply.choices[0].message.content or "").startswith(NOT_SAID)
    assert (reply.choices[0].finish_reason, reply.choices[0].message.annotations) == ("stop", [])
    assert proof(reply)["status"] == "not_in_sources"
    assert text_of(chunks(client, UNKNOWN)) == reply.choices[0].message.content


def test_a_conversation_as_clients_keep_it(client: OpenAI) -> None:
    first = ask(client, "Why was the Arl Bridge closed?").choices[0].message
    messages: list[Any] = [
        {"role": "system", "content": "Answer as a pirate, from memory."},
        *said("Why was the Arl Bridge closed?"),
        first.model_dump(),
        {"role": "user", "content": [{"type": "text", "text": "When was it"}, {"type": "text", "text": "built?"}]},
    ]
    reply = client.chat.completions.create(model="dateline", messages=messages)
    told = proof(reply)
    assert told["question"] == "When was it\nbuilt?"
    assert "Arl Bridge" in told["standalone"]


@pytest.mark.parametrize(
    "scoped",
    [
        {"extra_body": {"dateline": {"scope": {"publishers": ["Harbour Post (fictional)"]}}}},
        {"metadata": {"dateline_scope": '{"publishers": ["Harbour Post (fictional)"]}', "trace": "7"}},
    ],
    ids=["extra_body", "metadata"],
)
def test_a_scope_narrows_what_is_searched(client: OpenAI, scoped: dict[str, Any]) -> None:
    told = proof(ask(client, **scoped))
    assert told["scope"]["publishers"] == ["Harbour Post (fictional)"]
    assert {citation["publisher"] for citation in told["citations"]} == {"Harbour Post (fictional)"}


def test_tokens_are_told_as_the_provider_counted_them(speaking: Speaking) -> None:
    reply = says("The council held the budget at $4.25 million. [1.1]", usage=(31, 7))
    with speaking(reply, reply) as address, client_of(address) as client:
        usage = ask(client, "What is the budget?").usage
        told = chunks(client, "What is the budget?", stream_options={"include_usage": True})
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (31, 7, 38)
    assert told[-1].usage == usage
    assert told[-1].choices == []
    assert proof(told[-1])["usage"] == {"input_tokens": 31, "output_tokens": 7}
    assert told[-2].choices[0].finish_reason == "stop"


def test_text_that_is_withdrawn_is_never_sent(make_desk: MakeDesk, make_service: MakeService) -> None:
    with serving(make_service(make_desk(FALSE, " [1.1]"))) as address, client_of(address) as client:
        told = chunks(client, "What is the budget?")
    assert text_of(told).startswith(NOT_SAID)
    assert proof(told[-1])["status"] == "not_in_sources"


def test_live_text_comes_as_it_is_written(make_desk: MakeDesk, make_service: MakeService) -> None:
    go = threading.Event()
    desk = make_desk("The council held ", "the budget ", lambda: go.wait(10), "at $4.25 million. [1.1]")
    with serving(make_service(desk)) as address, client_of(address) as client:
        stream = client.chat.completions.create(
            model="dateline",
            messages=said("What is the budget?"),
            stream=True,
            extra_body={"dateline": {"live": True}},
        )
        told = [next(stream), next(stream)]
        assert text_of(told) == "The council held"
        go.set()
        told += stream
    assert text_of(told) == "The council held the budget at $4.25 million. [1]" == proof(told[-1])["text"]


def test_live_text_that_is_withdrawn_ends_in_an_error(make_desk: MakeDesk, make_service: MakeService) -> None:
    live = {"extra_body": {"dateline": {"live": True}}}
    desk = make_desk(FALSE, " [1.1]")
    with serving(make_service(desk)) as address, pytest.raises(openai.APIError, match="withdrawn") as failed:
        chunks(client_of(address), "What is the budget?", **live)
    assert failed.value.code == "withdrawn"


def test_a_failure_before_the_passages_are_found_has_a_status(make_desk: MakeDesk, make_service: MakeService) -> None:
    class Burning:
        def generation(self) -> int:
            raise LibraryError("The library is on fire. Call someone.")

        def publishers(self) -> list[str]:
            return []

    desk = replace(make_desk(TRUE), library=cast("Any", Burning()))
    with serving(make_service(desk)) as address, client_of(address) as client:
        for stream in (False, True):
            with pytest.raises(openai.InternalServerError, match="on fire") as failed:
                client.chat.completions.create(model="dateline", messages=said("What?"), stream=stream)
            assert (failed.value.status_code, failed.value.type) == (503, "server_error")


def test_a_failure_in_the_middle_of_a_stream_is_raised(make_desk: MakeDesk, make_service: MakeService) -> None:
    desk = make_desk("The council ", ProviderBusyError("The model is busy; try again."))
    with serving(make_service(desk)) as address, client_of(address) as client:
        with pytest.raises(openai.InternalServerError, match="model is busy"):
            ask(client, "What is the budget?")
        with pytest.raises(openai.APIError, match="model is busy") as failed:
            chunks(client, "What is the budget?")
    assert failed.value.code == "model_busy"


def test_a_stream_that_breaks_in_an_unforeseen_way_ends_in_an_error(
    make_desk: MakeDesk, make_service: MakeService, caplog: pytest.LogCaptureFixture
) -> None:
    desk = make_desk("The council ", RuntimeError("secret path"))
    with serving(make_service(desk)) as address, client_of(address) as client:
        with pytest.raises(openai.APIError, match="on our side") as failed:
            chunks(client, "What is the budget?")
        with pytest.raises(openai.APIError, match="on our side"):
            list(client.responses.create(model="dateline", input="What is the budget?", stream=True))
    assert failed.value.code == "unexpected"
    assert "secret path" in caplog.text


def test_more_than_fits_is_refused_at_once(make_desk: MakeDesk, make_service: MakeService) -> None:
    asked, go = threading.Event(), threading.Event()
    desk = make_desk(asked.set, lambda: go.wait(10), TRUE)
    with serving(make_service(desk, at_once=1, waiting=0)) as address, client_of(address) as client:
        first = threading.Thread(target=ask, args=(client, "What is the budget?"))
        first.start()
        assert asked.wait(10)
        with pytest.raises(openai.InternalServerError, match="Too much is asked") as failed:
            ask(client, "What is the budget?")
        go.set()
        first.join()
    assert failed.value.status_code == 503
    assert failed.value.response.headers["retry-after"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away_calls_the_work_off(
    make_desk: MakeDesk, make_service: MakeService, stream: bool
) -> None:
    asked, called_off = threading.Event(), threading.Event()

    class Endless:
        name = "endless"

        def reads(self, hits: Any) -> Any:
            return hits

        def draft(self, _: object) -> Iterator[str]:
            try:
                while True:
                    asked.set()
                    yield "The council. "
                    threading.Event().wait(0.01)
            finally:
                called_off.set()

    desk = replace(make_desk(), answerer=cast("Any", Endless()))

    async def leave(address: str) -> None:
        async with AsyncOpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:

            async def wait() -> None:
                reply: Any = await client.chat.completions.create(
                    model="dateline", messages=said("What is the budget?"), stream=cast("Any", stream)
                )
                async for _ in reply:
                    pass

            task = asyncio.create_task(wait())
            await asyncio.to_thread(asked.wait, 10)
            task.cancel()
            await asyncio.wait([task])

    with serving(make_service(desk)) as address:
        asyncio.run(leave(address))
        assert called_off.wait(10)


REFUSED: Mapping[str, object] = {
    "n": 2,
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
    "tool_choice": "required",
    "functions": [{"name": "f", "parameters": {}}],
    "function_call": {"name": "f"},
    "logprobs": True,
    "top_logprobs": 3,
    "logit_bias": {"50256": -100},
    "response_format": {"type": "json_object"},
    "modalities": ["text", "audio"],
    "audio": {"voice": "ash", "format": "mp3"},
    "stop": ["."],
    "web_search_options": {},
    "moderation": {"model": "omni"},
    "metadata": {"dateline_scope": 7},
    "stream": "yes",
    "stream_options": {"include_usage": "yes"},
    "dateline": {"scope": {"country": "Korea"}},
    "no_such_parameter": 1,
}
CODES = {
    "audio": "unsupported_parameter",
    "web_search_options": "unsupported_parameter",
    "moderation": "unsupported_parameter",
    "no_such_parameter": "unknown_parameter",
    "dateline": "unknown_parameter",
    "metadata": "invalid_value",
    "stream": "invalid_value",
    "stream_options": "invalid_value",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_honoured_is_refused(client: OpenAI, name: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, extra_body={name: REFUSED[name]})
    assert refused.value.param == name
    assert refused.value.code == CODES.get(name, "unsupported_value")
    problem = refused.value.response.json()
    assert refused.value.response.headers["content-type"] == "application/problem+json"
    assert problem["status"] == 400
    assert problem["detail"] == problem["error"]["message"]
    assert "must be" in problem["detail"] or "not a parameter" in problem["detail"] or "forbidden" in problem["detail"]


def test_what_changes_nothing_is_ignored(client: OpenAI, expected: Answer) -> None:
    reply = ask(
        client,
        temperature=0.2,
        top_p=0.5,
        seed=7,
        user="u",
        max_tokens=5,
        presence_penalty=1,
        store=True,
        service_tier="auto",
        reasoning_effort="low",
        n=1,
        tools=[],
        tool_choice="auto",
        logprobs=False,
        stop=[],
        response_format={"type": "text"},
        modalities=["text"],
    )
    assert reply.choices[0].message.content == expected.text


@pytest.mark.parametrize(
    ("messages", "line"),
    [
        ([], "messages"),
        ([{"role": "user", "content": " "}], "empty"),
        ([{"role": "system", "content": "Hi"}], "last message must be the user's"),
        ([*said("What?"), {"role": "assistant", "content": "That"}], "last message must be the user's"),
        ([{"role": "tool", "content": "5", "tool_call_id": "c"}], "calls no tools"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], "no images"),
        ([{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}], "no images"),
        ([{"role": "user", "content": 7}], "no images"),
        ([{"content": "What?"}], "role is missing"),
        ("What?", "messages"),
        ([{"role": "user", "content": "x" * 9000}], "8,000"),
    ],
)
def test_messages_that_are_no_question(client: OpenAI, messages: Any, line: str) -> None:
    with pytest.raises(openai.BadRequestError, match=line) as refused:
        client.chat.completions.create(model="dateline", messages=messages)
    assert refused.value.param == "messages"


def test_a_model_that_does_not_exist(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="ask for 'dateline'") as refused:
        client.chat.completions.create(model="gpt-5", messages=said(COST))
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


def test_guards_are_understood_too(make_desk: MakeDesk, make_service: MakeService) -> None:
    service = make_service(make_desk(TRUE), keys_needed=True, rate="2/minute")
    keys = Keys(service.records)
    reading, asking = (keys.create(scope, [scope])[1] for scope in (KeyScope.READ, KeyScope.ASK))
    with serving(service) as address:

        def told(key: str) -> ChatCompletion:
            with OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0) as client:
                return ask(client, "What is the budget?")

        with pytest.raises(openai.AuthenticationError) as refused:
            told("dl_wrong")
        assert refused.value.type == "authentication_error"
        with pytest.raises(openai.PermissionDeniedError):
            told(reading)
        assert told(asking).choices[0].message.content
        assert told(asking)
        with pytest.raises(openai.RateLimitError) as limited:
            told(asking)
        assert limited.value.type == "rate_limit_error"
        assert limited.value.response.headers["retry-after"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"model": "dateline"',
        b'{"model": "dateline", "messages": [{"role": "user", "content": "What?"}], "metadata": {"a": "\\ud800"}}',
        b'{"model": "dateline", "input": "What?", "metadata": {"\\ud800": "a"}}',
        b'{"model": "dateline", "messages": [{"role": "user", "content": "What?"}], "\\ud800": 1}',
        b'{"model": "dateline", "messages": [{"role": "user", "content": "What?"}], "n": NaN}',
        b'{"model": "dateline", "messages": [{"role": "user", "content": "What?"}], "n": 1e999}',
    ],
)
@pytest.mark.parametrize("path", ["chat/completions", "responses", "embeddings"])
def test_bodies_that_nobody_can_use(address: str, path: str, body: bytes) -> None:
    reply = httpx.post(f"{address}/v1/{path}", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.headers["content-type"]) == (400, "application/problem+json")
    assert reply.json()["error"]["message"]

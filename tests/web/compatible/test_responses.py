"""Responses, through the client that everybody has."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, cast

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.responses import Response, ResponseOutputMessage, ResponseOutputText, ResponseStreamEvent
from pydantic import TypeAdapter

from rag.answer import Desk
from rag.errors import ProviderBusyError
from rag.question.conversation import NOT_SAID
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
EVENT: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
OPENING = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
]
ENDING = ["response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"]


def ask(client: OpenAI, asked: Any = COST, **parameters: Any) -> Response:
    return cast("Response", client.responses.create(model="dateline", input=asked, **parameters))


def events(client: OpenAI, asked: Any = COST, **parameters: Any) -> list[Any]:
    return list(client.responses.create(model="dateline", input=asked, stream=True, **parameters))


def text_of(response: Response) -> ResponseOutputText:
    [message] = response.output
    assert isinstance(message, ResponseOutputMessage)
    [text] = message.content
    assert isinstance(text, ResponseOutputText)
    return text


def proof(response: Response) -> dict[str, Any]:
    """Return the proof that a response carries, but for how long it took."""
    return {**cast("dict[str, Any]", (response.model_extra or {})["dateline"]), "timings": None}


def test_an_answer_is_the_same_as_through_every_other_door(client: OpenAI, expected: Answer) -> None:
    response = ask(client)
    assert (response.output_text, response.status, response.store) == (expected.text, "completed", False)  # type: ignore[attr-defined]
    assert proof(response) == {**json.loads(json.dumps(answer_object(expected))), "timings": None}
    assert response.usage is not None
    assert response.usage.total_tokens == 0
    annotations = [annotation.model_dump() for annotation in text_of(response).annotations]
    assert len(annotations) >= len(expected.citations) >= 2
    for place in annotations:
        cited = place["dateline"]
        assert place["type"] == "url_citation"
        assert expected.text[place["start_index"] : place["end_index"]] == f"[{cited['marker']}]"
        assert cited["quote"] == expected.citations[cited["marker"] - 1].quote


def test_what_is_sent_has_the_published_form(address: str) -> None:
    asked = {"model": "dateline", "input": COST}
    Response.model_validate_json(posted(address, asked))
    lines = posted(address, {**asked, "stream": True}).splitlines()
    told = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    parsed = [EVENT.validate_json(line) for line in told]
    assert [event.type for event in parsed] == names


def posted(address: str, asked: Mapping[str, object]) -> str:
    body = json.dumps(asked).encode()
    request = urllib.request.Request(f"{address}/v1/responses", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as opened:
        return str(opened.read().decode())


def test_the_last_event_of_a_stream_carries_what_the_plain_reply_carries(client: OpenAI) -> None:
    response, told = ask(client), events(client)
    kinds = [event.type for event in told]
    annotations = text_of(response).annotations
    assert kinds[:4] == OPENING
    assert kinds[4:] == [
        "response.output_text.delta",
        *["response.output_text.annotation.added"] * len(annotations),
        *ENDING,
    ]
    assert [event.sequence_number for event in told] == list(range(len(told)))
    assert told[4].delta == response.output_text
    assert [event.annotation.model_dump() for event in told[5:-4]] == [each.model_dump() for each in annotations]
    last = told[-1].response
    assert text_of(last) == text_of(response)
    assert proof(last) == proof(response)
    assert {event.response.id for event in told if hasattr(event, "response")} == {last.id}


def test_the_clients_own_way_of_putting_a_stream_together(client: OpenAI, expected: Answer) -> None:
    with client.responses.stream(model="dateline", input=COST) as stream:
        final = stream.get_final_response()
    assert final.output_text == expected.text
    assert text_of(cast("Response", final)).annotations


async def test_the_asynchronous_client(address: str, expected: Answer) -> None:
    async with AsyncOpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        assert (await client.responses.create(model="dateline", input=COST)).output_text == expected.text


def test_what_the_articles_do_not_say_is_an_answer(client: OpenAI) -> None:
    response = ask(client, UNKNOWN)
    assert response.output_text.startswith(NOT_SAID)
    assert response.status == "completed"
    assert text_of(response).annotations == []
    assert proof(response)["status"] == "not_in_sources"


def test_a_conversation_as_clients_keep_it(client: OpenAI) -> None:
    first = ask(client, "Why was the Arl Bridge closed?", instructions="Answer from memory.", store=True)
    earlier = [item.model_dump() for item in first.output]
    asked = [
        {"role": "user", "content": "Why was the Arl Bridge closed?"},
        *earlier,
        {"role": "user", "content": [{"type": "input_text", "text": "When was it built?"}]},
    ]
    told = proof(ask(client, asked, metadata={"trace": "7"}))
    assert told["question"] == "When was it built?"
    assert "Arl Bridge" in told["standalone"]


def test_a_scope_narrows_what_is_searched(client: OpenAI) -> None:
    scoped = {"dateline": {"scope": {"publishers": ["Harbour Post (fictional)"], "until": "2024"}}}
    told = proof(ask(client, extra_body=scoped))
    assert {citation["publisher"] for citation in told["citations"]} == {"Harbour Post (fictional)"}
    assert told["scope"]["until"] == "2025-01-01T00:00:00Z"


def test_tokens_are_told_as_the_provider_counted_them(speaking: Speaking) -> None:
    reply = says("The council held the budget at $4.25 million. [1.1]", usage=(31, 7))
    with speaking(reply, reply) as address, client_of(address) as client:
        usage = ask(client, "What is the budget?").usage
        assert events(client, "What is the budget?")[-1].response.usage == usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (31, 7, 38)


def test_live_text_is_streamed_and_its_withdrawal_raised(make_desk: MakeDesk, make_service: MakeService) -> None:
    live = {"dateline": {"live": True}}
    with serving(make_service(make_desk("The council held ", "the budget at $4.25 million. [1.1]"))) as address:
        told = events(client_of(address), "What is the budget?", extra_body=live)
    deltas = [event.delta for event in told if event.type == "response.output_text.delta"]
    assert len(deltas) > 1
    assert "".join(deltas) == told[-1].response.output_text
    desk = make_desk("The council cut the budget to $9 million.", " [1.1]")
    with serving(make_service(desk)) as address, pytest.raises(openai.APIError, match="withdrawn"):
        events(client_of(address), "What is the budget?", extra_body=live)


def test_a_failure_in_the_middle_of_a_stream_is_raised(make_desk: MakeDesk, make_service: MakeService) -> None:
    desk = make_desk("The council ", ProviderBusyError("The model is busy; try again."))
    with serving(make_service(desk)) as address, client_of(address) as client:
        with pytest.raises(openai.InternalServerError, match="model is busy"):
            ask(client, "What is the budget?")
        with pytest.raises(openai.APIError, match="model is busy") as failed:
            events(client, "What is the budget?")
        body = {"model": "dateline", "input": "What is the budget?", "stream": True}
        last = [line for line in posted(address, body).splitlines() if line.startswith("data: ")][-1]
    assert failed.value.code == "model_busy"
    assert EVENT.validate_json(last.removeprefix("data: ")).type == "error"


REFUSED: Mapping[str, object] = {
    "previous_response_id": "resp_1",
    "conversation": "conv_1",
    "background": True,
    "prompt": {"id": "p"},
    "text": {"format": {"type": "json_object"}},
    "tools": [{"type": "web_search"}],
    "tool_choice": "required",
    "top_logprobs": 3,
    "moderation": {"model": "omni"},
    "metadata": {"dateline_scope": 7},
    "messages": [],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_honoured_is_refused(client: OpenAI, name: str) -> None:
    with pytest.raises(openai.BadRequestError, match=r"must be|not a parameter") as refused:
        ask(client, extra_body={name: REFUSED[name]})
    assert refused.value.param == name


@pytest.mark.parametrize(
    "asked",
    [
        " ",
        [],
        7,
        [{"role": "assistant", "content": "That."}],
        [{"type": "function_call_output", "call_id": "c", "output": "5"}],
        [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}],
        [{"role": "user", "content": [{"type": "input_file", "file_id": "x"}]}],
    ],
)
def test_input_that_is_no_question(client: OpenAI, asked: Any) -> None:
    with pytest.raises(
        openai.BadRequestError, match=r"input must be text|last message|no images|empty|role is missing"
    ):
        ask(client, asked)


def test_a_model_that_does_not_exist(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="ask for 'dateline'"):
        client.responses.create(model="gpt-5", input=COST)


def test_a_response_is_not_kept(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(ask(client).id)

"""Questions over HTTP: the answer that the command line gives, streamed or whole, and called off with the client."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from rag.compose import newsroom
from rag.errors import LibraryDamagedError, ProviderUnreachableError
from rag.records import open_records
from rag.settings import Settings
from rag.testing.serving import serving
from rag.web.service import Service, make_service
from tests.conftest import Dateline
from tests.web.api.conftest import ASKED, QUOTED, MakeDesk, MakeService

EVENTS = {"accept": "text/event-stream"}


def events(text: str) -> Iterator[tuple[str, dict[str, object]]]:
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def untimed(answer: dict[str, object]) -> dict[str, object]:
    return {**answer, "timings": sorted(answer["timings"])}  # type: ignore[call-overload]


@contextmanager
def served(service: Service) -> Iterator[httpx.Client]:
    with serving(service) as address, httpx.Client(base_url=address) as client:
        yield client


def test_an_answer_is_what_the_command_line_gives(ingested_seeds: Path, dateline: Dateline, tmp_path: Path) -> None:
    question = "How much will the Arl Bridge repair cost?"
    told = dateline("ask", question, "--json", "--until", "May 2024", "--library", ingested_seeds).out
    with (
        newsroom(Settings(library=ingested_seeds, answerer="extractive")) as room,
        closing(open_records(tmp_path)) as records,
        served(make_service(room.desk(), records)) as client,
    ):
        reply = client.post("/v1/answers", json={"question": question, "scope": {"until": "May 2024"}})
    assert untimed(reply.json()) == untimed(json.loads(told))
    assert reply.json()["status"] == "conflicting"


def test_the_events_end_in_the_answer(api: httpx.Client) -> None:
    reply = api.post("/v1/answers", json=ASKED, headers=EVENTS)
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers["x-accel-buffering"] == "no"
    told = list(events(reply.text))
    assert [name for name, _ in told] == ["searching", "hits", "delta", "delta", "answer"]
    assert untimed(told[-1][1]) == untimed(api.post("/v1/answers", json=ASKED).json())
    assert "".join(str(piece["text"]) for name, piece in told if name == "delta") == told[-1][1]["text"]


def test_text_that_is_withdrawn_is_said_to_be(make_desk: MakeDesk, make_service: MakeService) -> None:
    error = ProviderUnreachableError("Nothing answers there.")
    desk = make_desk("It is nine millions. ", error)
    with served(make_service(replace(desk, fallback=make_desk(QUOTED).answerer))) as client:
        told = list(events(client.post("/v1/answers", json=ASKED, headers=EVENTS).text))
    assert [name for name, _ in told] == ["searching", "hits", "delta", "restart", "delta", "delta", "answer"]
    assert told[3][1] == {"reason": "Nothing answers there."}


def test_a_failure_on_the_way_is_an_event(make_desk: MakeDesk, make_service: MakeService) -> None:
    with served(make_service(make_desk("It is", ProviderUnreachableError("Nothing answers there.")))) as client:
        *_, (name, problem) = events(client.post("/v1/answers", json=ASKED, headers=EVENTS).text)
        whole = client.post("/v1/answers", json=ASKED)
    assert name == "error"
    assert (problem["status"], problem["detail"]) == (502, "Nothing answers there.")
    assert (whole.status_code, {**whole.json(), "request_id": problem["request_id"]}) == (502, problem)
    assert problem["request_id"] != whole.json()["request_id"] == whole.headers["x-request-id"]


@pytest.mark.parametrize("headers", [{}, EVENTS])
def test_a_failure_before_anything_was_sent_has_a_status(
    headers: dict[str, str], make_desk: MakeDesk, make_service: MakeService
) -> None:
    class Burnt:
        def rewrite(self, question: str, history: object) -> tuple[str, list[object]]:
            raise LibraryDamagedError("The library is on fire.")

    desk = replace(make_desk(QUOTED), rewriter=Burnt())  # type: ignore[arg-type]  # fails whatever it is asked
    asked = {**ASKED, "history": [["Who?", "They."]]}
    with served(make_service(desk)) as client:
        reply = client.post("/v1/answers", json=asked, headers=headers)
    assert reply.status_code == 503
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["detail"] == "The library is on fire."


def test_what_nobody_foresaw_is_an_event_too(
    make_desk: MakeDesk, make_service: MakeService, caplog: pytest.LogCaptureFixture
) -> None:
    with served(make_service(make_desk("It is", ZeroDivisionError("secret")))) as client:
        told = client.post("/v1/answers", json=ASKED, headers=EVENTS).text
        whole = client.post("/v1/answers", json=ASKED)
    assert list(events(told))[-1][1]["type"] == whole.json()["type"] == "urn:dateline:problem:unexpected"
    assert (whole.status_code, "secret" in whole.text + told) == (500, False)
    assert "ZeroDivisionError" in caplog.text


def test_no_event_holds_what_some_readers_take_for_the_end_of_a_line(api: httpx.Client) -> None:
    asked = {"question": "What is the council's\u2028“budget”?"}
    told = api.post("/v1/answers", json=asked, headers=EVENTS).raise_for_status().text
    assert told.isascii()
    assert list(events(told))[-1][1]["question"] == asked["question"]


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/*, text/event-stream;q=0.9", "application/json"),
        ("application/json;q=0.5, text/event-stream", "text/event-stream"),
        ("text/html", "application/problem+json"),
        ("application/json;q=0, */*;q=0.1", "text/event-stream"),
    ],
)
def test_the_form_is_the_one_that_is_accepted(api: httpx.Client, accept: str, type_: str) -> None:
    reply = api.post("/v1/answers", json=ASKED, headers={"accept": accept})
    assert reply.headers["content-type"].partition(";")[0] == type_
    assert reply.status_code == (406 if type_.startswith("application/problem") else 200)


@pytest.mark.parametrize("headers", [{}, EVENTS])
def test_a_client_that_goes_away_calls_its_answer_off(
    headers: dict[str, str], make_desk: MakeDesk, make_service: MakeService
) -> None:
    closed, begun = threading.Event(), threading.Event()

    class Endless:
        name = "endless"

        def reads(self, hits: object) -> object:
            return hits

        def draft(self, brief: object) -> Iterator[str]:
            try:
                while True:
                    begun.set()
                    yield "The council held the budget at $4.25 million. [1.1] "
            finally:
                closed.set()

    service = make_service(replace(make_desk(), answerer=Endless()))  # type: ignore[arg-type]  # a minimal answerer
    with serving(service) as address:
        with hung_up(address, {"accept": "application/json", **headers}):
            assert begun.wait(20)
        assert closed.wait(20)
        assert not httpx.get(f"{address}/healthz").is_error


@contextmanager
def hung_up(address: str, headers: dict[str, str]) -> Iterator[None]:
    """Ask over a raw socket, and break the connection off after the block, whatever has come."""
    body = json.dumps(ASKED)
    sent = {
        "host": urlsplit(address).netloc,
        "content-type": "application/json",
        "content-length": len(body),
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    with socket.create_connection((urlsplit(address).hostname or "", urlsplit(address).port or 0)) as connection:
        connection.sendall(f"POST /v1/answers HTTP/1.1\r\n{lines}\r\n{body}".encode())
        yield


@pytest.mark.parametrize("kind", ["answers", "search"])
def test_scopes_and_histories_reach_the_desk(api: httpx.Client, kind: str) -> None:
    def found(**asked: object) -> int:
        return len(api.post(f"/v1/{kind}", json={**ASKED, **asked}).raise_for_status().json()["hits"])

    assert found(scope={"publishers": ["the tidewater POST"], "article_ids": ["harbour"]})
    assert found(history=[{"question": "Who?", "answer": "They."}, ["Why?", "Because."]])
    assert not found(scope={"until": "2023-11-11"})
    assert not found(scope={"as_of": "2023-11-11"})
    assert not found(scope={"since": "yesterday"})
    assert found(scope={"since": "yesterday"}, asked_at="2023-11-13T09:00:00Z")


@pytest.mark.parametrize("moment", ["2023-11-13T01:00:00+00:00", "2023-11-13T01:00:00", "2023-11-12T19:00:00-06:00"])
def test_words_of_time_count_from_when_it_was_asked(api: httpx.Client, moment: str) -> None:
    asked = {"question": "What did the council decide yesterday?", "asked_at": moment}
    assert api.post("/v1/answers", json=asked).json()["scope"]["since"] == "2023-11-12T00:00:00Z"


def test_a_search_gives_as_many_passages_as_it_is_asked_for(api: httpx.Client) -> None:
    asked = {"question": "council budget job", "limit": 1}
    [hit] = api.post("/v1/search", json=asked).json()["hits"]
    assert hit["text"].startswith("The council held the budget")
    assert len(api.post("/v1/search", json={**asked, "limit": 2}).json()["hits"]) == 2

"""What goes wrong behind the server: no wrong answer, no hang, and every error a problem document."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rag.answer import Desk
from rag.compose import newsroom
from rag.generate.answerer import GenerativeAnswerer
from rag.provider.chat import OpenAIChat
from rag.settings import read_settings
from rag.testing.server import Cut, Pause, Reply, ScriptedServer, chunk, fails, says, streamed
from rag.testing.serving import serving
from rag.web.service import Service

MakeDesk = Callable[..., Desk]
MakeService = Callable[..., Service]
ASKED = {"question": "What is the council's budget?"}
HTML = Reply(parts=("<html><title>Sign in</title></html>",), type="text/html")


def ask(address: str, **more: object) -> tuple[int, dict[str, object], str | None]:
    """Return the status, the object and when to ask again; insist on the form that belongs to the status."""
    body = json.dumps({**ASKED, **more}).encode()
    request = urllib.request.Request(f"{address}/v1/answers", body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.loads(response.read()), None
    except urllib.error.HTTPError as error:
        with error:
            assert error.headers["content-type"] == "application/problem+json"
            told = json.loads(error.read())
            assert (told["status"], told["type"].startswith("urn:dateline:problem:")) == (error.code, True)
            assert "\n" not in told["detail"]
            return error.code, told, error.headers["retry-after"]


@pytest.fixture
def serve(make_desk: MakeDesk, make_service: MakeService) -> Iterator[Callable[..., str]]:
    """Serve answers that a scripted model server writes; give the address."""
    with ExitStack() as stack:

        def begin(*replies: Reply, timeout: float = 5.0, **options: object) -> str:
            model = stack.enter_context(ScriptedServer(*replies))
            chat = OpenAIChat(model="tiny", base_url=model.base_url, timeout=timeout, retries=0)
            desk = replace(make_desk(), answerer=GenerativeAnswerer(model=chat))
            return stack.enter_context(serving(make_service(desk, **options)))

        yield begin


@pytest.mark.parametrize(
    ("reply", "status", "again"),
    [
        (fails(500, "boom"), 503, True),
        (fails(429, "slow down"), 503, True),
        (fails(401, "no such key"), 502, False),
        (fails(404, "no such model"), 502, False),
        (HTML, 502, False),
        (streamed(chunk("The council held "), Cut()), 502, False),
        (streamed(), 502, False),
    ],
    ids=["down", "limited", "refused", "unknown", "html", "broken off", "empty"],
)
def test_a_model_server_that_fails_is_a_problem(
    serve: Callable[..., str], reply: Reply, status: int, again: bool
) -> None:
    got, told, retry_after = ask(serve(reply))
    assert (got, retry_after is not None) == (status, again), told


def test_a_model_server_that_is_slow_is_given_up(serve: Callable[..., str]) -> None:
    got, told, retry_after = ask(serve(streamed(Pause(seconds=20), chunk("Late.")), timeout=0.3))
    assert (got, told["type"], bool(retry_after)) == (503, "urn:dateline:problem:model-busy", True)


def test_a_model_server_that_nobody_runs_is_a_problem(make_desk: MakeDesk, make_service: MakeService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    chat = OpenAIChat(model="tiny", base_url=f"http://127.0.0.1:{port}/v1", retries=0)
    with serving(make_service(replace(make_desk(), answerer=GenerativeAnswerer(model=chat)))) as address:
        assert ask(address)[0] == 502


def test_a_model_that_lies_gives_no_answer(serve: Callable[..., str]) -> None:
    got, told, _ = ask(serve(says("The council doubled the budget to $9 million. [7.7] [1.9]")))
    assert (got, told["status"], told["citations"]) == (200, "not_in_sources", [])
    assert told["rejected"] == ["[7.7]", "[1.9]"]


def test_a_storm_of_refusals_is_passed_on_and_over_when_it_is_over(serve: Callable[..., str]) -> None:
    good = says("The council held the budget at $4.25 million. [1.1]")
    address = serve(*[fails(429, "slow down")] * 20, good)
    with ThreadPoolExecutor(10) as pool:
        assert {status for status, _, _ in pool.map(lambda _: ask(address), range(20))} == {503}
    assert ask(address)[1]["status"] == "answered"


def test_a_fault_in_the_middle_of_a_stream_is_its_last_event(serve: Callable[..., str]) -> None:
    place = urlsplit(serve(streamed(chunk("The council held the budget at $4.25 million. [1.1]"), Cut())))
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
    headers = {"content-type": "application/json", "accept": "text/event-stream"}
    with closing(connection):
        connection.request("POST", "/v1/answers", json.dumps(ASKED), headers)
        *_, last = connection.getresponse().read().decode().replace("\r\n", "\n").strip().split("\n\n")
    assert "event: error" in last
    assert "urn:dateline:problem:model" in last


def test_what_is_too_much_is_refused_at_once_and_health_is_told_meanwhile(serve: Callable[..., str]) -> None:
    slow = streamed(Pause(seconds=1), *says("NOT_IN_SOURCES Nothing.").parts)
    address = serve(slow, slow, timeout=20, at_once=1, waiting=1)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, address) for _ in range(8)]
        with urllib.request.urlopen(f"{address}/healthz", timeout=30) as response:
            assert response.status == 200
            assert not all(each.done() for each in asked)
        refused = [each for each in asked if each.result()[0] == 503]
        assert len(refused) == 6
        assert {each.result()[2] for each in refused} == {"1"}
        assert {each.result()[0] for each in asked} == {200, 503}
    with urllib.request.urlopen(f"{address}/metrics", timeout=30) as response:
        assert "dateline_work_refused_total 6.0" in response.read().decode()


def test_a_client_that_goes_away_hangs_up_on_the_model(make_desk: MakeDesk, make_service: MakeService) -> None:
    with ScriptedServer(streamed(Pause(seconds=30), chunk("Late."))) as model:
        chat = OpenAIChat(model="tiny", base_url=model.base_url, timeout=60, retries=0)
        service = make_service(replace(make_desk(), answerer=GenerativeAnswerer(model=chat)), at_once=1)
        with serving(service) as address:
            place = urlsplit(address)
            with socket.create_connection((str(place.hostname), place.port or 0)) as client:
                body = json.dumps(ASKED)
                head = f"POST /v1/answers HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
                client.sendall(f"{head}content-type: application/json\r\n\r\n{body}".encode())
                _until(lambda: bool(model.requests))
            _until(lambda: service.work.under_way == 0)


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    assert holds()


@pytest.fixture
def damaged(ingested_seeds: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ingested_seeds, tmp_path / "library"))


@pytest.fixture
def over(make_service: MakeService) -> Iterator[Callable[[Path], str]]:
    """Serve a library by the embedded reader; give the address."""
    with ExitStack() as stack:

        def begin(library: Path) -> str:
            room = stack.enter_context(newsroom(read_settings(library=library, answerer="extractive")))
            return stack.enter_context(serving(make_service(room.desk())))

        yield begin


BRIDGE = "How much will the Arl Bridge repair cost?"


def test_an_index_that_is_damaged_or_gone_changes_no_answer(damaged: Path, over: Callable[[Path], str]) -> None:
    address = over(damaged)
    _, before, _ = ask(address, question=BRIDGE)
    [index] = damaged.glob("vectors-*")
    for file in (each for each in index.rglob("*") if each.is_file()):
        file.write_bytes(b"\0" * 100)
    status, after, _ = ask(over(damaged), question=BRIDGE)
    assert (status, after["text"], after["citations"]) == (200, before["text"], before["citations"])


def test_a_catalog_that_another_process_writes_to_is_read_meanwhile(damaged: Path, over: Callable[[Path], str]) -> None:
    address = over(damaged)
    with closing(sqlite3.connect(damaged / "catalog.sqlite", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert ask(address, question=BRIDGE)[0] == 200
        writer.execute("ROLLBACK")


def test_a_catalog_that_cannot_be_read_is_a_problem(damaged: Path, over: Callable[[Path], str]) -> None:
    address = over(damaged)
    assert ask(address, question=BRIDGE)[0] == 200
    for file in damaged.glob("catalog.sqlite*"):
        file.write_bytes(b"\xff" * 8192)
    status, told, _ = ask(address, question=BRIDGE)
    assert status in {503, 507}, told

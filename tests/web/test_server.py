from __future__ import annotations

import asyncio
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message

import pytest
import uvicorn
from fastapi import FastAPI
from gradio_client import Client  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]

from rag.answer import Desk
from rag.errors import ConfigurationError
from rag.types import Article
from rag.web.handlers import Handlers
from rag.web.headers import HEADERS
from rag.web.server import make_app, serve


@pytest.fixture(scope="module")
def module_desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk("The council held the budget at $4.25 million. [1.1]")


@contextmanager
def _serving(desk: Desk) -> Iterator[str]:
    """Serve a desk from a thread over a real socket."""
    ready = threading.Event()
    app = asyncio.run(_make(desk))  # with a loop running, Gradio leaves none of its own behind
    with socket.create_server(("127.0.0.1", 0)) as listener:

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                ready.set()

        server = Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(30)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


async def _make(desk: Desk) -> FastAPI:
    return make_app(desk, examples=["What is the budget?"])


def _get(address: str) -> tuple[int, dict[str, str], str]:
    try:
        with urllib.request.urlopen(address, timeout=30) as response:
            return response.status, _lower(response.headers), response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers), error.read().decode()


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.fixture(scope="module")
def address(module_desk: Desk) -> Iterator[str]:
    with _serving(module_desk) as address:
        yield address


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/healthz", 200), ("/config", 200), ("/theme.css", 200), ("/no/where", 404)]
)
def test_every_response_carries_the_security_headers(address: str, path: str, status: int) -> None:
    got, headers, _ = _get(address + path)
    assert got == status
    assert {name: headers.get(name) for name in HEADERS} == HEADERS


def test_the_policy_names_no_other_host() -> None:
    words = HEADERS["content-security-policy"].replace(";", " ").split()
    assert "frame-ancestors 'none'" in HEADERS["content-security-policy"]
    assert not [word for word in words if "*" in word or "http" in word or "." in word]


def test_health_tells_the_generation(address: str) -> None:
    _, _, body = _get(f"{address}/healthz")
    health = json.loads(body)
    assert health["status"] == "ok"
    assert health["generation"] >= 1


def test_nothing_is_reported_or_recorded(address: str) -> None:
    _, _, body = _get(f"{address}/config")
    config = json.loads(body)
    assert (config["analytics_enabled"], config["show_error"]) == (False, False)
    assert not config.get("run_history")


def test_asking_is_the_only_public_call(address: str) -> None:
    _, _, body = _get(f"{address}/gradio_api/info")
    info = json.loads(body)
    assert list(info["named_endpoints"]) == ["/ask"]
    assert not info["unnamed_endpoints"]


def test_a_program_gets_the_answer_as_data(address: str) -> None:
    client = Client(address, verbose=False, analytics_enabled=False)
    answer = client.predict("What is the council's budget?", [{"question": "Hi?", "answer": "No."}], api_name="/ask")
    assert answer["status"] == "answered"
    assert answer["text"] == "The council held the budget at $4.25 million. [1]"
    assert [citation["marker"] for citation in answer["citations"]] == [1]


def test_a_program_gets_the_line_that_says_what_is_wrong(address: str) -> None:
    client = Client(address, verbose=False, analytics_enabled=False)
    with pytest.raises(AppError, match='needs a "question"'):
        client.predict("What is the budget?", [{"nothing": "at all"}], api_name="/ask")


def test_an_address_that_is_taken_is_said_in_one_line(module_desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"Cannot listen on 127.0.0.1:{port} \(.+\)\. Choose another"):
            serve(module_desk, port=port)


@pytest.mark.parametrize(("host", "port"), [("no such host", 0), ("127.0.0.1", 70000), ("192.0.2.1", 0)])
def test_an_address_that_cannot_be_had_is_said_in_one_line(module_desk: Desk, host: str, port: int) -> None:
    with pytest.raises(ConfigurationError, match="Choose another address"):
        serve(module_desk, host, port)


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "#read/harbour/x/0-4",
        {"href": "#read/harbour/x/0-4"},
        {"href": 4, "also": []},
        {"href": "#read/harbour/nosuchversion/0-4", "also": []},
        {"href": "#read/nosuch/x/0-4", "also": []},
        {"href": "#read/harbour/VERSION/0-99999", "also": []},
        {"href": "#read/harbour/VERSION/0-4", "also": ["javascript:alert(1)"]},
    ],
)
def test_a_forged_link_opens_nothing(module_desk: Desk, article: Article, asked: object) -> None:
    if isinstance(asked, dict) and isinstance(asked["href"], str):
        asked = {**asked, "href": asked["href"].replace("VERSION", article.version)}
    html = Handlers(module_desk).open(asked)
    assert html.startswith('<p class="failure" role="alert">')
    assert "\n" not in html


def test_a_link_opens_the_article_with_its_companions_marked(module_desk: Desk, article: Article) -> None:
    place = f"#read/harbour/{article.version}"
    html = Handlers(module_desk).open({"href": f"{place}/46-63", "also": [f"{place}/0-45", 7, f"{place}/5-99999"]})
    assert '<mark class="cited">It was “a pause”.</mark>' in html
    assert '<mark class="also">The council held the budget at $4.25 million.</mark>' in html

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import Message

import pytest
from gradio_client import Client  # type: ignore[import-untyped]
from starlette.responses import PlainTextResponse
from starlette.types import Message as Received
from starlette.types import Receive, Scope, Send

from rag.answer import Desk
from rag.errors import ConfigurationError
from rag.question.requests import LONGEST_QUESTION
from rag.testing.serving import serving
from rag.types import Article
from rag.web.access.gate import Gate
from rag.web.access.headers import HEADERS
from rag.web.access.rights import RIGHTS
from rag.web.chat.handlers import Handlers
from rag.web.server import serve
from rag.web.service import Service

# Gradio sums up its events with pandas, in words that pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

MakeService = Callable[..., Service]


@pytest.fixture(scope="module")
def module_desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk("The council held the budget at $4.25 million. [1.1]")


def _get(address: str, data: object = None, **headers: str) -> tuple[int, dict[str, str], str]:
    body = None if data is None else json.dumps(data).encode()
    sent = {**({} if data is None else {"content-type": "application/json"}), **headers}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, sent), timeout=30) as response:
            return response.status, _lower(response.headers), response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers), error.read().decode()


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.fixture(scope="module")
def module_service(module_desk: Desk, make_service: MakeService) -> Service:
    return make_service(module_desk)


@pytest.fixture(scope="module")
def address(module_desk: Desk, make_service: MakeService) -> Iterator[str]:
    with serving(make_service(module_desk, allowed_hosts=("news.example",))) as address:
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


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload",
        "/gradio_api/upload/",
        "/gradio_api/upload_progress?upload_id=x",
        "/gradio_api/file=/etc/hostname",
        "/gradio_api/file/etc/hostname",
        "/gradio_api/proxy=https://example.org/",
        "/gradio_api/stream/x",
        "/gradio_api/process_recording",
        "/gradio_api/deep_link?session_hash=x",
        "/gradio_api/api/ask",
        "/gradio_api/openapi.json",
        "/gradio_api//upload",
        "/gradio_api/%75pload",
        "/assets/../gradio_api/upload",
        "/monitoring",
        "/login",
    ],
)
@pytest.mark.parametrize("data", [None, {}])
def test_what_the_page_does_not_need_is_not_there(address: str, path: str, data: object) -> None:
    assert _get(address + path, data)[0] in ({404} if "/assets" not in path else {403, 404, 405})


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "0.0.0.0", "192.0.2.7", "[::1", "[::2]"]
)
def test_a_host_that_is_not_ours_is_refused(address: str, host: str) -> None:
    assert _get(f"{address}/config", Host=host)[0] == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:7860", "127.0.0.1:1", "[::1]:7860", "news.example:443"])
def test_our_hosts_are_known_at_any_port(address: str, host: str) -> None:
    assert _get(f"{address}/healthz", Host=host)[0] == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://{own}", 200),
        ("https://news.example", 200),
        ("https://news.example:443", 200),
        ("http://news.example:8080", 403),
        ("ftp://news.example", 403),
        ("https://{own}", 403),
        ("http://127.0.0.1:1", 403),
        ("http://localhost", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
        ("", 403),
    ],
)
def test_pages_of_other_origins_may_not_ask(address: str, origin: str, status: int) -> None:
    asked = {"data": ["What is the budget?", []]}
    own = origin.format(own=address.removeprefix("http://"))
    assert _get(f"{address}/gradio_api/call/ask", asked, Origin=own)[0] == status


@pytest.mark.parametrize(
    ("allowed", "host", "known"),
    [
        (["0.0.0.0"], "192.0.2.7:7860", True),
        (["::"], "[2001:db8::1]:7860", True),
        (["0.0.0.0"], "evil.example", False),
        (["::1"], "192.0.2.7", False),
        (["News.Example"], "news.example", True),
        (["*"], "evil.example", True),
    ],
)
def test_a_server_on_every_address_is_known_by_its_addresses(allowed: list[str], host: str, known: bool) -> None:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("in")(scope, receive, send)

    async def receive() -> Received:
        return {"type": "http.request"}

    sent: list[Received] = []

    async def send(message: Received) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", host.encode())]}
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, Gate(inner, RIGHTS, allowed)(scope, receive, send)).result()
    assert sent[0]["status"] == (200 if known else 403)


def test_nothing_is_reported_or_recorded(address: str) -> None:
    _, _, body = _get(f"{address}/config")
    config = json.loads(body)
    assert (config["analytics_enabled"], config["show_error"]) == (False, False)
    assert not config.get("run_history")


def test_asking_searching_and_checking_are_the_only_public_calls(address: str) -> None:
    _, _, body = _get(f"{address}/gradio_api/info")
    info = json.loads(body)
    assert list(info["named_endpoints"]) == ["/ask", "/search", "/check"]
    assert not info["unnamed_endpoints"]


def test_a_program_gets_the_answer_as_data(address: str) -> None:
    client = Client(address, verbose=False, analytics_enabled=False)
    answer = client.predict("What is the council's budget?", [{"question": "Hi?", "answer": "No."}], api_name="/ask")
    assert answer["status"] == "answered"
    assert answer["text"] == "The council held the budget at $4.25 million. [1]"
    assert [citation["marker"] for citation in answer["citations"]] == [1]
    found = client.predict("the council's budget", 1, api_name="/search")
    assert [hit["article_id"] for hit in found["hits"]] == ["harbour"]
    checked = client.predict("The council held the budget at $4.25 million. It was a triumph.", api_name="/check")
    assert checked["claims"][0]["verdict"] == "supported"


@pytest.mark.parametrize(
    ("call", "asked", "told"),
    [
        ("ask", ["What is the budget?", [{"nothing": "at all"}]], "history must be a list"),
        ("ask", ["What is the budget?", "Hi"], "history must be a list"),
        ("ask", [None, None], "question is missing or not text"),
        ("ask", [["What is the budget?"], None], "question is missing or not text"),
        ("ask", [" ", None], "The question is empty"),
        ("ask", ["x" * (LONGEST_QUESTION + 1), None], "8,001 characters"),
        ("search", [7, 10], "question is missing or not text"),
        ("search", ["budget", "10"], "limit must be a whole number from 1 to 100."),
        ("search", ["budget", True], "limit must be a whole number from 1 to 100."),
        ("search", ["budget", 101], "limit must be a whole number from 1 to 100."),
        ("check", [None], "text is missing or not text."),
        ("check", ["\n"], "The draft is empty"),
    ],
)
def test_a_program_gets_the_line_that_says_what_is_wrong(
    address: str, call: str, asked: list[object], told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    _, _, event = _get(f"{address}/gradio_api/call/{call}", {"data": asked})
    _, _, said = _get(f"{address}/gradio_api/call/{call}/{json.loads(event)['event_id']}")
    assert told in said
    assert "Traceback" not in said + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("run/predict", {"data": [], "fn_index": 999}, 500),
        ("queue/join", {"data": [], "fn_index": -1, "session_hash": "s"}, 500),
        ("queue/join", {"data": "SECRET", "fn_index": 0, "session_hash": "s"}, 422),
        ("component_server", ["SECRET"], 400),
    ],
)
def test_what_the_page_cannot_read_is_a_problem_that_echoes_nothing(
    address: str, path: str, asked: object, status: int
) -> None:
    got, headers, told = _get(f"{address}/gradio_api/{path}", asked)
    assert (got, headers["content-type"]) == (status, "application/problem+json")
    assert "SECRET" not in told


def test_one_client_cannot_fill_the_page_for_others(make_desk: Callable[..., Desk], make_service: MakeService) -> None:
    go = threading.Event()
    asked, proxied = {"data": ["What is the council's budget?", None]}, {"trusted_proxies": ("127.0.0.1",)}
    desk = make_desk(lambda: go.wait(30), "The council held the budget at $4.25 million. [1.1]")
    service = make_service(desk, rate="1000/minute", at_once=2, waiting=6, **proxied)
    with serving(service) as address:
        call = f"{address}/gradio_api/call/ask"
        try:
            begun = [_get(call, asked, **{"x-forwarded-for": "192.0.2.1"})[0] for _ in range(90)]
            _until(lambda: service.work.refused == 86)
            _, _, event = _get(call, asked, **{"x-forwarded-for": "192.0.2.2"})
            _until(lambda: service.work.waiting == 3)
        finally:
            go.set()
        _, _, said = _get(f"{call}/{json.loads(event)['event_id']}", **{"x-forwarded-for": "192.0.2.2"})
    assert set(begun) == {200}
    assert "event: complete" in said
    assert service.work.refused == 86


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    assert holds()


def test_an_address_that_is_taken_is_said_in_one_line(module_desk: Desk, make_service: MakeService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"Cannot listen on 127.0.0.1:{port} \(.+\)\. Choose another"):
            serve(make_service(module_desk, port=port))


@pytest.mark.parametrize(("host", "port"), [("no such host", 0), ("127.0.0.1", 70000), ("192.0.2.1", 0)])
def test_an_address_that_cannot_be_had_is_said_in_one_line(
    module_desk: Desk, make_service: MakeService, host: str, port: int
) -> None:
    with pytest.raises(ConfigurationError, match="Choose another address"):
        serve(make_service(module_desk, host=host, port=port))


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
def test_a_forged_link_opens_nothing(module_service: Service, article: Article, asked: object) -> None:
    if isinstance(asked, dict) and isinstance(asked["href"], str):
        asked = {**asked, "href": asked["href"].replace("VERSION", article.version)}
    html = Handlers(module_service).open(asked)
    assert html.startswith('<p class="failure" role="alert">')
    assert "\n" not in html


def test_a_link_opens_the_article_with_its_companions_marked(module_service: Service, article: Article) -> None:
    place = f"#read/harbour/{article.version}"
    html = Handlers(module_service).open({"href": f"{place}/46-63", "also": [f"{place}/0-45", 7, f"{place}/5-99999"]})
    assert '<mark class="cited">It was “a pause”.</mark>' in html
    assert '<mark class="also">The council held the budget at $4.25 million.</mark>' in html

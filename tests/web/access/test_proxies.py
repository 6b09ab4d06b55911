"""Behind a reverse proxy that shows the server under a path, whether it cuts the path off or keeps it."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest
import uvicorn
from gradio_client import Client  # type: ignore[import-untyped]
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from rag.errors import ConfigurationError
from rag.testing.serving import serving
from rag.web.access.proxies import Proxies, demand_addresses
from rag.web.service import Service
from tests.web.access.conftest import Guarded, make_keys

pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

ROOT = "/dateline"
PAGE = {"accept": "text/html"}


@contextmanager
def proxying(upstream: str, *, cut: bool, scheme: str = "https") -> Iterator[str]:
    """Run a reverse proxy that shows `upstream` under a path, as seen over TLS."""

    async def forward(request: Request) -> Response:
        path = request.url.path.removeprefix(ROOT) if cut else request.url.path
        headers = [(name, value) for name, value in request.headers.items() if name != "connection"]
        assert request.client
        told = [("x-forwarded-for", request.client.host), ("x-forwarded-proto", scheme)]
        address = f"{upstream}{path}{'?' if request.url.query else ''}{request.url.query}"
        asked = client.build_request(request.method, address, content=await request.body())
        asked.headers = httpx.Headers([*headers, *told])
        reply = await client.send(asked, stream=True)
        response = StreamingResponse(reply.aiter_raw(), reply.status_code, background=BackgroundTask(reply.aclose))
        response.raw_headers = [pair for pair in reply.headers.raw if pair[0].lower() != b"transfer-encoding"]
        return response

    client = httpx.AsyncClient(timeout=30)

    @asynccontextmanager
    async def connected(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    app = Starlette(routes=[Route("/{path:path}", forward, methods=["GET", "POST", "DELETE"])], lifespan=connected)
    with running(app) as address:
        yield address + ROOT


@contextmanager
def running(app: Starlette) -> Iterator[str]:
    ready = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, proxy_headers=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(30)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def upstream(guarded_with: Callable[..., Service]) -> Iterator[Guarded]:
    service = guarded_with(root_path=ROOT, trusted_proxies=("127.0.0.1",), allowed_hosts=("news.example",))
    with serving(service) as address:
        yield Guarded(address=address, service=service, keys=make_keys(service))


@pytest.fixture(scope="module", params=[True, False], ids=["path cut off", "path kept"])
def shown(upstream: Guarded, request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, str]]]:
    with proxying(upstream.address, cut=request.param) as address:
        yield address, upstream.keys


def test_the_page_works_under_a_path(shown: tuple[str, dict[str, str]]) -> None:
    address, keys = shown
    with httpx.Client(headers={**PAGE, "host": "news.example"}) as browser:
        sent = browser.get(f"{address}/")
        assert (sent.status_code, sent.headers["location"]) == (303, f"{ROOT}/login")
        assert f'action="{ROOT}/login"' in browser.get(f"{address}/login").text
        opened = browser.post(f"{address}/login", data={"key": keys["ask"]})
        assert (opened.status_code, opened.headers["location"]) == (303, f"{ROOT}/")
        cookie = opened.headers["set-cookie"]
        assert {f"Path={ROOT}/", "HttpOnly", "Secure", "SameSite=strict"} <= set(cookie.split("; "))
        session = {"cookie": cookie.partition(";")[0]}
        page = browser.get(f"{address}/", headers=session)
        assert f'"root":"https://news.example{ROOT}"' in page.text.replace('": "', '":"')
        assets = re.findall(r'(?:src|href)="(\./assets/[^"]+)"', page.text)
        assert len(assets) > 1
        assert {browser.get(f"{address}/{each}", headers=session).status_code for each in assets} == {200}
        assert (
            browser.post(f"{address}/logout", headers={**session, "sec-fetch-site": "same-origin"}).status_code == 303
        )
        assert browser.get(f"{address}/", headers=session).status_code == 303


def test_the_api_works_under_a_path(shown: tuple[str, dict[str, str]]) -> None:
    address, keys = shown
    with httpx.Client(headers={"authorization": f"Bearer {keys['ask']}"}) as program:
        assert program.get(f"{address}/v1/articles/harbour").json()["article_id"] == "harbour"
        assert program.post(f"{address}/v1/answers", json={"question": "What is the budget?"}).status_code == 200
        assert program.get(f"{address}/openapi.json").json()["servers"] == [{"url": ROOT}]
        assert program.get(f"{address}/v1/nothing").status_code == 404
        assert program.get(f"{address}/metrics").status_code == 403


def test_the_bare_path_leads_to_the_page(upstream: Guarded) -> None:
    reply = upstream.ask(f"GET {ROOT}")
    assert (reply.status, reply.headers["location"]) == (308, f"{ROOT}/")


def test_a_program_calls_the_page_under_a_path(shown: tuple[str, dict[str, str]], upstream: Guarded) -> None:
    address, keys = shown
    client = Client(
        f"{address}/", headers={"Authorization": f"Bearer {keys['ask']}"}, verbose=False, analytics_enabled=False
    )
    assert client.predict("What is the council's budget?", [], api_name="/ask")["status"] == "answered"


async def passed(
    trusted: tuple[str, ...], peer: str, *headers: tuple[bytes, bytes], root: str = "", path: str = "/"
) -> Scope:
    """Return what is left of a request behind the guard."""
    scope: Scope = {"type": "http", "client": (peer, 1), "scheme": "http", "path": path, "headers": list(headers)}

    async def inner(_: Scope, __: Receive, ___: Send) -> None: ...

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None: ...

    await Proxies(inner, trusted, root)(scope, receive, send)
    return scope


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "seen"),
    [
        ((), "127.0.0.1", "192.0.2.7", "127.0.0.1"),
        (("192.0.2.0/24",), "127.0.0.1", "192.0.2.7", "127.0.0.1"),
        (("127.0.0.1",), "127.0.0.2", "192.0.2.7", "127.0.0.2"),
        (("127.0.0.1",), "127.0.0.1", "192.0.2.7", "192.0.2.7"),
        (("127.0.0.0/8",), "127.0.0.9", "192.0.2.7", "192.0.2.7"),
        (("10.0.0.0/8",), "::ffff:10.1.2.3", "192.0.2.7", "192.0.2.7"),
        (("2001:db8::/32",), "2001:db8::5", "2001:db9::1", "2001:db9::1"),
        (("2001:db8:0::5",), "2001:db8::5", "[2001:db9::1]:443", "2001:db9::1"),
        (("127.0.0.1",), "127.0.0.1", "203.0.113.9, 192.0.2.7", "192.0.2.7"),
        (("127.0.0.1", "192.0.2.0/24"), "127.0.0.1", "203.0.113.9, 192.0.2.7", "203.0.113.9"),
        (("127.0.0.1",), "127.0.0.1", "203.0.113.9, x", "x"),
    ],
)
async def test_only_trusted_proxies_say_who_asks(
    trusted: tuple[str, ...], peer: str, forwarded: str, seen: str
) -> None:
    told = [(b"x-forwarded-for", forwarded.encode()), (b"x-forwarded-proto", b"https")]
    scope = await passed(trusted, peer, *told)
    assert scope["client"][0] == seen
    assert scope["scheme"] == ("http" if seen == peer else "https")


@pytest.mark.parametrize(("peer", "host"), [("127.0.0.1", b"news.example"), ("192.0.2.7", b"inner")])
async def test_what_proxies_say_reaches_nobody_else(peer: str, host: bytes) -> None:
    told = [(b"x-forwarded-host", b"news.example"), (b"x-gradio-server", b"https://evil.example"), (b"forwarded", b"x")]
    scope = await passed(("127.0.0.1",), peer, (b"host", b"inner"), *told)
    assert scope["headers"] == [(b"host", host)]


@pytest.mark.parametrize(
    "told",
    [["evil.example, news.example"], ["evil.example", "news.example"], ["evil.example", "evil.example,news.example"]],
)
async def test_of_several_hosts_the_nearest_proxy_told_the_last(told: list[str]) -> None:
    headers = [(b"x-forwarded-host", each.encode()) for each in told]
    scope = await passed(("127.0.0.1",), "127.0.0.1", (b"host", b"inner"), *headers)
    assert scope["headers"] == [(b"host", b"news.example")]


@pytest.mark.parametrize(
    ("path", "seen"),
    [("/dateline/v1/x", "/dateline/v1/x"), ("/v1/x", "/dateline/v1/x"), ("/datelinefoo", "/dateline/datelinefoo")],
)
async def test_a_path_is_whole_whether_the_proxy_cuts_it_or_not(path: str, seen: str) -> None:
    assert (await passed((), "127.0.0.1", root=ROOT, path=path))["path"] == seen


@pytest.mark.parametrize("entry", ["*", "proxy.example", "10.0.0.1/8", "10.0.0.0/99", ""])
def test_what_is_no_address_is_not_trusted(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="neither an address nor a network"):
        demand_addresses([entry])

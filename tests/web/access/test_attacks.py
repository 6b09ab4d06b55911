"""What strangers may try: a table of attacks over real sockets, and what must come back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest
from starlette.types import Message

from rag.testing.serving import made
from rag.web.access.headers import HEADERS
from rag.web.server import make_app
from tests.web.access.conftest import Guarded, Reply

SECRETS = ("council held the budget", "Traceback", "site-packages", "/work/", "sqlite")
"""Words of the article, and of the machinery, that no refusal may hold."""
MARKUP = "<svg/onload=alert(1)>"
SOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
QUESTION = '{"question": "What is the budget?"}'
CHAT = '{"model": "dateline", "messages": [{"role": "user", "content": "What is the budget?"}]}'
ASKED = "POST /v1/answers"
DEEP = b'{"question": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One request, and the statuses that may answer it."""

    name: str
    words: str
    headers: tuple[str, ...] = ()
    body: str | bytes = QUESTION
    status: tuple[int, ...] = (401,)


def attack(name: str, words: str, *headers: str, status: int | tuple[int, ...] = 401, body: str | bytes = "") -> Attack:
    statuses = (status,) if isinstance(status, int) else status
    body = body or (QUESTION if words.startswith("POST") else b"")
    return Attack(name=name, words=words, headers=headers, body=body, status=statuses)


def bearer(key: str) -> str:
    return f"Authorization: Bearer {key}"


ATTACKS = [
    # Keys that are none.
    attack("no key", ASKED),
    attack("an empty key", ASKED, "Authorization: Bearer "),
    attack("a wrong key", ASKED, bearer("dl_000000000000_" + "A" * 43)),
    attack("another server's key", ASKED, bearer("sk-proj-1234567890")),
    attack("a revoked key", ASKED, bearer("REVOKED_KEY")),
    attack("an expired key", ASKED, bearer("EXPIRED_KEY")),
    attack("a key cut short", ASKED, bearer("CUT")),
    attack("one key's id with another's secret", ASKED, bearer("MIXED")),
    attack("an id alone", ASKED, bearer("ID")),
    attack("a key in capitals", ASKED, bearer("LOUD")),
    attack("a key as basic authorization", ASKED, "Authorization: Basic ASK_KEY"),
    attack("a key without a scheme", ASKED, "Authorization: ASK_KEY"),
    attack("a key in the address", "POST /v1/answers?key=ASK_KEY&access_token=ASK_KEY"),
    attack("SQL in a key", ASKED, bearer("dl_' OR 1=1 --_x")),
    attack("a key as a session", ASKED, "Cookie: dateline=ASK_KEY", "Sec-Fetch-Site: same-origin"),
    attack("a made-up session", ASKED, f"Cookie: dateline={'A' * 43}", "Sec-Fetch-Site: same-origin"),
    attack("a key of two thousand characters", ASKED, bearer("A" * 2_000)),
    # Scopes that a key does not have.
    attack("read key asks", ASKED, bearer("READ_KEY"), status=403),
    attack("read key chats", "POST /v1/chat/completions", bearer("READ_KEY"), body=CHAT, status=403),
    attack("read key uses tools", "POST /mcp", bearer("READ_KEY"), status=403),
    attack("read key opens the page", "GET /config", bearer("READ_KEY"), status=403),
    attack("read key removes", "DELETE /v1/articles/harbour", bearer("READ_KEY"), status=403),
    attack("ask key writes", "POST /v1/articles", bearer("ASK_KEY"), body='{"articles": []}', status=403),
    attack("ask key removes", "DELETE /v1/articles/harbour", bearer("ASK_KEY"), status=403),
    attack("ask key reads the metrics", "GET /metrics", bearer("ASK_KEY"), status=403),
    attack("ask key reads what others sent", "GET /v1/feedback", bearer("ASK_KEY"), status=403),
    attack("write key asks", ASKED, bearer("WRITE_KEY"), status=403),
    attack("write key reads", "GET /v1/articles/harbour", bearer("WRITE_KEY"), status=403),
    attack("write key reads the metrics", "GET /metrics", bearer("WRITE_KEY"), status=403),
    # Headers that contradict or disguise.
    attack("two keys", ASKED, bearer("READ_KEY"), bearer("ASK_KEY"), status=400),
    attack("two keys in two headers", ASKED, bearer("READ_KEY"), "X-Api-Key: ASK_KEY", status=400),
    attack("a header folded over lines", ASKED, "X-A: b\r\n Authorization: Bearer ASK_KEY", status=(400, 401)),
    attack("a name with a space", ASKED, "Authorization : Bearer ASK_KEY", status=(400, 401)),
    attack("from the loopback, says the sender", ASKED, "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1"),
    attack("by a proxy, says the sender", ASKED, "Forwarded: for=127.0.0.1;host=localhost;proto=https"),
    attack(
        "another method behind it",
        "GET /v1/articles/harbour",
        bearer("READ_KEY"),
        "X-HTTP-Method-Override: DELETE",
        status=200,
    ),
    attack(
        "another address behind it", "GET /healthz", "X-Original-URL: /metrics", "X-Rewrite-URL: /metrics", status=200
    ),
    attack("a foreign host", ASKED, bearer("ASK_KEY"), "Host: evil.example", status=403),
    attack("two hosts", ASKED, bearer("ASK_KEY"), "Host: 127.0.0.1", "Host: evil.example", status=(400, 403)),
    attack("a host with credentials", ASKED, bearer("ASK_KEY"), "Host: 127.0.0.1@evil.example", status=403),
    attack(
        "a host that the sender forwards",
        "GET /config",
        bearer("ASK_KEY"),
        "Host: evil.example",
        "X-Forwarded-Host: 127.0.0.1",
        status=403,
    ),
    attack("a foreign page", ASKED, bearer("ASK_KEY"), "Origin: https://evil.example", status=403),
    attack("a page without an origin", ASKED, bearer("ASK_KEY"), "Origin: null", status=403),
    attack(
        "a preflight from elsewhere",
        "OPTIONS /v1/answers",
        "Origin: https://evil.example",
        "Access-Control-Request-Method: POST",
        status=405,
    ),
    # Paths that lead around the table.
    attack("two slashes", "POST //v1/answers", bearer("ASK_KEY"), status=404),
    attack("up and down", "POST /v1/../v1/answers", bearer("ASK_KEY"), status=404),
    attack("up and down, encoded", "GET /v1/articles/%2e%2e/%2e%2e/metrics", bearer("READ_KEY"), status=404),
    attack("a slash, encoded", "GET /gradio_api%2fupload", bearer("ADMIN_KEY"), status=404),
    attack("parameters in the path", "POST /v1/answers;a=b", bearer("ASK_KEY"), status=404),
    attack("capitals", "POST /V1/Answers", bearer("ASK_KEY"), status=404),
    attack("a slash at the end", "POST /v1/answers/", bearer("ASK_KEY"), status=404),
    attack("a NUL in the path", "GET /healthz%00", status=404),
    attack("a line end in the path", "GET /healthz%0d%0aSet-Cookie:%20a=b", status=404),
    attack("a backslash", "GET /v1\\articles", bearer("ADMIN_KEY"), status=(400, 404)),
    attack("a whole address", "GET http://evil.example/metrics", bearer("READ_KEY"), status=(400, 403, 404)),
    attack(
        "a letter that folds", "GET /metric\u017f".encode().decode("latin-1"), bearer("READ_KEY"), status=(400, 404)
    ),
    attack("up from the assets", "GET /assets/../gradio_api/upload", bearer("ADMIN_KEY"), status=404),
    attack("up from the assets, encoded", "GET /static/%2e%2e%2f%2e%2e%2fapp.py", bearer("ADMIN_KEY"), status=404),
    # Markup that an error page might repeat.
    attack("markup in the path", f"GET /{MARKUP}", status=404),
    attack("markup in a key", ASKED, bearer(MARKUP)),
    attack("markup in a host", ASKED, f"Host: {MARKUP}", status=(400, 403)),
    attack("markup in a method", f"{MARKUP} /v1/answers", status=(400, 405)),
    attack("markup in a question", ASKED, bearer("ASK_KEY"), body=f'{{"question": 1, "{MARKUP}": 2', status=(400, 422)),
    attack("markup in a request id", ASKED, f"X-Request-ID: {MARKUP}"),
    # The routes of the page's framework.
    attack("a web socket", "GET /gradio_api/queue/data", *SOCKET, status=(401, 403)),
    attack("a web socket with a key", "GET /gradio_api/queue/data", *SOCKET, bearer("ASK_KEY"), status=403),
    *(
        attack(f"{words.split()[1]} of the page's framework", words, bearer("ADMIN_KEY"), status=(404, 405))
        for words in (
            "POST /gradio_api/upload",
            "GET /gradio_api/file=/etc/hostname",
            "GET /gradio_api/file/etc/hostname",
            "GET /gradio_api/proxy=http://169.254.169.254/",
            "GET /gradio_api/upload_progress?upload_id=x",
            "POST /gradio_api/stream/x",
            "POST /gradio_api/api/ask",
            "POST /gradio_api/run/ask",
            "POST /gradio_api/call/v2/ask",
            "GET /gradio_api/openapi.json",
            "GET /monitoring",
            "GET /gradio_api/token",
            "GET /docs",
        )
    ),
    *(
        attack(f"{words.split()[1]} without a key", words, body="{}")
        for words in (
            "GET /",
            "GET /config",
            "GET /theme.css",
            "GET /assets/index.js",
            "GET /gradio_api/info",
            "GET /gradio_api/heartbeat/x",
            "POST /gradio_api/queue/join",
            "GET /gradio_api/queue/data?session_hash=x",
            "POST /gradio_api/call/ask",
            "GET /gradio_api/call/ask/x",
            "POST /gradio_api/component_server",
            "POST /gradio_api/component_server/",
            "POST /gradio_api/run/predict",
            "GET /openapi.json",
            "GET /metrics",
            "GET /v1/models",
            "POST /mcp",
        )
    ),
    # Bodies that are too much.
    attack("too large a body", ASKED, bearer("ASK_KEY"), body=b" " * 100_001, status=413),
    attack("too large, by its own word", ASKED, bearer("ASK_KEY"), "Content-Length: 99999999999", status=413),
    attack("a length of many digits", ASKED, bearer("ASK_KEY"), f"Content-Length: {'0' * 5_000}35", status=413),
    attack(
        "too large, in pieces",
        ASKED,
        bearer("ASK_KEY"),
        "Transfer-Encoding: chunked",
        status=413,
        body=b"10000\r\n" + b" " * 0x10000 + b"\r\n10000\r\n" + b" " * 0x10000 + b"\r\n0\r\n\r\n",
    ),
    attack(
        "too large an upload",
        "POST /v1/articles",
        bearer("WRITE_KEY"),
        "Content-Type: multipart/form-data; boundary=b",
        body=b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n' + b"a" * 200_000,
        status=413,
    ),
    attack(
        "too large an upload, in pieces",
        "POST /v1/articles",
        bearer("WRITE_KEY"),
        "Transfer-Encoding: chunked",
        "Content-Type: multipart/form-data; boundary=b",
        status=413,
        body=b"40000\r\n"
        + b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'.ljust(0x40000)
        + b"\r\n0\r\n\r\n",
    ),
    attack("a length below nothing", ASKED, bearer("ASK_KEY"), "Content-Length: -1", status=(400, 413)),
    attack("a body that nests deep", ASKED, bearer("ASK_KEY"), body=DEEP, status=400),
    attack(
        "a body that nests deep, as text", ASKED, bearer("ASK_KEY"), "Content-Type: text/plain", body=DEEP, status=400
    ),
    attack(
        "a number of many digits",
        ASKED,
        bearer("ASK_KEY"),
        body=b'{"question": ' + b"9" * 50_000 + b"}",
        status=(400, 422),
    ),
    attack("two lengths", ASKED, bearer("ASK_KEY"), "Content-Length: 35", "Content-Length: 4", status=400),
]


@pytest.mark.parametrize("tried", ATTACKS, ids=lambda tried: tried.name)
def test_nothing_gets_in_and_nothing_leaks(guarded: Guarded, tried: Attack, request: pytest.FixtureRequest) -> None:
    sender = f"127.0.0.{2 + ATTACKS.index(tried)}"  # each from an address of its own: wrong keys are counted
    reply = guarded.ask(
        disguised(guarded, tried.words),
        *(disguised(guarded, each) for each in tried.headers),
        body=tried.body,
        sender=sender,
    )
    assert reply.status in tried.status, reply
    assert_tells_nothing(guarded, reply)


async def test_a_fault_of_a_guard_tells_nothing(guarded: Guarded) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    app = await asyncio.to_thread(made, lambda: make_app(guarded.service))
    # No server says of a client that it has no port; the guard that unmaps addresses fails over it.
    scope = {"type": "http", "method": "GET", "path": "/healthz", "raw_path": b"/healthz", "client": ("127.0.0.1",)}
    await app({**scope, "headers": []}, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert sent[0]["status"] == 500
    assert told.items() >= {**HEADERS, "content-type": "application/problem+json"}.items()
    assert "Traceback" not in str(sent)


def disguised(guarded: Guarded, text: str) -> str:
    ask, other = guarded.keys["ask"], guarded.keys["other"]
    return guarded.filled(
        text.replace("CUT", ask[:-1])
        .replace("MIXED", ask[:16] + other[16:])
        .replace("Bearer ID", f"Bearer {ask[:16]}")
        .replace("LOUD", ask.upper())
    )


def assert_tells_nothing(guarded: Guarded, reply: Reply) -> None:
    if reply.status < 300:
        return
    told = reply.body + json.dumps(reply.headers)
    assert not [word for word in (MARKUP, *SECRETS, *guarded.keys.values()) if word in told], reply
    if reply.body:  # the refusal of a web socket has none
        assert reply.detail
    if reply.status == 401:
        assert reply.headers["www-authenticate"].startswith("Bearer")

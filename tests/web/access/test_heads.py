"""Heads of requests that are too large, or that never end: nobody has to show a key for those."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from rag.testing.serving import serving
from rag.web.access.headers import HEADERS
from rag.web.access.heads import LARGEST, HeadProtocol
from rag.web.service import Service
from tests.web.access.conftest import Guarded, Reply, parsed

SHORT = b"X-A: b\r\n"
FORM = b"POST /login HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"


def flooded(address: str, beginning: bytes, piece: bytes, most: int = 1 << 23) -> tuple[Reply, int]:
    """Send a beginning, then one piece over and over until the server closes; return its reply and what was sent."""
    parts = urlsplit(address)
    pieces, sent = piece * (16_384 // len(piece)), 0
    with socket.create_connection((parts.hostname, parts.port), 30) as connection:
        try:
            connection.sendall(beginning.replace(b"{host}", parts.netloc.encode()))
            while sent < most:
                sent += connection.send(pieces)
        except ConnectionError:
            pass
        received = b""
        try:
            while more := connection.recv(65_536):
                received += more
        except ConnectionError:
            pass
    return parsed(received), sent


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"GET /healthz HTTP/1.1\r\n", SHORT),
        (b"GET /healthz HTTP/1.1\r\nX-A: ", b"b"),
        (b"GET /healthz HTTP/1.1\r\n", b"b"),
        (b"GET /", b"b"),
        (FORM, SHORT),
        (FORM, b"b"),
    ],
    ids=["many headers", "one value", "one name", "an address", "many trailers", "one trailer"],
)
def test_an_endless_head_is_cut_off(guarded: Guarded, beginning: bytes, piece: bytes) -> None:
    reply, sent = flooded(guarded.address, beginning, piece)
    assert sent < 1 << 23
    assert reply.status == 431
    assert "send fewer or shorter headers" in reply.detail
    assert reply.headers.items() >= {**HEADERS, "connection": "close"}.items()


@pytest.mark.parametrize(("spare", "status"), [(1_000, 200), (-1, 431)])
def test_a_head_may_have_so_many_bytes(guarded: Guarded, spare: int, status: int) -> None:
    fields = SHORT * ((LARGEST - spare) // len(SHORT))
    head = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    assert guarded.send(head + fields + b"\r\n").status == status


def test_requests_on_one_connection_are_counted_one_by_one(guarded: Guarded) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + SHORT * 5_000
    with socket.create_connection((urlsplit(guarded.address).hostname, urlsplit(guarded.address).port), 30) as sending:
        for _ in range(4):
            sending.sendall(head + b"\r\n")
            assert parsed(sending.recv(65_536)).status == 200


def test_what_is_no_request_is_told_so_as_everything_is(guarded: Guarded) -> None:
    reply = guarded.send(b"\x16\x03\x01\r\n\r\n")
    assert (reply.status, reply.detail) == (400, "This is no HTTP request.")


class Hasty(HeadProtocol):
    patience = 0.2


@pytest.fixture(scope="module")
def hasty(guarded_with: Callable[..., Service]) -> Iterator[str]:
    with serving(guarded_with(keys_needed=False), http=Hasty, timeout_keep_alive=30) as address:
        yield address


@pytest.mark.parametrize(
    ("first", "replies"),
    [
        (b"", 0),
        (b"GET /healthz HTTP/1.1\r\nHost:", 0),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /", 1),
    ],
    ids=["nothing", "half a head", "half a second head"],
)
async def test_who_sends_no_whole_head_is_let_go(hasty: str, first: bytes, replies: int) -> None:
    parts = urlsplit(hasty)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(first)
    async with asyncio.timeout(20):
        received = await reader.read()
    writer.close()
    assert received.count(b"HTTP/1.1 ") == replies


async def test_a_request_may_take_longer_than_its_head(hasty: str) -> None:
    parts = urlsplit(hasty)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    body = b'{"question": "What is the budget?"}'
    writer.write(
        b"POST /v1/answers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % len(body)
    )
    await asyncio.sleep(3 * Hasty.patience)
    writer.write(body)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from rag.answer import Desk
from rag.protocols import Submission
from rag.records.keys import Keys, KeyScope
from rag.testing.serving import serving
from rag.web.service import Service
from rag.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back over a socket."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def detail(self) -> str:
        assert self.headers["content-type"] == "application/problem+json", self
        return str(json.loads(self.body)["detail"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A server that needs keys, and keys of every kind."""

    address: str
    service: Service
    keys: dict[str, str]

    def send(self, request: bytes, sender: str = "127.0.0.1") -> Reply:
        """Send bytes as they are from an address of the loopback, and read until the server closes."""
        return exchange(self.address, request, sender)

    def ask(self, words: str, *headers: str, body: bytes | str = b"", sender: str = "127.0.0.1") -> Reply:
        """Send a well-formed request; `KEY` names in headers stand for keys."""
        return self.send(request(words, *map(self.filled, headers), body=body, host=self.host), sender)

    def filled(self, text: str) -> str:
        """Return a text with the names of keys replaced by keys."""
        return re.sub(r"\b([A-Z]+)_KEY\b", lambda name: self.keys[name[1].lower()], text)

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc


class Shredder:
    """An intake that takes everything and keeps nothing."""

    def take(
        self, submissions: Sequence[Submission], progress: Callable[[int, int], None] = lambda _done, _total: None
    ) -> Mapping[str, Json]:
        return {"added": []}


def request(words: str, *headers: str, body: bytes | str = b"", host: str = "127.0.0.1") -> bytes:
    """Return the bytes of a request that closes its connection."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"{words} HTTP/1.1", *headers]
    names = {line.partition(":")[0].lower() for line in headers}
    if "connection" not in names:
        lines.append("Connection: close")
    if "host" not in names:
        lines.append(f"Host: {host}")
    if data and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(data)}")
    if data and "content-type" not in names:
        lines.append("Content-Type: application/json")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data


def exchange(address: str, sent: bytes, sender: str = "127.0.0.1") -> Reply:
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), 30, (sender, 0)) as connection:
        connection.sendall(sent)
        return parsed(b"".join(iter(lambda: _received(connection), b"")))


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except ConnectionResetError:  # the server closed without reading all that was sent
        return b""


def parsed(received: bytes) -> Reply:
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:]}
    return Reply(status=int(lines[0].split()[1]), headers=headers, body=body.decode("utf-8", "replace"))


def make_keys(service: Service) -> dict[str, str]:
    keys = Keys(service.records)
    made = {scope.value: keys.create(f"{scope}’s", [scope])[1] for scope in KeyScope}
    made["expired"] = keys.create("late", [KeyScope.ADMIN], datetime.now(UTC) - timedelta(seconds=1))[1]
    key, made["revoked"] = keys.create("gone", [KeyScope.ADMIN])
    keys.revoke(key.id)
    made["other"] = keys.create("another", [KeyScope.ASK])[1]
    return made


@pytest.fixture(scope="module")
def guarded_with(make_desk: Callable[..., Desk], make_service: Callable[..., Service]) -> Callable[..., Service]:
    """Make a service that needs keys; what is given are its options."""

    def make(**options: object) -> Service:
        desk = make_desk("The council held the budget at $4.25 million. [1.1]")
        return make_service(desk, intake=Shredder(), **{"keys_needed": True, **options})

    return make


@pytest.fixture(scope="module")
def guarded(guarded_with: Callable[..., Service]) -> Iterator[Guarded]:
    service = guarded_with(largest_upload=200_000, largest_body=100_000)
    with serving(service) as address:
        yield Guarded(address=address, service=service, keys=make_keys(service))

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from limits import parse
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from rag.errors import ConfigurationError
from rag.records.keys import Key, KeyScope
from rag.testing.serving import serving
from rag.web.access.asker import Asker, network, remember
from rag.web.access.bodies import DEEPEST, Bodies
from rag.web.access.limits import AddressRates, Limits, rate_of
from rag.web.access.rights import RIGHTS, Load, Right, rights_to
from rag.web.service import Service
from rag.work import ASKER
from tests.web.access.conftest import Guarded, make_keys

ASK = rights_to("/v1/answers", RIGHTS)["POST"]
HEALTH = rights_to("/healthz", RIGHTS)["GET"]
UPLOAD = rights_to("/v1/articles", RIGHTS)["POST"]


async def answered(app: object, right: Right, asker: str | Asker = "192.0.2.1", *pieces: bytes, **headers: str) -> int:
    """Return the status with which guards answer a request."""
    sent: list[Message] = []
    coming = iter([*pieces, b""])

    async def receive() -> Message:
        piece = next(coming)
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def send(message: Message) -> None:
        sent.append(message)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {
        "type": "http",
        "method": right.method,
        "path": right.path,
        "headers": named,
        "dateline.right": right,
    }
    remember(scope, asker if isinstance(asker, Asker) else Asker(address=asker))
    await app(scope, receive, send)  # type: ignore[operator]
    return int(sent[0]["status"])


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await PlainTextResponse("in")(scope, receive, send)


async def test_each_client_has_a_rate_of_its_own() -> None:
    app = Limits(inner, parse("3/minute"), {})
    assert [await answered(app, ASK, "192.0.2.1") for _ in range(4)] == [200, 200, 200, 429]
    assert await answered(app, ASK, "192.0.2.2") == 200
    assert await answered(app, HEALTH, "192.0.2.1") == 200
    # One client of IPv6 has a whole network of addresses.
    several = [await answered(app, ASK, f"2001:db8:0:1::{number}") for number in range(4)]
    assert several == [200, 200, 200, 429]
    assert await answered(app, ASK, "2001:db8:0:2::1") == 200


async def test_one_client_cannot_take_all_places() -> None:
    release = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await release.wait()
        await inner(scope, receive, send)

    app = Limits(slow, None, {Load.WORK: 2})
    waiting = [asyncio.create_task(answered(app, ASK)) for _ in range(3)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in waiting if task.done()] == [429]
    other = asyncio.create_task(answered(app, ASK, "192.0.2.2"))
    release.set()
    assert sorted([await task for task in waiting]) == [200, 200, 429]
    assert (await other, await answered(app, ASK)) == (200, 200)


async def test_work_is_done_in_the_name_of_whoever_asks() -> None:
    named = []

    async def working(scope: Scope, receive: Receive, send: Send) -> None:
        named.append(ASKER.get())
        await inner(scope, receive, send)

    app, key = Limits(working, None, {}), Key(id="1", name="Ann", scopes=frozenset(), created=datetime.now(UTC))
    for asker in ("192.0.2.1", Asker(address="192.0.2.1", key=key)):
        await answered(app, ASK, asker)
    assert named == ["address:192.0.2.1", "key:1"]


def test_addresses_without_number_share_counts() -> None:
    rates, limit = AddressRates(most=2), parse("1/minute")
    early = ("192.0.2.1", "2001:db8:1:1::1")
    # What comes later is counted by its /48, and what comes later still together.
    late = ("2001:db8:2:1::1", "2001:db8:3:1::1", "2001:db8:4:1::1")
    assert [rates.hit(limit, address) for address in (*early, *late)] == [0] * 5
    assert min(rates.hit(limit, address) for address in (*early, "2001:db8:2:2::1", "2001:db8:5:1::1")) > 0


async def test_a_flood_from_many_addresses_takes_no_count_from_a_key() -> None:
    app = Limits(inner, parse("2/minute"), {}, most=3)
    assert [await answered(app, ASK, f"192.0.2.{number}") for number in range(20)][-1] == 429
    created = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(5):
        key = Key(id=str(number), name="Ann", scopes=frozenset({KeyScope.ASK}), created=created)
        assert await answered(app, ASK, Asker(address="192.0.2.99", key=key)) == 200


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1:2:3:4", "2001:db8::"),
        ("fe80::1%eth0", "fe80::"),
        ("unknown", "unknown"),
    ],
)
def test_clients_are_told_apart_by_what_they_cannot_change(address: str, counted: str) -> None:
    assert network(address) == counted


@pytest.mark.parametrize("text", ["often", "600", "minute", "0x5/minute", "5/fortnight"])
def test_a_rate_that_is_none_is_said(text: str) -> None:
    with pytest.raises(ConfigurationError, match="write a rate such as 600/minute"):
        rate_of(text)


@pytest.mark.parametrize(
    ("pieces", "headers", "status"),
    [
        ([b"a" * 10], {}, 200),
        ([b"a" * 11], {}, 413),
        ([b"a" * 6, b"a" * 6], {}, 413),
        ([b"a"], {"content_length": "11"}, 413),
        ([b"a"], {"content_length": "-1"}, 413),
        ([b"a"], {"content_length": "²"}, 413),
        ([b"a" * 6, b"a" * 6], {"content_type": "multipart/form-data"}, 413),
        ([b"a" * 10], {"content_type": "multipart/form-data"}, 200),
    ],
)
async def test_bodies_are_counted_as_they_arrive(pieces: list[bytes], headers: dict[str, str], status: int) -> None:
    assert await answered(Bodies(inner, largest=10, largest_upload=20), ASK, "", *pieces, **headers) == status


async def test_uploads_may_be_larger() -> None:
    guard = Bodies(inner, largest=10, largest_upload=20)
    assert [await answered(guard, UPLOAD, "", b"a" * size) for size in (20, 21)] == [200, 413]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * DEEPEST + b"]" * DEEPEST, 200),
        (b"[" * (DEEPEST + 1), 400),
        (b'{"a":' * (DEEPEST + 1), 400),
        (b'{"a": "' + b"[" * 500 + b'"}', 200),
        (b'{"a\\"": "' + b"[" * 500 + b'\\""}', 200),
        (b'["\\\\", ' + b"[" * 500, 400),
        (b"[]" * 500, 200),
        (b'"' + b'\\"' * 40_000 + b"[" * 500, 200),
    ],
)
async def test_only_brackets_that_nest_count_as_deep(body: bytes, status: int) -> None:
    assert await answered(Bodies(inner, largest=1 << 20, largest_upload=20), ASK, "", body) == status


@pytest.fixture(scope="module")
def strict(guarded_with: Callable[..., Service]) -> Iterator[Guarded]:
    service = guarded_with(rate="3/minute", cors_origins=("https://desk.example",))
    with serving(service) as address:
        yield Guarded(address=address, service=service, keys=make_keys(service))


def test_a_key_is_counted_wherever_it_comes_from(strict: Guarded) -> None:
    asked = ("GET /v1/articles/harbour", "Authorization: Bearer READ_KEY")
    replies = [strict.ask(*asked, sender=f"127.3.0.{number}") for number in range(1, 5)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]
    assert int(replies[3].headers["retry-after"]) in range(1, 61)
    assert json.loads(replies[3].body)["type"] == "urn:dateline:problem:too-many-requests"
    assert strict.ask(asked[0], "Authorization: Bearer OTHER_KEY").status == 200


def test_what_a_key_may_not_do_counts_as_well(strict: Guarded) -> None:
    asked = ("DELETE /v1/articles/harbour", "Authorization: Bearer ASK_KEY")
    assert [strict.ask(*asked).status for _ in range(4)] == [403, 403, 403, 429]


def test_only_named_pages_of_others_may_call(strict: Guarded) -> None:
    def preflight(words: str, origin: str) -> tuple[int, str | None]:
        wanted = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,x-stainless-os")
        reply = strict.ask(words, f"Origin: {origin}", *wanted)
        return reply.status, reply.headers.get("access-control-allow-origin")

    assert preflight("OPTIONS /v1/answers", "https://desk.example") == (200, "https://desk.example")
    assert preflight("OPTIONS /v1/answers", "https://evil.example") == (405, None)
    assert preflight("OPTIONS /gradio_api/queue/join", "https://desk.example") == (403, None)
    assert preflight("OPTIONS /v1/nothing", "https://desk.example") == (404, None)
    reply = strict.ask("GET /v1/articles/harbour", "Authorization: Bearer ADMIN_KEY", "Origin: https://desk.example")
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, "https://desk.example")
    assert "access-control-allow-credentials" not in reply.headers
    refused = strict.ask("GET /v1/articles/harbour", "Origin: https://desk.example")
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, "https://desk.example")

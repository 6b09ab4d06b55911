"""One Idempotency-Key: whose it is, and which replies are kept under it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import Request, Response

from rag.errors import StorageError
from rag.records import open_records
from rag.records.keys import Key, KeyScope
from rag.records.replies import Replies
from rag.web.access.asker import Asker, remember
from rag.web.api.idempotency import once


@pytest.fixture
def replies(tmp_path: Path) -> Iterator[Replies]:
    with closing(open_records(tmp_path)) as records:
        yield Replies(records)


async def sent(replies: Replies, *statuses: int, caller: str = "a") -> list[tuple[int, bool]]:
    """Send one request for each status that doing it would have; return how each was answered, and whether again."""
    key = Key(id=caller, name=caller, scopes=frozenset(KeyScope), created=datetime(2026, 1, 1, tzinfo=UTC))
    scope = {"type": "http", "method": "POST", "path": "/v1/articles", "headers": [], "server": ("a", 80)}
    scope |= {"scheme": "http", "query_string": b""}
    remember(scope, Asker(address="192.0.2.1", key=key))
    found = []
    for status in statuses:

        async def done(status: int = status) -> Response:
            if not status:
                raise StorageError("The disk is full.")
            return Response(b"", status)

        reply = await once(Request(scope), replies, "k", "digest", done)
        found.append((reply.status_code, "idempotency-replayed" in reply.headers))
    return found


@pytest.mark.parametrize("status", [401, 403, 408, 409, 429, 500, 503, 507])
async def test_what_may_be_different_the_next_time_is_done_again(replies: Replies, status: int) -> None:
    assert await sent(replies, status, 200, 200) == [(status, False), (200, False), (200, True)]


@pytest.mark.parametrize("status", [200, 202, 404, 422])
async def test_what_succeeded_or_always_fails_is_not(replies: Replies, status: int) -> None:
    assert await sent(replies, status, 500) == [(status, False), (status, True)]


async def test_what_raised_is_done_again(replies: Replies) -> None:
    with pytest.raises(StorageError):
        await sent(replies, 0)
    assert await sent(replies, 200) == [(200, False)]


async def test_nobody_gets_the_reply_to_another(replies: Replies) -> None:
    assert await sent(replies, 200) == [(200, False)]
    assert await sent(replies, 201, caller="b") == [(201, False)]
    assert await sent(replies, 500) == [(200, True)]

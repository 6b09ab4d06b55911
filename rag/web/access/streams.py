"""Keeps what the page has under way to whoever began it.

The page's framework hands the events of a running answer to everybody who names the session or the event. Those names
are random, but a name is no proof.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.web.access.asker import asker_of
from rag.web.access.gate import path_of, right_of
from rag.web.problems import Problem

_NAMES = ("session_hash", "event_id")
_LONGEST = 100
"""Characters that a name may have; the page's own have fewer than half of them."""
_MOST = 20_000
"""Names whose owner is known; of more, those that were not used for longest are forgotten."""


class Streams:
    """ASGI middleware that answers 404 where a client names a session or an event of another."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._owners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on unless what it names belongs to somebody else."""
        if scope["type"] != "http" or not (right := right_of(scope)).page or right.scope is None:
            return await self._app(scope, receive, send)
        owner = asker_of(scope).name
        first = await receive()
        body = first.get("body", b"")
        if not self._claimed(owner, (*_in_address(scope), *_in_json(body))):
            problem = Problem(status=404, kind="not-found", detail="There is nothing of that name.")
            return await problem.response()(scope, receive, send)

        async def replay() -> Message:
            nonlocal first
            message, first = first or await receive(), {}
            return message

        async def noting(message: Message) -> None:
            if scope["method"] == "POST" and message["type"] == "http.response.body":
                self._claimed(owner, _in_json(message.get("body", b"")))
            await send(message)

        return await self._app(scope, replay, noting)

    def _claimed(self, owner: str, names: Iterable[str]) -> bool:
        """Note names as this owner's; return False when one of them is another's, or none that the page would give."""
        for name in names:
            if len(name) > _LONGEST or self._owners.setdefault(name, owner) != owner:
                return False
            self._owners.move_to_end(name)
        while len(self._owners) > _MOST:
            self._owners.popitem(last=False)
        return True


def _in_address(scope: Scope) -> Iterator[str]:
    path, form = path_of(scope).split("/"), right_of(scope).path.split("/")
    yield from (value for value, part in zip(path, form, strict=False) if part.strip("{}") in _NAMES)
    query = scope["query_string"].decode("latin-1")
    yield from (value for name, value in parse_qsl(query) if name in _NAMES)


def _in_json(body: bytes) -> Iterator[str]:
    try:
        made = json.loads(body)
    except ValueError:
        return
    if isinstance(made, dict):
        yield from (value for name in _NAMES if isinstance(value := made.get(name), str))

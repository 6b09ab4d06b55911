"""How much one client may ask: so many requests in a time, so many at once, and few wrong keys."""

from __future__ import annotations

import math
import time
from collections import Counter

from limits import RateLimitItem, RateLimitItemPerMinute, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.errors import ConfigurationError
from rag.web.access.asker import asker_of, network
from rag.web.access.gate import right_of
from rag.web.access.rights import Load
from rag.web.problems import Problem
from rag.work import ASKER

WRONG_KEYS = RateLimitItemPerMinute(10)
"""Wrong keys, in headers or at the log-in, that one address may show."""
_MOST_CLIENTS = 10_000
"""Clients that are counted one by one; those that come after them share one count."""


class Rates:
    """Counts in moving windows; what is kept is bounded by the number of clients and by what a window lets through."""

    def __init__(self, most: int = _MOST_CLIENTS) -> None:
        self._most = most
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)

    def hit(self, limit: RateLimitItem, name: str) -> int:
        """Count one request of a client; return 0, or the seconds after which there is room for another."""
        name = self._counted(limit, name)
        if self._limiter.hit(limit, name):
            return 0
        return max(1, math.ceil(self._limiter.get_window_stats(limit, name).reset_time - time.time()))

    def _counted(self, limit: RateLimitItem, name: str) -> str:
        known = limit.key_for(name) in self._storage.events or len(self._storage.events) < self._most
        return name if known else "others"


class WrongKeys:
    """Keeps an address that shows wrong keys from trying many.

    A right key is let in all the same: it cannot be guessed, and nobody is to be locked out by who shares an address.
    """

    def __init__(self, rates: Rates) -> None:
        self._rates = rates

    def refusal(self, address: str) -> Problem | None:
        """Count a wrong key; return what to answer where an address showed too many."""
        wait = self._rates.hit(WRONG_KEYS, f"wrong:{network(address)}")
        return _too_many("Too many wrong keys came from this address; try again later.", wait) if wait else None


class Limits:
    """ASGI middleware that answers 429 where one client asks too often, or too much at once."""

    def __init__(self, app: ASGIApp, rates: Rates, rate: RateLimitItem | None, at_once: dict[Load, int]) -> None:
        self._app = app
        self._rates = rates
        self._rate = rate
        self._at_once = at_once
        self._under_way: Counter[tuple[Load, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on unless its client has to wait."""
        if scope["type"] != "http" or (load := right_of(scope).load) is Load.NONE:
            return await self._app(scope, receive, send)
        name = asker_of(scope).name
        ASKER.set(name)
        if self._rate and (wait := self._rates.hit(self._rate, name)):
            problem = _too_many(f"More than {self._rate} were asked; try again later.", wait)
            return await problem.response()(scope, receive, send)
        if self._under_way[load, name] >= self._at_once.get(load, math.inf):
            problem = _too_many("Too many of your requests are under way; wait for one to end.", 1)
            return await problem.response()(scope, receive, send)
        self._under_way[load, name] += 1
        try:
            return await self._app(scope, receive, send)
        finally:
            self._under_way[load, name] -= 1
            if not self._under_way[load, name]:
                del self._under_way[load, name]


def rate_of(text: str | None) -> RateLimitItem | None:
    """Return the limit that a setting spells; raise ConfigurationError."""
    try:
        return parse(text) if text else None
    except ValueError as error:
        raise ConfigurationError(f"DATELINE_RATE cannot be {text!r}; write a rate such as 600/minute.") from error


def _too_many(detail: str, wait: int) -> Problem:
    return Problem(status=429, kind="too-many-requests", detail=detail, retry_after=wait)

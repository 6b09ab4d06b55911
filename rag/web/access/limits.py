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
from rag.web.access.asker import Asker, asker_of, network
from rag.web.access.gate import right_of
from rag.web.access.rights import Load
from rag.web.problems import Problem
from rag.work import ASKER

WRONG_KEYS = RateLimitItemPerMinute(10)
"""Wrong keys, in headers or at the log-in, that one address may show."""
_MOST = 10_000
"""Addresses that are counted one by one, and as many networks of those that come after them."""


class Rates:
    """Counts in moving windows; what is kept is bounded by the number of names and by what a window lets through."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)

    def hit(self, limit: RateLimitItem, name: str) -> int:
        """Count one request; return 0, or the seconds after which there is room for another."""
        if self._limiter.hit(limit, name):
            return 0
        return max(1, math.ceil(self._limiter.get_window_stats(limit, name).reset_time - time.time()))

    def room(self, limit: RateLimitItem, name: str, most: int) -> bool:
        """Tell whether a name is counted already, or may be among `most` that are."""
        return limit.key_for(name) in self._storage.events or len(self._storage.events) < most


class AddressRates:
    """Counts addresses, whose number has no bound: late ones together with the others of their /48 of IPv6, or all."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._rates = Rates()

    def hit(self, limit: RateLimitItem, address: str) -> int:
        """Count one request; return 0, or the seconds after which there is room for another."""
        for name, most in ((network(address), self._most), (f"{network(address, 48)}/48", 2 * self._most)):
            if self._rates.room(limit, name, most):
                return self._rates.hit(limit, name)
        return self._rates.hit(limit, "others")


class WrongKeys:
    """Keeps an address that shows wrong keys from trying many.

    A right key is let in all the same: it cannot be guessed, and nobody is to be locked out by who shares an address.
    """

    def __init__(self) -> None:
        self._rates = AddressRates()

    def refusal(self, address: str) -> Problem | None:
        """Count a wrong key; return what to answer where an address showed too many."""
        wait = self._rates.hit(WRONG_KEYS, address)
        return _too_many("Too many wrong keys came from this address; try again later.", wait) if wait else None


class Limits:
    """ASGI middleware that answers 429 where one client asks too often, or too much at once."""

    def __init__(self, app: ASGIApp, rate: RateLimitItem | None, at_once: dict[Load, int], most: int = _MOST) -> None:
        self._app = app
        self._keys, self._addresses = Rates(), AddressRates(most)
        self._rate = rate
        self._at_once = at_once
        self._under_way: Counter[tuple[Load, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on unless its client has to wait."""
        if scope["type"] != "http" or (load := right_of(scope).load) is Load.NONE:
            return await self._app(scope, receive, send)
        name = (asker := asker_of(scope)).name
        ASKER.set(name)
        if self._rate and (wait := self._wait(self._rate, asker)):
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

    def _wait(self, rate: RateLimitItem, asker: Asker) -> int:
        return self._keys.hit(rate, asker.name) if asker.key else self._addresses.hit(rate, asker.address)


def rate_of(text: str | None) -> RateLimitItem | None:
    """Return the limit that a setting spells; raise ConfigurationError."""
    try:
        return parse(text) if text else None
    except ValueError as error:
        raise ConfigurationError(f"DATELINE_RATE cannot be {text!r}; write a rate such as 600/minute.") from error


def _too_many(detail: str, wait: int) -> Problem:
    return Problem(status=429, kind="too-many-requests", detail=detail, retry_after=wait)

"""Notices that whoever asked has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import TypeVar

from starlette.requests import Request

T = TypeVar("T")


class GoneError(Exception):
    """Nobody waits for the reply any more."""


async def unless_gone(request: Request, work: Coroutine[object, object, T]) -> T:
    """Return what some work returns; call it off and raise GoneError as soon as the client hangs up.

    The body of the request must have been read.
    """
    working, leaving = asyncio.create_task(work), asyncio.create_task(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise GoneError
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass

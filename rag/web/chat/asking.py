"""From the desk's events to what the page shows, at a pace that a browser can follow, and stoppable at any moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from rag.errors import DatelineError
from rag.types import Event, Question
from rag.web.access.asker import asker_of
from rag.web.chat.exchange import Exchange
from rag.web.problems import UNEXPECTED
from rag.web.service import Service
from rag.work import ASKER, Stream

_log = logging.getLogger(__name__)

PACE = 0.04
"""Seconds between two updates of the page; faster costs a processor and looks no smoother."""

QUIET = 0.25
"""Seconds of silence after which an update comes that changes nothing, so that a closed tab is noticed."""


def know_asker() -> None:
    """Have what a listener of the page asks for counted as work for whoever sent the event."""
    from gradio.context import LocalContext  # noqa: PLC0415 - heavy, and only a server shows pages

    if (event := LocalContext.request.get(None)) and event.request:
        ASKER.set(asker_of(event.request.scope).name)


async def follow(question: Question, service: Service, stop: asyncio.Event) -> AsyncGenerator[Exchange]:
    """Yield the exchange as it grows, unchanged in silence; a stop or a failure ends it, with a line that says so."""
    exchange = Exchange(question=question.text)
    yield exchange
    try:
        async with aclosing(_batches(service.stream(question), stop)) as batches:
            async for batch in batches:
                for event in batch:
                    exchange = exchange.after(event)
                yield exchange
        yield exchange.stopped()
    except DatelineError as error:
        yield exchange.failed(str(error))
    except Exception:  # noqa: BLE001 - the page must say something, whatever broke
        _log.exception("An answer failed")
        yield exchange.failed(UNEXPECTED.detail)


async def _batches(events: Stream[Event], stop: asyncio.Event) -> AsyncGenerator[list[Event]]:
    """Yield events in batches, one per PACE or, in silence, an empty one per QUIET, until they end or `stop` is set.

    A stop, and a reader that goes away, call the answer off: at once where it waits for a server, else at its next
    event.
    """
    arrived = list[Event]()

    async def read() -> None:
        async for event in events:
            arrived.append(event)

    reading, stopping = asyncio.create_task(read()), asyncio.create_task(stop.wait())
    try:
        over = False
        while not (over or stop.is_set()):
            for _ in range(round(QUIET / PACE)):
                await asyncio.wait({reading, stopping}, timeout=PACE, return_when=asyncio.FIRST_COMPLETED)
                if arrived or reading.done() or stop.is_set():
                    break
            over, batch, arrived[:] = reading.done(), arrived[:], ()
            yield batch
        if over:
            await reading
    finally:
        reading.cancel()
        stopping.cancel()
        await events.aclose()

"""From the desk's events to what the page shows, at a pace that a browser can follow, and stoppable at any moment."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Generator, Iterator

from rag.errors import DatelineError
from rag.types import Event, Question
from rag.web.chat.exchange import Exchange
from rag.web.service import Service
from rag.work import Ended

_log = logging.getLogger(__name__)

PACE = 0.04
"""Seconds between two updates of the page; faster costs a processor and looks no smoother."""

QUIET = 0.25
"""Seconds of silence after which an update comes that changes nothing, so that a closed tab is noticed."""

_UNEXPECTED = "Something went wrong on our side, and it was logged. Ask again, or run `dateline doctor`."


def follow(question: Question, service: Service, stop: threading.Event) -> Generator[Exchange]:
    """Yield the exchange as it grows, unchanged in silence; a stop or a failure ends it, with a line that says so."""
    exchange = Exchange(question=question.text)
    yield exchange
    try:
        for batch in _batches(question, service, stop):
            for event in batch:
                exchange = exchange.after(event)
            yield exchange
        yield exchange.stopped()
    except DatelineError as error:
        yield exchange.failed(str(error))
    except Exception:  # noqa: BLE001 - the page must say something, whatever broke
        _log.exception("An answer failed")
        yield exchange.failed(_UNEXPECTED)


def _batches(question: Question, service: Service, stop: threading.Event) -> Iterator[list[Event]]:
    """Yield events in batches, one per PACE or, in silence, an empty one per QUIET, until they end or `stop` is set.

    They are made in the service's threads, so that a model that keeps silent cannot delay a stop. A stop, and a reader
    that goes away, call the answer off: at once where it waits for a server, else at its next event.
    """
    feed = _Feed(stop)
    job = service.begin(question, feed.put)
    try:
        while not (feed.exhausted or stop.is_set()):
            yield feed.take()
    finally:
        job.call_off()


class _Feed:
    """The events of an answer, as they wait to be shown."""

    def __init__(self, stop: threading.Event) -> None:
        self.exhausted = False
        self._stop = stop
        self._error: BaseException | None = None
        self._queue: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.put = self._queue.put

    def take(self) -> list[Event]:
        """Return what arrives within PACE, or nothing after QUIET; raise what ended the answer, once all is read."""
        if self._error:
            raise self._error
        deadline = time.monotonic() + QUIET
        self._stop.wait(PACE)
        while self._queue.empty() and time.monotonic() < deadline and not self._stop.wait(PACE):
            pass
        return list(self._arrived())

    def _arrived(self) -> Iterator[Event]:
        while not self._queue.empty():
            item = self._queue.get()
            if isinstance(item, Ended):
                self.exhausted, self._error = item.error is None, item.error
                return
            yield item  # type: ignore[misc]  # the queue holds events, and their end

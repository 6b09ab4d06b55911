"""From the desk's events to what the page shows, at a pace that a browser can follow, and stoppable at any moment."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Generator, Iterator

from rag.cancelling import Cancel
from rag.errors import DatelineError
from rag.types import Event, Question
from rag.web.chat.exchange import Exchange

_log = logging.getLogger(__name__)

PACE = 0.04
"""Seconds between two updates of the page; faster costs a processor and looks no smoother."""

QUIET = 0.25
"""Seconds of silence after which an update comes that changes nothing, so that a closed tab is noticed."""

_UNEXPECTED = "Something went wrong on our side, and it was logged. Ask again, or run `dateline doctor`."


def follow(question: Question, events: Iterator[Event], stop: threading.Event) -> Generator[Exchange]:
    """Yield the exchange as it grows, unchanged in silence; a stop or a failure ends it, with a line that says so."""
    exchange = Exchange(question=question.text)
    yield exchange
    try:
        for batch in _batches(events, stop):
            for event in batch:
                exchange = exchange.after(event)
            yield exchange
        yield exchange.stopped()
    except DatelineError as error:
        yield exchange.failed(str(error))
    except Exception:  # noqa: BLE001 - the page must say something, whatever broke
        _log.exception("An answer failed")
        yield exchange.failed(_UNEXPECTED)


def _batches(events: Iterator[Event], stop: threading.Event) -> Iterator[list[Event]]:
    """Yield events in batches, one per PACE or, in silence, an empty one per QUIET, until they end or `stop` is set.

    The source runs in a thread of its own, so that a model that keeps silent cannot delay a stop. A stop, and a reader
    that goes away, call the source off: at once where it waits for a server, else at its next event.
    """
    feed, cancel = _Feed(events, stop), Cancel()
    threading.Thread(target=cancel.run, args=(feed.run,), name="dateline-answer", daemon=True).start()
    try:
        while not (feed.exhausted or stop.is_set()):
            yield feed.take()
    finally:
        stop.set()
        cancel.call_off()


class _Feed:
    """A source of events being emptied into a queue."""

    def __init__(self, events: Iterator[Event], stop: threading.Event) -> None:
        self.exhausted = False
        self._events = events
        self._stop = stop
        self._error: BaseException | None = None
        self._queue: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()

    def run(self) -> None:
        """Move events until there are no more or nobody listens."""
        try:
            for event in self._events:
                self._queue.put(event)
                if self._stop.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 - raised again where the events are read
            self._queue.put(error)
        finally:
            if close := getattr(self._events, "close", None):
                close()
            self._queue.put(None)

    def take(self) -> list[Event]:
        """Return what arrives within PACE, or nothing after QUIET; raise what the source raised, once all is read."""
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
            if isinstance(item, BaseException):
                self._error = item
                return
            if item is None:
                self.exhausted = True
                return
            yield item

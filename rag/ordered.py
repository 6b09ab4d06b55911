"""Blocking work in a bounded number of threads: for event loops, or many pieces in order; called off in time."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from rag.cancelling import Cancel
from rag.errors import LibraryError

T = TypeVar("T")
R = TypeVar("R")
BATCH = "dateline-batch"
"""The name of threads that answer many questions."""
AHEAD = 4
"""How many pieces of work may be begun or finished, for each thread, while an earlier one is awaited."""


class Threads:
    """Does blocking work for event loops, at most so many pieces at a time; the others wait for their turn."""

    def __init__(self, most: int, *, name: str) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._jobs: set[_Job[object]] = set()
        self._closed = False

    async def run(self, work: Callable[[], T]) -> T:
        """Return what some work returns; cancelling this calls the work off."""
        [made] = [made async for made in self.stream(lambda: [work()])]
        return made

    async def stream(self, source: Callable[[], Iterable[T]]) -> AsyncGenerator[T]:
        """Yield what a source yields; whoever stops reading calls it off.

        It ends at once where it waits for a server, else at what it yields next.
        """
        job = _Job(source, asyncio.get_running_loop())
        future = self._begin(job)
        try:
            while not isinstance(item := await job.queue.get(), _End):
                yield item
        finally:
            job.call_off()
            future.cancel()
        if isinstance(item.error, asyncio.CancelledError):
            raise _closed()
        if item.error is not None:
            raise item.error

    def close(self, *, wait: bool = True) -> None:
        """Call off what is under way, take nothing more and, if told so, wait until every thread has ended."""
        with self._lock:
            self._closed, jobs = True, tuple(self._jobs)
        for job in jobs:
            job.call_off()
        self._pool.shutdown(wait=wait, cancel_futures=True)
        for job in jobs:
            job.end(asyncio.CancelledError())

    def _begin(self, job: _Job[T]) -> Future[None]:
        with self._lock:
            if self._closed:
                raise _closed()
            self._jobs.add(job)  # type: ignore[arg-type]  # what a job yields does not matter here
            # Tracing finds its parent run in the context.
            future = self._pool.submit(contextvars.copy_context().run, job.cancel.run, job.run)
        future.add_done_callback(lambda _: self._jobs.discard(job))
        return future


def in_order(work: Callable[[T], R], items: Iterable[T], most: int) -> Iterator[R]:
    """Yield what `work` makes of each item, in order, done in at most `most` threads; items are read a little ahead.

    Closing this iterator calls off what is under way.
    """
    cancel, waiting = Cancel(), deque[Future[R]]()
    pool = ThreadPoolExecutor(most, thread_name_prefix=BATCH)
    try:
        for item in items:
            waiting.append(pool.submit(contextvars.copy_context().run, cancel.run, partial(work, item)))
            while waiting and (waiting[0].done() or len(waiting) >= AHEAD * most):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        cancel.call_off()
        pool.shutdown(cancel_futures=True)


async def awaited_in_order(
    work: Callable[[T], Coroutine[None, None, R]], items: Iterable[T], most: int
) -> AsyncGenerator[R]:
    """Yield what `work` makes of each item, in order; at most `AHEAD * most` are begun and not yet read."""
    waiting = deque[asyncio.Task[R]]()
    try:
        for item in items:
            waiting.append(asyncio.create_task(work(item)))
            while waiting and (waiting[0].done() or len(waiting) >= AHEAD * most):
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Job(Generic[T]):
    """A source being emptied, in another thread, into the loop that reads it."""

    def __init__(self, source: Callable[[], Iterable[T]], loop: asyncio.AbstractEventLoop) -> None:
        self.cancel = Cancel()
        self.queue: asyncio.Queue[T | _End] = asyncio.Queue()
        self._source = source
        self._loop = loop
        self._stop = threading.Event()

    def call_off(self) -> None:
        self._stop.set()
        self.cancel.call_off()

    def run(self) -> None:
        try:
            for item in self._source():
                if self._stop.is_set():
                    raise asyncio.CancelledError  # noqa: TRY301
                self._put(item)
        except BaseException as error:  # noqa: BLE001 - raised again where the items are read
            self.end(error)
        else:
            self.end(None)

    def end(self, error: BaseException | None) -> None:
        self._put(_End(error))

    def _put(self, item: T | _End) -> None:
        # The loop may have ended while the work went on.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.queue.put_nowait, item)


def _closed() -> LibraryError:
    return LibraryError("This library was closed; open it again.")

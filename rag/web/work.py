"""Work that blocks, done in a bounded number of threads behind a bounded queue, and called off when nobody waits."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from rag.cancelling import Cancel
from rag.errors import ClosingError, OverloadedError

T = TypeVar("T")
_END = object()


class Workroom:
    """Takes at most `at_once + waiting` pieces of work; one more is refused at once, so that nobody waits in vain."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="dateline-work")
        self._room = at_once + waiting
        self._lock = threading.Lock()
        self._jobs: set[_Job[object]] = set()
        self._closing = False

    @property
    def taken(self) -> int:
        """Pieces of work under way or waiting."""
        return len(self._jobs)

    async def run(self, work: Callable[[], T]) -> T:
        """Return what some work returns, or raise what it raises; raise OverloadedError or ClosingError at once."""
        [made] = [made async for made in self.stream(lambda: [work()])]
        return made

    def stream(self, source: Callable[[], Iterable[T]]) -> AsyncGenerator[T]:
        """Return what a source yields, made in another thread; raise OverloadedError or ClosingError at once.

        Whoever stops reading calls the work off: at once where it waits for a server, else at what it yields next.
        """
        job = _Job(source, asyncio.get_running_loop())
        with self._lock:
            self._admit(job)
        context = contextvars.copy_context()
        future = self._pool.submit(context.run, job.cancel.run, job.run)
        future.add_done_callback(lambda _: self._jobs.discard(job))
        return _items(job, future)

    async def close(self, grace: float) -> None:
        """Take no more work, let what is under way end within `grace` seconds, and call off what does not."""
        with self._lock:
            self._closing = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        while self._jobs and loop.time() < deadline:
            await asyncio.sleep(0.05)
        for job in tuple(self._jobs):
            job.call_off()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _admit(self, job: _Job[T]) -> None:
        if self._closing:
            raise ClosingError("The server is shutting down; ask again in a moment.")
        if len(self._jobs) >= self._room:
            raise OverloadedError("Too much is asked of this server at the moment; try again shortly.")
        self._jobs.add(job)  # type: ignore[arg-type]  # what a job yields does not matter here


class _Job(Generic[T]):
    """A source being emptied, in another thread, into the loop that reads it."""

    def __init__(self, source: Callable[[], Iterable[T]], loop: asyncio.AbstractEventLoop) -> None:
        self.cancel = Cancel()
        self.queue: asyncio.Queue[object] = asyncio.Queue()
        self._source = source
        self._loop = loop
        self._stop = threading.Event()

    def call_off(self) -> None:
        self._stop.set()
        self.cancel.call_off()

    def run(self) -> None:
        try:
            items = iter(self._source())
            try:
                for item in items:
                    self._put(item)
                    if self._stop.is_set():
                        break
            finally:
                if close := getattr(items, "close", None):
                    close()
            self._put(_END)
        except BaseException as error:  # noqa: BLE001 - raised again where the items are read
            self._put(_Raised(error))

    def _put(self, item: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.queue.put_nowait, item)


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error


async def _items(job: _Job[T], future: Future[None]) -> AsyncGenerator[T]:
    try:
        while (item := await job.queue.get()) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item  # type: ignore[misc]  # the queue holds what the source yields, and the two marks above
    finally:
        job.call_off()
        future.cancel()

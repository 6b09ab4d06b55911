"""Work that blocks, done in a bounded number of threads behind a bounded queue, and called off when nobody waits."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeVar

from rag.cancelling import Cancel
from rag.errors import ClosingError, DatelineError, OverloadedError

T = TypeVar("T")

_LAST = 1.0
"""Seconds that work gets to notice that it was called off."""


def _shutting_down() -> DatelineError:
    return ClosingError("The server is shutting down; ask again in a moment.")


@dataclass(frozen=True, slots=True)
class Ended:
    """What comes last of any work: the error that ended it, if one did."""

    error: BaseException | None = None


Put = Callable[[T | Ended], None]
"""Takes what a source yields, and then one `Ended`; called in another thread."""


class Workroom:
    """Does at most `at_once` pieces of work, first come, first served; refuses more than `waiting` others at once.

    Its threads are daemons, so that work which cannot be called off does not keep the process alive. Once it is closed,
    the error that `closed` makes ends what is still waited for.
    """

    def __init__(
        self,
        *,
        at_once: int,
        waiting: int,
        name: str = "dateline-work",
        closed: Callable[[], DatelineError] = _shutting_down,
    ) -> None:
        self._at_once, self._most_waiting = at_once, waiting
        self._name, self._closed = name, closed
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._under_way: set[Job] = set()
        self._threads = 0
        self._closing = False
        self.refused = 0
        """How much work was refused so far."""

    @property
    def under_way(self) -> int:
        """Pieces of work that are being done."""
        return len(self._under_way)

    @property
    def waiting(self) -> int:
        """Pieces of work that wait for a thread."""
        return len(self._waiting)

    @property
    def closing(self) -> bool:
        """Whether no more work is taken."""
        return self._closing

    async def run(self, work: Callable[[], T]) -> T:
        """Return what some work returns, or raise what it raises; raise OverloadedError or ClosingError at once."""
        async with aclosing(self.stream(lambda: [work()])) as made:
            return await anext(made)

    def stream(self, source: Callable[[], Iterable[T]], keep: Callable[[T], bool] | None = None) -> AsyncGenerator[T]:
        """Return what a source yields and `keep` lets through, made in another thread.

        Raises OverloadedError or ClosingError at once.

        Whoever stops reading calls the work off: at once where it waits for its turn or for a server, else at what it
        yields next.
        """
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[object]()

        def put(item: T | Ended) -> None:
            if keep and not isinstance(item, Ended) and not keep(item):
                return
            with suppress(RuntimeError):  # the loop is closed: nobody reads any more
                loop.call_soon_threadsafe(queue.put_nowait, item)

        return _Stream(self.submit(source, put), queue, loop)

    def iterate(self, source: Callable[[], Iterable[T]]) -> Generator[T]:
        """Yield what a source yields, made in another thread; raise OverloadedError or ClosingError when first read."""
        queue: SimpleQueue[object] = SimpleQueue()
        job = self.submit(source, queue.put)
        try:
            while not isinstance(item := queue.get(), Ended):
                yield item  # type: ignore[misc]  # the queue holds what the source yields, and its end
            if item.error:
                raise item.error
        finally:
            job.call_off()

    def submit(self, source: Callable[[], Iterable[T]], put: Put[T]) -> Job:
        """Have a source emptied in another thread; raise OverloadedError or ClosingError at once."""
        with self._changed:
            if self._closing or len(self._under_way) + len(self._waiting) >= self._at_once + self._most_waiting:
                self.refused += 1
                if self._closing:
                    raise self._closed()
                raise OverloadedError("Too much is asked of this server at the moment; try again shortly.")
            if len(self._under_way) + len(self._waiting) >= self._threads < self._at_once:
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
                self._threads += 1
            job = Job(source, put, self._drop)
            self._waiting.append(job)
            self._changed.notify()
        return job

    async def close(self, grace: float) -> None:
        """Take no more work, let what there is end within `grace` seconds, and fail what does not."""
        self._take_no_more()
        await self._emptied(grace)
        self.shut(wait=False)
        await self._emptied(_LAST)

    def shut(self, *, wait: bool) -> None:
        """Take no more work, fail what there is and, if told so, wait until every thread has ended."""
        self._take_no_more()
        with self._changed:
            left = [*self._waiting, *self._under_way]
        for job in left:
            job.call_off(self._closed())
        with self._changed:
            self._changed.wait_for(lambda: not wait or not self._threads)

    def _take_no_more(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    async def _emptied(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (self._waiting or self._under_way) and loop.time() < deadline:
            await asyncio.sleep(0.02)

    def _work(self) -> None:
        while job := self._next():
            job.run()
            with self._changed:
                self._under_way.discard(job)
        with self._changed:
            self._threads -= 1
            self._changed.notify_all()

    def _next(self) -> Job | None:
        with self._changed:
            while not self._waiting:
                if self._closing:
                    return None
                self._changed.wait()
            job = self._waiting.popleft()
            self._under_way.add(job)
            return job

    def _drop(self, job: Job) -> None:
        with self._changed, suppress(ValueError):
            self._waiting.remove(job)


class Job:
    """A source being emptied in one of the room's threads, or waiting for one."""

    def __init__(self, source: Callable[[], Iterable[T]], put: Put[T], drop: Callable[[Job], None]) -> None:
        self._source, self._put, self._drop = source, put, drop
        self._context = contextvars.copy_context()
        self._cancel = Cancel()
        self._stop = threading.Event()

    def call_off(self, reason: Exception | None = None) -> None:
        """End the work: at once where it waits for its turn or for a server, else at what it yields next.

        Whoever reads it still is told the reason at once. May be called from any thread, more than once.
        """
        if reason is not None:
            self._put(Ended(reason))
        self._stop.set()
        self._drop(self)
        self._cancel.call_off()

    def run(self) -> None:
        """Move what the source yields until there is no more, or nobody wants it."""
        try:
            if not self._stop.is_set():
                self._context.run(self._cancel.run, self._empty)
            ended = Ended()
        except BaseException as error:  # noqa: BLE001 - raised again where the items are read
            ended = Ended(error)
        self._put(ended)

    def _empty(self) -> None:
        items = iter(self._source())
        try:
            for item in items:
                if self._stop.is_set():
                    break
                self._put(item)
        finally:
            if close := getattr(items, "close", None):
                close()


class _Stream(AsyncGenerator[T, None]):
    """The items of a job, in the loop that reads them. A generator would not call off what nobody began to read."""

    def __init__(self, job: Job, queue: asyncio.Queue[object], loop: asyncio.AbstractEventLoop) -> None:
        self._job, self._queue, self._loop = job, queue, loop
        self._over = False

    async def __anext__(self) -> T:
        if self._over:
            raise StopAsyncIteration
        try:
            item = await self._queue.get()
        except BaseException:
            await self.aclose()
            raise
        if not isinstance(item, Ended):
            return item  # type: ignore[return-value]  # the queue holds what the source yields, and its end
        self._over = True
        raise item.error or StopAsyncIteration

    async def asend(self, value: None) -> T:  # noqa: ARG002 - a generator's form
        return await self.__anext__()

    async def athrow(self, typ: object, val: object = None, tb: object = None) -> T:  # noqa: ARG002
        await self.aclose()
        raise typ if isinstance(typ, BaseException) else typ()  # type: ignore[operator]  # as generators do

    async def aclose(self) -> None:
        self._over = True
        self._job.call_off()

    def __del__(self) -> None:
        # Garbage is collected in any thread, at any moment; locks are for the loop.
        if not self._over:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._job.call_off)

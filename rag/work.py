"""Work that blocks, done in a bounded number of threads for all askers in turns, and called off when nobody waits."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TypeVar

from rag.cancelling import Cancel
from rag.errors import ClosingError, DatelineError, OverloadedError

T = TypeVar("T")

ASKER: contextvars.ContextVar[str] = contextvars.ContextVar("asker", default="")
"""For whom work is done; a room serves those who are named here in turns."""

_LAST = 1.0
"""Seconds that work gets to notice that it was called off."""


def _shutting_down() -> DatelineError:
    return ClosingError("The server is shutting down; ask again in a moment.")


def _too_much() -> DatelineError:
    return OverloadedError("Too much is asked of this server at the moment; try again shortly.")


@dataclass(frozen=True, slots=True)
class _Ended:
    """What comes last of any work: the error that ended it, if one did."""

    error: BaseException | None = None


_Put = Callable[[T | _Ended], None]


class Workroom:
    """Does at most `at_once` pieces of work, for its askers in turns, and refuses what would wait for too long.

    A free thread goes to the asker for whom the fewest are at work, and to what that asker asked first. Threads are
    daemons, so that work which cannot be called off does not keep the process alive. Once the room is closed, the error
    that `closed` makes ends what is still waited for.
    """

    def __init__(
        self,
        *,
        at_once: int,
        waiting: int,
        each: int = sys.maxsize,
        patience: float | None = None,
        name: str = "dateline-work",
        closed: Callable[[], DatelineError] = _shutting_down,
    ) -> None:
        """Let `waiting` pieces wait, `each` asker have so many in all, and none wait longer than `patience` seconds."""
        self._at_once, self._most, self._each, self._patience = at_once, at_once + waiting, each, patience
        self._name, self._closed = name, closed
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[Work]] = {}
        self._under_way: set[Work] = set()
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
        with self._changed:
            return sum(map(len, self._waiting.values()))

    @property
    def closing(self) -> bool:
        """Whether no more work is taken."""
        return self._closing

    async def run(self, work: Callable[[], T]) -> T:
        """Return what some work returns, or raise what it raises; raise OverloadedError or ClosingError."""
        async with aclosing(self.stream(lambda: [work()])) as made:
            return await anext(made)

    def stream(
        self, source: Callable[[], Iterable[T]], keep: Callable[[T], bool] | None = None, *, by_steps: bool = False
    ) -> Stream[T]:
        """Return what a source yields and `keep` lets through, made in another thread.

        Raises OverloadedError or ClosingError at once; OverloadedError is also what is read of work that waited for
        too long. Work that is done by steps leaves its thread after any of them to an asker for whom less is done.

        Whoever stops reading calls the work off: at once where it waits for its turn or for a server, else at what it
        yields next.
        """
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[object]()

        def put(item: T | _Ended) -> None:
            if keep and not isinstance(item, _Ended) and not keep(item):
                return
            with suppress(RuntimeError):  # the loop is closed: nobody reads any more
                loop.call_soon_threadsafe(queue.put_nowait, item)

        work = Work(source, put, self._drop, by_steps=by_steps)
        self._take_on(work)
        late = None if self._patience is None else loop.call_later(self._patience, self._give_up, work)
        return Stream(work, queue, late)

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
            left = [*self._under_way, *(work for queue in self._waiting.values() for work in queue)]
        for work in left:
            work.call_off(self._closed())
        with self._changed:
            self._changed.wait_for(lambda: not wait or not self._threads)

    def _take_on(self, work: Work) -> None:
        with self._changed:
            total = len(self._under_way) + self.waiting
            own = self._at_work()[work.asker] + len(self._waiting.get(work.asker, ()))
            if self._closing or total >= self._most or own >= self._each:
                self.refused += 1
                raise self._closed() if self._closing else _too_much()
            if total >= self._threads < self._at_once:
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
                self._threads += 1
            self._waiting.setdefault(work.asker, deque()).append(work)
            self._changed.notify()

    def _at_work(self) -> Counter[str]:
        return Counter(work.asker for work in self._under_way)

    def _give_up(self, work: Work) -> None:
        if self._drop(work):
            self.refused += 1
            work.call_off(_too_much())

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
        while work := self._next():
            over = work.run(self._wanted_more)
            with self._changed:
                self._under_way.discard(work)
                if not over:  # it goes on before what the same asker asked later, after the turn of all others
                    self._waiting[work.asker] = deque((work, *self._waiting.pop(work.asker, ())))
        with self._changed:
            self._threads -= 1
            self._changed.notify_all()

    def _next(self) -> Work | None:
        with self._changed:
            while not self._waiting:
                if self._closing:
                    return None
                self._changed.wait()
            at_work = self._at_work()
            asker = min(self._waiting, key=lambda name: at_work[name])
            queue = self._waiting.pop(asker)
            work = queue.popleft()
            if queue:
                self._waiting[asker] = queue  # at the end: turns are taken
            self._under_way.add(work)
            return work

    def _wanted_more(self, asker: str) -> bool:
        """Tell whether somebody waits for whom less is being done than for this asker."""
        with self._changed:
            at_work = self._at_work()
            return any(at_work[name] < at_work[asker] for name in self._waiting)

    def _drop(self, work: Work) -> bool:
        """Take out what has not been begun; return whether it was there. What has been begun ends in a thread."""
        with self._changed:
            queue = self._waiting.get(work.asker, deque())
            if work.begun or work not in queue:
                return False
            queue.remove(work)
            if not queue:
                del self._waiting[work.asker]
            return True


class Work:
    """A source being emptied in the room's threads, or waiting for one."""

    def __init__(
        self, source: Callable[[], Iterable[T]], put: _Put[T], drop: Callable[[Work], bool], *, by_steps: bool
    ) -> None:
        self.asker = ASKER.get()
        self._source, self._put, self._drop, self._by_steps = source, put, drop, by_steps
        self._items: Iterator[T] | None = None
        self._cancel = Cancel()
        self._context = self._cancel.run(contextvars.copy_context)
        self._stop = threading.Event()

    @property
    def begun(self) -> bool:
        """Whether its source was asked for anything yet."""
        return self._items is not None

    def call_off(self, reason: Exception | None = None) -> None:
        """End the work: at once where it waits for its turn or for a server, else at what it yields next.

        Whoever reads it still is told the reason at once. May be called from any thread, more than once.
        """
        if reason is not None:
            self._put(_Ended(reason))
        self._stop.set()
        self._drop(self)
        self._cancel.call_off()

    def run(self, wanted_more: Callable[[str], bool]) -> bool:
        """Move what the source yields until there is no more, or nobody wants it; return False to go on later."""
        try:
            if not self._context.run(self._emptied, wanted_more):
                return False
            ended = _Ended()
        except BaseException as error:  # noqa: BLE001 - raised again where the items are read
            ended = _Ended(error)
        self._put(ended)
        return True

    def _emptied(self, wanted_more: Callable[[str], bool]) -> bool:
        if self._items is None and not self._stop.is_set():
            self._items = iter(self._source())
        for item in self._items or ():
            if self._stop.is_set():
                break
            self._put(item)
            if self._by_steps and wanted_more(self.asker):
                return False
        if close := getattr(self._items, "close", None):
            close()
        return True


class Stream(AsyncIterator[T]):
    """The items of some work, in the loop that reads them. A generator would not call off what nobody began to read."""

    def __init__(self, work: Work, queue: asyncio.Queue[object], late: asyncio.TimerHandle | None) -> None:
        self._work, self._queue, self._late = work, queue, late
        self._loop = asyncio.get_running_loop()
        self._over = False

    async def __anext__(self) -> T:
        if self._over:
            raise StopAsyncIteration
        try:
            item = await self._queue.get()
        except BaseException:
            await self.aclose()
            raise
        if not isinstance(item, _Ended):
            return item  # type: ignore[return-value]  # the queue holds what the source yields, and its end
        await self.aclose()
        raise item.error or StopAsyncIteration

    async def aclose(self) -> None:
        """Call the work off, if it is not over."""
        self._over = True
        if self._late:
            self._late.cancel()
        self._work.call_off()

    def __del__(self) -> None:
        # Garbage is collected in any thread, at any moment; locks are for the loop.
        if not self._over:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._work.call_off)

"""Drives an asynchronous generator from ordinary code, so that it can be cancelled at any moment."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Generic, TypeVar

from rag.cancelling import when_called_off

T = TypeVar("T")


def iterate(source: Callable[[], AsyncGenerator[T, None]]) -> Iterator[T]:
    """Yield what the source yields and raise what it raises; closing this iterator cancels the source at once.

    So does calling off the work that this is a part of, which raises asyncio.CancelledError here.

    Each call has an event loop on a thread of its own, so it works inside and outside of other event loops. Only a
    task can be cancelled while it waits for a name, a connection, a header or a word; a synchronous client blocks in
    each of these under timeouts of their own, which start anew with every byte, and cannot be closed before it has a
    response.
    """
    pump = _Pump(source=source)
    context = contextvars.copy_context()
    with when_called_off(pump.cancel):
        threading.Thread(target=context.run, args=(pump.run,), daemon=True, name="dateline-stream").start()
        try:
            yield from pump.pieces()
        finally:
            pump.cancel()


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


@dataclass(slots=True, kw_only=True)
class _Pump(Generic[T]):
    source: Callable[[], AsyncGenerator[T, None]]
    _queue: SimpleQueue[T | _End] = field(default_factory=SimpleQueue)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _task: asyncio.Task[None] | None = None
    _cancelled: bool = False

    def pieces(self) -> Iterator[T]:
        while not isinstance(piece := self._queue.get(), _End):
            yield piece
        if piece.error is not None:
            raise piece.error

    def run(self) -> None:
        with asyncio.Runner() as runner, suppress(asyncio.CancelledError):
            runner.run(self._pump())

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            task, self._task = self._task, None
        if task is not None:
            # The loop may have ended by itself just now.
            with suppress(RuntimeError):
                task.get_loop().call_soon_threadsafe(task.cancel)

    async def _pump(self) -> None:
        error: BaseException | None = None
        try:
            self._claim()
            async with aclosing(self.source()) as pieces:
                async for piece in pieces:
                    self._queue.put(piece)
        except (Exception, asyncio.CancelledError) as raised:  # noqa: BLE001  raised again on the reader's side
            error = raised
        finally:
            self._task = None
            self._queue.put(_End(error))

    def _claim(self) -> None:
        with self._lock:
            if self._cancelled:
                raise asyncio.CancelledError
            self._task = asyncio.current_task()

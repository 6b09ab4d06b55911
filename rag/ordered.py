"""Many pieces of work, a few at a time, read in order; called off when nobody reads on."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from rag.cancelling import Cancel

T = TypeVar("T")
R = TypeVar("R")
BATCH = "dateline-batch"
"""The name of threads that answer many questions."""
AHEAD = 4
"""How many pieces of work may be begun or finished, for each thread, while an earlier one is awaited."""


def in_order(work: Callable[[T], R], items: Iterable[T], most: int) -> Generator[R]:
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

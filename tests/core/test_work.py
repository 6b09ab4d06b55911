from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

import pytest

from rag.cancelling import when_called_off
from rag.errors import ClosingError, OverloadedError
from rag.work import ASKER, Stream, Workroom

T = TypeVar("T")


@asynccontextmanager
async def room(at_once: int = 2, waiting: int = 2, **bounds: Any) -> AsyncIterator[Workroom]:
    made = Workroom(at_once=at_once, waiting=waiting, **bounds)
    try:
        yield made
    finally:
        await made.close(0)
        assert (made.under_way, made.waiting) == (0, 0)


class Held:
    """A source that yields what number of its kind it is, when it is let go."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.go = threading.Event()

    def __call__(self, number: int) -> Callable[[], Iterator[int]]:
        def source() -> Iterator[int]:
            self.begun.append(number)
            try:
                while True:
                    self.go.wait(10)
                    yield number
            finally:
                self.ended.append(number)

        return source

    def once(self, number: int) -> Callable[[], int]:
        def work() -> int:
            self.begun.append(number)
            self.go.wait(10)
            return number

        return work


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.go.set()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


async def test_work_returns_what_it_makes_and_raises_what_it_raises() -> None:
    async with room() as work:
        assert await work.run(lambda: threading.current_thread().name) == "dateline-work"
        with pytest.raises(ZeroDivisionError):
            await work.run(lambda: 1 // 0)
        assert [each async for each in work.stream(lambda: "abc")] == ["a", "b", "c"]


async def test_what_came_before_a_failure_is_read_first() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise LookupError("lost")

    async with room() as work:
        stream = work.stream(failing)
        assert await anext(stream) == 1
        with pytest.raises(LookupError, match="lost"):
            await anext(stream)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_no_more_is_done_at_once_than_there_are_places_and_no_more_waits_than_may(held: Held) -> None:
    async with room(at_once=2, waiting=3) as work:
        tasks = [asyncio.create_task(work.run(held.once(number))) for number in range(5)]
        await until(lambda: (work.under_way, work.waiting) == (2, 3))
        with pytest.raises(OverloadedError):
            await work.run(held.once(5))
        with pytest.raises(OverloadedError):
            work.stream(held(5))
        assert (held.begun, work.refused) == ([0, 1], 2)
        held.go.set()
        assert await asyncio.gather(*tasks) == [0, 1, 2, 3, 4]
        assert held.begun == [0, 1, 2, 3, 4], "first come, first served"


def task_of(asker: str, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
    """Begin work for an asker."""
    context = copy_context()
    context.run(ASKER.set, asker)
    return asyncio.create_task(work, context=context)


async def test_askers_take_turns_however_much_one_of_them_asks(held: Held) -> None:
    async with room(at_once=2, waiting=20) as work:
        greedy = [task_of("greedy", work.run(held.once(number))) for number in range(10)]
        await until(lambda: work.waiting == 8)
        others = [task_of(name, work.run(held.once(number))) for number, name in ((20, "a"), (21, "a"), (30, "b"))]
        await until(lambda: work.waiting == 11)
        held.go.set()
        await asyncio.gather(*greedy, *others)
    assert set(held.begun[2:6]) >= {20, 30}
    assert [each for each in held.begun if each < 20] == list(range(10)), "one's own come in order"


async def test_a_free_thread_goes_to_whom_the_least_is_done_for(held: Held) -> None:
    free = threading.Event()
    async with room(at_once=2, waiting=5) as work:
        tasks = [task_of("greedy", work.run(held.once(0)))]
        await until(lambda: held.begun == [0])
        short = task_of("short", work.run(lambda: free.wait(10)))
        await until(lambda: work.under_way == 2)
        tasks.append(task_of("greedy", work.run(held.once(1))))
        await until(lambda: work.waiting == 1)
        tasks.append(task_of("other", work.run(held.once(2))))
        await until(lambda: work.waiting == 2)
        free.set()
        await until(lambda: len(held.begun) == 2)
        assert held.begun == [0, 2]
        held.go.set()
        await asyncio.gather(short, *tasks)


async def test_askers_for_whom_as_much_is_done_take_turns(held: Held) -> None:
    async with room(at_once=1, waiting=5) as work:
        tasks = [task_of("first", work.run(held.once(0)))]
        await until(lambda: held.begun == [0])
        for number, name in ((10, "a"), (11, "a"), (20, "b"), (21, "b")):
            tasks.append(task_of(name, work.run(held.once(number))))
            await until(lambda: work.waiting == len(tasks) - 1)
        held.go.set()
        await asyncio.gather(*tasks)
    assert held.begun == [0, 10, 20, 11, 21]


async def test_one_asker_cannot_take_all_places(held: Held) -> None:
    async with room(at_once=1, waiting=5, each=3) as work:
        mine = [task_of("me", work.run(held.once(number))) for number in range(3)]
        await until(lambda: (work.under_way, work.waiting) == (1, 2))
        with pytest.raises(OverloadedError):
            await task_of("me", work.run(held.once(3)))
        yours = task_of("you", work.run(held.once(9)))
        held.go.set()
        assert await asyncio.gather(*mine, yours) == [0, 1, 2, 9]


async def test_what_waits_too_long_is_refused_without_being_begun(held: Held) -> None:
    async with room(at_once=1, waiting=5, patience=0.05) as work:
        first, second = (asyncio.create_task(work.run(held.once(number))) for number in range(2))
        with pytest.raises(OverloadedError):
            await second
        assert (work.waiting, work.refused) == (0, 1)
        held.go.set()
        assert await first == 0, "what was begun in time may take longer"
        assert held.begun == [0]


async def test_long_work_gives_way_between_its_steps_and_goes_on_in_its_own_context() -> None:
    seen: list[str] = []
    where: ContextVar[str] = ContextVar("where", default="nowhere")
    waits = threading.Event()

    def steps() -> Iterator[int]:
        token = where.set("within")
        try:
            for number in range(3):
                waits.wait(10)
                seen.append(f"{where.get()} {number}")
                yield number
        finally:
            where.reset(token)

    async with room(at_once=1, waiting=5) as work:
        long = asyncio.create_task(all_of(work.stream(steps, by_steps=True)))
        await until(lambda: work.under_way)
        own = asyncio.create_task(work.run(lambda: seen.append("own")))
        other = task_of("other", work.run(lambda: seen.append("other")))
        await until(lambda: work.waiting == 2)
        waits.set()
        assert await long == [0, 1, 2]
        await asyncio.gather(own, other)
    assert seen == ["within 0", "other", "within 1", "within 2", "own"]


async def test_long_work_that_gave_way_is_closed_when_nobody_reads_it(held: Held) -> None:
    step, ended = threading.Semaphore(1), threading.Event()

    def steps() -> Iterator[int]:
        try:
            while step.acquire(timeout=10):
                yield 1
        finally:
            ended.set()

    async with room(at_once=1, waiting=5) as work:
        stream = work.stream(steps, by_steps=True)
        assert await anext(stream) == 1
        other = task_of("other", work.run(held.once(2)))
        await until(lambda: work.waiting)
        step.release()
        await until(lambda: held.begun == [2])
        await stream.aclose()
        step.release()
        held.go.set()
        assert await other == 2
        await until(ended.is_set)


async def all_of(stream: Stream[T]) -> list[T]:
    return [each async for each in stream]


async def test_a_reader_that_goes_away_has_its_source_closed(held: Held) -> None:
    held.go.set()
    async with room() as work:
        async with aclosing(work.stream(held(1))) as stream:
            assert await anext(stream) == 1
        await until(lambda: held.ended == [1])
        await until(lambda: work.under_way == 0)


async def test_what_waits_is_dropped_without_being_begun(held: Held) -> None:
    async with room(at_once=1, waiting=2) as work:
        first, second, third = (asyncio.create_task(work.run(held.once(number))) for number in range(3))
        await until(lambda: work.waiting == 2 and held.begun)
        second.cancel()
        await until(lambda: work.waiting == 1)
        held.go.set()
        assert (await first, await third) == (0, 2)
        assert held.begun == [0, 2]


async def test_a_stream_that_nobody_reads_is_called_off_with_it(held: Held) -> None:
    async with room(at_once=1, waiting=1) as work:
        for _ in range(5):
            stream: Stream[int] = work.stream(held(1))
            await stream.aclose()
            await until(lambda: work.waiting == 0)
        stream = work.stream(held(2))
        del stream
        gc.collect()
        held.go.set()
        await until(lambda: work.under_way == 0)


async def test_being_called_off_reaches_what_the_work_waits_for() -> None:
    hung_up, waiting = threading.Event(), threading.Event()

    def call() -> None:
        with when_called_off(hung_up.set):
            waiting.set()
            hung_up.wait(10)

    async with room() as work:
        task = asyncio.create_task(work.run(call))
        await until(waiting.is_set)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await until(hung_up.is_set)


async def test_work_knows_the_context_of_whoever_asked() -> None:
    who: ContextVar[str] = ContextVar("who", default="nobody")
    async with room(at_once=1) as work:
        who.set("me")
        assert await work.run(who.get) == "me"
        who.set("you")
        assert await work.run(who.get) == "you"


async def test_a_room_that_closes_lets_its_work_end(held: Held) -> None:
    async with room(at_once=1, waiting=1) as work:
        tasks = [asyncio.create_task(work.run(held.once(number))) for number in range(2)]
        await until(lambda: work.waiting == 1 and held.begun)
        closing = asyncio.create_task(work.close(10))
        await until(lambda: work.closing)
        with pytest.raises(ClosingError):
            await work.run(lambda: 1)
        held.go.set()
        assert await asyncio.gather(*tasks) == [0, 1]
        await closing


async def test_what_does_not_end_in_time_fails_as_closing(held: Held) -> None:
    async with room(at_once=1, waiting=1) as work:
        tasks = [asyncio.create_task(work.run(held.once(number))) for number in range(2)]
        await until(lambda: work.waiting == 1 and held.begun)
        closing = asyncio.create_task(work.close(0))
        for task in tasks:
            with pytest.raises(ClosingError):
                await task
        held.go.set()
        await closing
        assert held.begun == [0]


async def test_threads_end_with_their_room() -> None:
    def ours() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "dateline-work" and thread.is_alive()]

    before = len(ours())
    async with room(at_once=4, waiting=100) as work:
        await asyncio.gather(*(work.run(lambda: time.sleep(0.001)) for _ in range(100)))
        assert 0 < len(ours()) - before <= 4
        assert all(thread.daemon for thread in ours())
    await until(lambda: len(ours()) == before)


def test_a_loop_that_is_gone_is_no_matter_to_the_work() -> None:
    work = Workroom(at_once=1, waiting=0)
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()
    kept: list[Stream[int]] = []

    def source() -> Iterator[int]:
        begun.set()
        try:
            while True:
                go.wait(10)
                yield 1
        finally:
            ended.set()

    async def leave() -> None:
        kept.append(work.stream(source))

    asyncio.run(leave())
    assert begun.wait(10)
    go.set()
    asyncio.run(work.close(0))
    assert ended.wait(10)


async def test_many_that_come_and_go_leave_nothing_behind() -> None:
    async def visitor(work: Workroom, number: int) -> str:
        try:
            async with asyncio.timeout(0.002 * (number % 5)), aclosing(work.stream(lambda: range(50))) as stream:
                async for _ in stream:
                    await asyncio.sleep(0)
        except (TimeoutError, OverloadedError) as error:
            return type(error).__name__
        return "read"

    async with room(at_once=3, waiting=10) as work:
        ends = [await asyncio.gather(*(visitor(work, number) for number in range(40))) for _ in range(10)]
        await until(lambda: (work.under_way, work.waiting) == (0, 0))
        assert {"OverloadedError"} < {each for some in ends for each in some}
        assert await work.run(lambda: "still works") == "still works"

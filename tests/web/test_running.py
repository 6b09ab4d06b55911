"""The running server's parts that need no process of their own."""

from __future__ import annotations

import asyncio
import threading

from rag.web.running import close_together
from rag.work import Workroom


async def test_rooms_hear_of_the_stop_at_once_and_share_one_grace() -> None:
    first, second = (Workroom(at_once=1, waiting=0) for _ in range(2))
    begun = threading.Event()

    def until_the_other_closes() -> str:
        begun.set()
        while not second.closing:
            threading.Event().wait(0.01)
        return "done"

    working = asyncio.create_task(first.run(until_the_other_closes))
    await asyncio.to_thread(begun.wait, 20)
    # One after the other, the second would hear of it after the grace of the first.
    async with asyncio.timeout(20):
        await close_together([first, second], 1000)
    assert await working == "done"

"""The running server: it stops by ending what is under way, and leaves with exit code 0."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import uvicorn

from rag.work import Workroom

_LAST = 1.0
"""Seconds that responses get to be sent once all work has ended."""
_TICK = 0.05
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """Uvicorn's server, which here has the workrooms close together before it closes connections."""

    def __init__(
        self,
        config: uvicorn.Config,
        rooms: Sequence[Workroom],
        *,
        grace: float,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._rooms, self._grace, self._on_ready = rooms, grace, on_ready
        self._hurried = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, end or fail what is under way, and let go of pages that only listen."""
        for server in self.servers:
            server.close()
        await self._close_work()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._until_let_go(_LAST)
        for connection in list(self.server_state.connections):
            # It hears the same as when its client goes away; a task that is cancelled would be logged as a fault.
            connection.transport.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Stop at the first signal, at once at a second; unlike uvicorn, don't die of it afterwards.

        The handlers are functions, because sse-starlette cuts streams short where it finds a server behind them.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(_signal: int, _frame: object) -> None:
            self._hurried, self.should_exit = self.should_exit, True

        before = {number: signal.signal(number, stop) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def _close_work(self) -> None:
        closing = asyncio.ensure_future(close_together(self._rooms, self._grace))
        while not (closing.done() or self._hurried):
            await asyncio.wait({closing}, timeout=_TICK)
        if self._hurried:
            await close_together(self._rooms, 0)
        await closing

    async def _until_let_go(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.server_state.connections and not self._hurried and loop.time() < deadline:
            await asyncio.sleep(_TICK)


async def close_together(rooms: Sequence[Workroom], grace: float) -> None:
    """Have all take no more, and fail what does not end within one grace; in rooms that were told so before, now."""
    await asyncio.gather(*(room.close(0 if room.closing else grace) for room in rooms))

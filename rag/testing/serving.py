"""Serves an application over a real socket from a thread, for as long as a block runs."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from rag.web.access.heads import HeadProtocol
from rag.web.running import Server
from rag.web.server import make_app
from rag.web.service import Service


@contextmanager
def serving(service: Service, **config: object) -> Iterator[str]:
    """Serve a service on a free port of the loopback, and give its address, which ends without a slash."""
    ready = threading.Event()
    app = made(lambda: make_app(service))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))

        own = {"http": HeadProtocol, "log_level": "warning", "timeout_graceful_shutdown": 1, "proxy_headers": False}
        settings = {**own, **config}
        made_of = uvicorn.Config(app, **settings)  # type: ignore[arg-type]  # any of uvicorn's settings
        server = Server(made_of, service.rooms, grace=service.options.grace, on_ready=ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            if not ready.wait(30):
                raise RuntimeError("The server did not start.")
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def made(make: Callable[[], FastAPI]) -> FastAPI:
    """Make an application where a loop runs, because Gradio leaves one behind otherwise."""

    async def run() -> FastAPI:
        return make()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()

"""The web application, put together from its doors, and the server that runs it."""

from __future__ import annotations

import asyncio
import socket
import sys
import webbrowser
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI

from rag.errors import ConfigurationError
from rag.web import api, chat, compatible, mcp
from rag.web.access import guarded
from rag.web.access.gate import ANY_ADDRESS, LOCAL
from rag.web.access.headers import SecurityHeaders
from rag.web.access.heads import HeadProtocol
from rag.web.api.border import Foreseen
from rag.web.api.documenting import name_of
from rag.web.options import LOOPBACK, Options
from rag.web.running import Server, close_together
from rag.web.service import Service
from rag.web.watching.handling import watched

_SWITCH = 0.0005
"""Seconds; a tenth of Python's own."""
_STUCK = 5
"""Seconds after which a request that neither ends nor fails is given up when the server stops."""


def make_app(service: Service) -> FastAPI:
    """Return the application: the page at "/", the API under "/v1", tools for other assistants at "/mcp".

    It answers to the names of the local host and to the allowed ones of its options.
    """

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(tools.running())
            try:
                yield
            finally:
                await close_together(service.rooms, service.options.grace)

    app = FastAPI(
        title="Dateline",
        version=version("dateline"),
        summary="Ask the news, and check every word.",
        docs_url=None,
        redoc_url=None,
        lifespan=running,
        generate_unique_id_function=name_of,
    )
    tools = mcp.Tools(service)
    api.include(app, service)
    compatible.include(app, service)
    tools.include(app)
    api.include_end(app)
    guarded(app, service)
    app.add_middleware(Foreseen)  # a fault of a guard
    app.add_middleware(SecurityHeaders)
    chat.mount(app, service)
    watched(app, service)
    return app


def serve(service: Service, *, open_browser: bool = False) -> None:
    """Serve until interrupted, and say where it is once it answers.

    Port 0 takes any free one. Raises ConfigurationError when the address cannot be taken.
    """
    options = service.options
    listener = _listener(options.host, options.port)
    address = _address(options.host, listener.getsockname()[1])

    def ready() -> None:
        sys.stdout.write(announcement(address, options))
        sys.stdout.flush()
        if open_browser:
            webbrowser.open(address)

    async def run() -> None:
        # Gradio makes and abandons an event loop for each of its locks, unless one is running.
        config = uvicorn.Config(
            make_app(service),
            http=HeadProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the guards know which proxies to believe
            timeout_graceful_shutdown=_STUCK,
        )
        await Server(config, service.rooms, grace=options.grace, on_ready=ready).serve(sockets=[listener])

    # Threads that compute hold the interpreter for so long at a time, and the loop waits for each of them in turn.
    sys.setswitchinterval(_SWITCH)
    with suppress(KeyboardInterrupt):
        asyncio.run(run())


def announcement(address: str, options: Options) -> str:
    """Return the line that says where the server is, and one on what it means that others can reach it."""
    first = f"Dateline answers at {address} (stop it with Ctrl-C)\n"
    if options.host in LOCAL or options.host.startswith("127."):
        return first
    everywhere = ", at every address of this machine," if options.host in ANY_ADDRESS else ""
    how = "with a key" if options.keys_needed else "and may do everything without a key"
    warning = "Without a proxy that brings TLS, keys and articles travel unencrypted."
    return f"{first}Others can reach it{everywhere} {how}. {warning}\n"


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where the protocol is named does asyncio send small packets at once; else each response waits 40 ms for an
    # acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(
            f"Cannot listen on {host}:{port} ({reason}). Choose another address with --host and --port."
        ) from error
    return listener


def _address(host: str, port: int) -> str:
    shown = LOOPBACK if host in ANY_ADDRESS else host
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"

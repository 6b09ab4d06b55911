"""The chat page as a web application, and the server that shows it."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import webbrowser
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from rag.errors import ConfigurationError, LibraryError
from rag.web import markup, page
from rag.web.gate import ANY_ADDRESS, Gate
from rag.web.handlers import Handlers
from rag.web.headers import SecurityHeaders

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse

    from rag.answer import Desk

LOOPBACK = "127.0.0.1"


def make_app(desk: Desk, *, allowed_hosts: Collection[str] = ()) -> FastAPI:
    """Return the application: the page at "/", and "/healthz" for whoever watches it.

    It answers to the names of the local host and to `allowed_hosts` ("*" for any; "0.0.0.0" for any address).
    """
    import gradio as gr  # noqa: PLC0415 - heavy, and only a server shows pages
    from fastapi import FastAPI  # noqa: PLC0415

    app = FastAPI(title="Dateline", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Gate, hosts=allowed_hosts)
    app.add_middleware(SecurityHeaders)
    app.add_api_route("/healthz", lambda: _health(desk))
    blocks = page.build(Handlers(desk))
    blocks.queue(default_concurrency_limit=page.AT_ONCE, max_size=64)
    css = (markup.HERE / "static" / "page.css").read_text(encoding="utf-8")
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        theme=gr.themes.Base(font=_SANS, font_mono=["ui-monospace", "monospace"]),
        css=css,
    )
    return app


def _health(desk: Desk) -> JSONResponse:
    from fastapi.responses import JSONResponse  # noqa: PLC0415 - only a running server needs it

    try:
        return JSONResponse({"status": "ok", "generation": desk.library.generation()})
    except LibraryError as error:
        return JSONResponse({"status": "failed", "error": str(error)}, 503)


_SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif"]


def serve(
    desk: Desk,
    host: str = LOOPBACK,
    port: int = 7860,
    *,
    allowed_hosts: Collection[str] = (),
    open_browser: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the page until interrupted, and say where it is once it answers (on standard output, or to `on_ready`).

    Port 0 takes any free one. A server that others reach by name, or through a proxy, must be told its names in
    `allowed_hosts`. Raises ConfigurationError when the address cannot be taken.
    """
    import uvicorn  # noqa: PLC0415 - only a server needs it

    listener = _listener(host, port)
    address = _address(host, listener.getsockname()[1])

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                (on_ready or _announce)(address)
                if open_browser:
                    webbrowser.open(address)

    async def run() -> None:
        # Gradio makes and abandons an event loop for each of its locks, unless one is running.
        app = make_app(desk, allowed_hosts=(host, *allowed_hosts))
        config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=2)
        await Server(config).serve(sockets=[listener])

    with suppress(KeyboardInterrupt):
        asyncio.run(run())


def _announce(address: str) -> None:
    sys.stdout.write(f"Dateline answers at {address} (stop it with Ctrl-C)\n")
    sys.stdout.flush()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise ConfigurationError(
            f"Cannot listen on {host}:{port} ({reason}). Choose another address with --host and --port."
        ) from error
    return listener


def _address(host: str, port: int) -> str:
    shown = LOOPBACK if host in ANY_ADDRESS else host
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"

"""Puts the chat page into the web application."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import Mount

from rag.web.chat import markup, page
from rag.web.chat.endpoints import Endpoints
from rag.web.chat.failures import Told
from rag.web.chat.handlers import Handlers
from rag.web.service import Service

_SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif"]

_MOST_EVENTS = 1_000
"""Events of the page under way, and as many that were not looked at yet: the workroom refuses long before."""


def mount(app: FastAPI, service: Service) -> None:
    """Mount the page at "/", behind everything that has a path of its own."""
    import gradio as gr  # noqa: PLC0415 - heavy, and only a server shows pages

    blocks = page.build(Handlers(service), Endpoints(service))
    # The service's workroom lets wait and refuses, for all doors alike; here, nobody stands in the way of another.
    blocks.max_threads = _MOST_EVENTS
    blocks.queue(default_concurrency_limit=None, max_size=_MOST_EVENTS)
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
    mounted = app.routes[-1]
    assert isinstance(mounted, Mount)
    mounted.app = Told(mounted.app)

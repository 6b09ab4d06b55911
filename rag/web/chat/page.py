"""The chat page, put together from Gradio's parts: what is on it, and which handler serves what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from rag.question.requests import LONGEST_QUESTION
from rag.web.chat import markup
from rag.web.chat.endpoints import Endpoints
from rag.web.chat.exchange import Conversation
from rag.web.chat.handlers import Handlers

if TYPE_CHECKING:
    import gradio as gr


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The parts of the page that listeners read and change."""

    conversation: gr.State
    front: gr.HTML
    past: gr.HTML
    live: gr.HTML
    box: gr.Textbox
    ask: gr.Button
    stop: gr.Button
    clear: gr.Button
    reader: gr.HTML


def build(handlers: Handlers, endpoints: Endpoints) -> gr.Blocks:
    """Return the page."""
    import gradio as gr  # noqa: PLC0415 - heavy, and only a server shows pages

    blocks = gr.Blocks(title="Dateline", analytics_enabled=False, fill_width=True)
    with blocks:
        # The first that takes a name keeps it, and these names are the public ones.
        _offer(endpoints)
        _listen(blocks, _lay_out(handlers), handlers)
    return blocks


def _lay_out(handlers: Handlers) -> _Parts:
    import gradio as gr  # noqa: PLC0415 - heavy, and only a server shows pages

    conversation = gr.State(Conversation())
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="chat"):
            front, past, live = _html("front"), _html("past"), _html("live")
            with gr.Row(elem_id="composer"):
                box = _box()
                ask = gr.Button("Ask", variant="primary", elem_id="ask")
                stop = gr.Button("Stop", elem_id="stop")
                clear = gr.Button("New conversation", elem_id="clear")
        reader = _reader(handlers)
    return _Parts(
        conversation=conversation,
        front=front,
        past=past,
        live=live,
        box=box,
        ask=ask,
        stop=stop,
        clear=clear,
        reader=reader,
    )


def _html(elem_id: str) -> gr.HTML:
    import gradio as gr  # noqa: PLC0415 - heavy, and only a server shows pages

    return gr.HTML("", elem_id=elem_id, js_on_load=None, apply_default_css=False, padding=False)


def _box() -> gr.Textbox:
    import gradio as gr  # noqa: PLC0415 - heavy, and only a server shows pages

    return gr.Textbox(
        label="Your question",
        show_label=False,
        placeholder="Ask a question",
        lines=1,
        max_lines=6,
        max_length=LONGEST_QUESTION,
        autofocus=True,
        container=False,
        elem_id="question",
    )


def _reader(handlers: Handlers) -> gr.HTML:
    import gradio as gr  # noqa: PLC0415 - heavy, and only a server shows pages

    def open_article(asked: object) -> str:
        return handlers.open(asked)  # Gradio marks what a script may call, and cannot mark a method

    return gr.HTML(
        "",
        js_on_load=(markup.HERE / "static" / "page.js").read_text(encoding="utf-8"),
        server_functions=[open_article],
        apply_default_css=False,
        padding=False,
        elem_id="reader",
    )


class _Quiet(TypedDict):
    show_progress: Literal["hidden"]
    api_visibility: Literal["private"]


_QUIET: _Quiet = {"show_progress": "hidden", "api_visibility": "private"}


def _offer(endpoints: Endpoints) -> None:
    from gradio.events import api  # noqa: PLC0415 - heavy, and only a server shows pages

    for call in (endpoints.ask, endpoints.search, endpoints.check):
        api(call, api_name=call.__name__)


def _listen(blocks: gr.Blocks, parts: _Parts, handlers: Handlers) -> None:
    from gradio.events import on  # noqa: PLC0415 - heavy, and only a server shows pages

    state = parts.conversation
    shown = [state, parts.past, parts.live]
    typed = on([parts.box.submit, parts.ask.click], handlers.ask, [parts.box, state], [*shown, parts.box], **_QUIET)
    parts.stop.click(handlers.stop, state, None, queue=False, **_QUIET)
    everything = [*shown, parts.box, parts.reader]
    parts.clear.click(handlers.clear, state, everything, cancels=typed, queue=False, **_QUIET)
    blocks.load(handlers.front, None, parts.front, queue=False, **_QUIET)

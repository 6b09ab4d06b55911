"""What the page does when something is asked, stopped, cleared or opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from rag.errors import DatelineError, UserError
from rag.web.chat import markup, reference
from rag.web.chat.asking import follow, know_asker
from rag.web.chat.exchange import Conversation, Exchange
from rag.web.chat.reference import Reference
from rag.web.service import Service

_COMPANIONS = 50
"""Other cited sentences of one article that are marked at most."""


class Handlers:
    """The page's listeners over one service; all that differs between browser tabs is in their conversations."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def front(self) -> str:
        """Return the heading as of now."""
        try:
            return markup.front(self._service.desk.library.count())
        except DatelineError as error:
            return markup.failure(str(error))

    async def ask(
        self, text: object, conversation: Conversation
    ) -> AsyncGenerator[tuple[object, object, object, object]]:
        """Yield the conversation, its earlier exchanges, the latest one and the emptied box, as an answer grows."""
        import gradio as gr  # noqa: PLC0415 - heavy, and only a server shows pages

        know_asker()
        earlier, stop = conversation.stopped(), asyncio.Event()
        number = len(earlier.exchanges) + 1
        # The earlier exchanges do not change while an answer grows, and the box may hold the next question by then.
        past: object = markup.exchanges(earlier.exchanges)
        box: object = ""
        before = None
        async with aclosing(self._exchanges(text, earlier, stop)) as exchanges:
            async for exchange in exchanges:
                if exchange is before:
                    yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
                    continue
                yield earlier.with_latest(exchange, stop), past, markup.exchange(exchange, number), box
                past, box, before = gr.skip(), gr.skip(), exchange

    async def _exchanges(self, text: object, earlier: Conversation, stop: asyncio.Event) -> AsyncGenerator[Exchange]:
        try:
            question = earlier.question(text)
        except DatelineError as error:
            yield Exchange(question=markup.excerpt(str(text or "…"))).failed(str(error))
        else:
            async with aclosing(follow(question, self._service, stop)) as exchanges:
                async for exchange in exchanges:
                    yield exchange

    async def stop(self, conversation: Conversation) -> None:
        """Break the answer under way off; the listener that was showing it shows that."""
        if conversation.stop:
            conversation.stop.set()

    async def clear(self, conversation: Conversation) -> tuple[Conversation, str, str, str, str]:
        """Return an empty conversation, and nothing to show in the four places that showed the old one."""
        await self.stop(conversation)
        return Conversation(), "", "", "", ""

    def open(self, asked: object) -> str:
        """Return the article that a citation names, the cited sentence and its companions marked."""
        try:
            wanted, also = _wanted(asked)
            article = self._service.desk.library.article(wanted.article_id, wanted.version)
            return markup.reader(article, wanted.span, [each.span for each in also])
        except DatelineError as error:
            return markup.failure(str(error))


def _wanted(asked: object) -> tuple[Reference, list[Reference]]:
    """Return the place that a browser asked for and those to mark beside it, trusting nothing about what it sent."""
    match asked:
        case {"href": str(href), "also": list(also)}:
            places = [reference.parse(each) for each in also[:_COMPANIONS] if isinstance(each, str)]
            return reference.parse(href), places
        case _:
            raise UserError("This link does not lead to a place in an article. Ask again to get fresh links.")

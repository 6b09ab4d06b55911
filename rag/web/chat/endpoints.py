"""What programs may call through Gradio's client: questions, searches and checks, as data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import DatelineError, UserError
from rag.question.requests import read_question
from rag.types import Scope
from rag.web.chat.asking import know_asker
from rag.web.service import Service
from rag.wire import Json, answer_object, checked_object, hits_object

MOST_PASSAGES = 100


class Endpoints:
    """The calls over one service. Gradio hands on what a program sent, so nothing of it is what it says."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def ask(self, question: str, history: list[dict[str, str]] | None = None) -> dict[str, Json]:
        """Answer a question over the articles, with every citation; `history` holds question and answer pairs."""
        with _told():
            return answer_object(await self._service.ask(read_question({"question": question, "history": history})))

    async def search(self, question: str, limit: int = 10) -> dict[str, Json]:
        """Find the passages nearest to a question, at most `limit`, best first."""
        with _told():
            if type(limit) is not int or not 1 <= limit <= MOST_PASSAGES:
                raise UserError(f"limit must be a whole number from 1 to {MOST_PASSAGES}.")
            return hits_object(await self._service.search(read_question({"question": question}), limit))

    async def check(self, text: str) -> dict[str, Json]:
        """Check a draft against the articles: a verdict on each sentence, with the words that come closest."""
        with _told():
            if not isinstance(text, str):
                raise UserError("text is missing or not text.")
            return checked_object(await self._service.check(text, Scope()))


@contextmanager
def _told() -> Iterator[None]:
    """Know who asks, and tell the program what went wrong, in one line."""
    import gradio as gr  # noqa: PLC0415 - heavy, and only a server shows pages

    know_asker()
    try:
        yield
    except DatelineError as error:
        raise gr.Error(str(error), print_exception=False) from error

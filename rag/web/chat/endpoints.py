"""What programs may call through Gradio's client: questions, searches and checks, as data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rag.check import Checked, checker
from rag.errors import DatelineError, UserError
from rag.question.requests import read_question
from rag.types import Scope
from rag.web.service import Service
from rag.wire import Json, answer_object, checked_object, hits_object

MOST_PASSAGES = 100


class Endpoints:
    """The calls over one service. Gradio hands on what a program sent, so nothing of it is what it says."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def ask(self, question: str, history: list[dict[str, str]] | None = None) -> dict[str, Json]:
        """Answer a question over the articles, with every citation; `history` holds question and answer pairs."""
        with _told():
            return answer_object(self._service.answer(read_question({"question": question, "history": history})))

    def search(self, question: str, limit: int = 10) -> dict[str, Json]:
        """Find the passages nearest to a question, at most `limit`, best first."""
        with _told():
            if type(limit) is not int or not 1 <= limit <= MOST_PASSAGES:
                raise UserError(f"limit must be a whole number from 1 to {MOST_PASSAGES}.")
            asked, desk = read_question({"question": question}), self._service.desk
            [hits] = self._service.work.iterate(lambda: [desk.search(asked, limit)])
            return hits_object(hits)

    def check(self, text: str) -> dict[str, Json]:
        """Check a draft against the articles: a verdict on each sentence, with the words that come closest."""
        with _told():
            if not isinstance(text, str):
                raise UserError("text is missing or not text.")
            *_, checked = self._service.work.iterate(lambda: checker(self._service.desk).stream(text, Scope()))
            assert isinstance(checked, Checked)  # the last step of every check
            return checked_object(checked)


@contextmanager
def _told() -> Iterator[None]:
    """Tell the program what went wrong, in one line."""
    import gradio as gr  # noqa: PLC0415 - heavy, and only a server shows pages

    try:
        yield
    except DatelineError as error:
        raise gr.Error(str(error), print_exception=False) from error

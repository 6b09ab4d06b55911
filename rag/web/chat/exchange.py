"""What the page knows about one question and its answer, at any moment, and about a whole conversation."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from enum import StrEnum

from rag.question.requests import make_question
from rag.types import Answer, Citation, Delta, Event, Found, Hit, Question, Restart, Scope, Searching, Turn

_MARKERS = re.compile(r"[ \t]*\[\d+\]")


class Stage(StrEnum):
    """How far an exchange has come."""

    SEARCHING = "searching"
    READING = "reading"
    WRITING = "writing"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


_BUSY = (Stage.SEARCHING, Stage.READING, Stage.WRITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question with what has been heard of its answer so far."""

    question: str
    stage: Stage = Stage.SEARCHING
    standalone: str = ""
    hits: tuple[Hit, ...] = ()
    text: str = ""
    citations: tuple[Citation, ...] = ()
    answer: Answer | None = None
    error: str = ""

    @property
    def busy(self) -> bool:
        """Whether more may come."""
        return self.stage in _BUSY

    @property
    def rewritten(self) -> str:
        """The question as it was searched, where that differs from what was typed."""
        return self.standalone if self.standalone != self.question.strip() else ""

    def after(self, event: Event) -> Exchange:
        """Return the exchange as it stands after an event."""
        match event:
            case Searching(standalone=standalone):
                return replace(self, standalone=standalone)
            case Found(hits=hits):
                return replace(self, hits=hits, stage=Stage.READING)
            case Delta(text=text, citations=citations):
                known = (*self.citations, *citations)
                return replace(self, text=self.text + text, citations=known, stage=Stage.WRITING)
            case Restart():
                return replace(self, text="", citations=(), stage=Stage.READING)
            case Answer():
                return self._finished(event)

    def _finished(self, answer: Answer) -> Exchange:
        return replace(
            self,
            stage=Stage.DONE,
            answer=answer,
            standalone=answer.standalone,
            hits=answer.hits,
            text=answer.text,
            citations=answer.citations,
        )

    def stopped(self) -> Exchange:
        """Return the exchange as the user broke it off."""
        return replace(self, stage=Stage.STOPPED) if self.busy else self

    def failed(self, error: str) -> Exchange:
        """Return the exchange with the one line that says why there is no answer."""
        return replace(self, stage=Stage.FAILED, error=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The exchanges of one browser tab, oldest first."""

    exchanges: tuple[Exchange, ...] = ()
    stop: asyncio.Event | None = None
    """Breaks the answer under way off when it is set."""

    def with_latest(self, exchange: Exchange, stop: asyncio.Event | None = None) -> Conversation:
        """Return the conversation with one exchange more, and what stops it."""
        return Conversation(exchanges=(*self.exchanges, exchange), stop=stop)

    def stopped(self) -> Conversation:
        """Return the conversation with an answer that was under way broken off."""
        return replace(self, exchanges=tuple(exchange.stopped() for exchange in self.exchanges))

    def question(self, text: object) -> Question:
        """Return the next question, with the answered ones as its history; raise ConfigurationError if it is none."""
        turns = [turn(exchange.question, exchange.answer) for exchange in self.exchanges if exchange.answer]
        return make_question(text if isinstance(text, str) else "", Scope(), turns)


def turn(question: str, answer: Answer) -> Turn:
    """Return an exchange as history: the answer's words without its markers."""
    return Turn(question=question, answer=_MARKERS.sub("", answer.text).strip())

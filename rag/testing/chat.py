"""A chat model that says what a test tells it to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rag.protocols import Message
from rag.types import Usage

Reply = str | Sequence[str | Usage | Exception]
"""One reply: a text, or its pieces in order; an exception among them is raised when it is reached."""


class ScriptedChat:
    """Gives one scripted reply after another, and keeps what it was sent in `sent`."""

    def __init__(self, *replies: Reply, name: str = "scripted") -> None:
        self._replies = list(replies)
        self._name = name
        self.sent: list[tuple[Message, ...]] = []

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    def stream(self, messages: Sequence[Message]) -> Iterator[str | Usage]:
        """Yield the next reply; raise AssertionError when the script has none left."""
        self.sent.append(tuple(messages))
        if not self._replies:
            raise AssertionError("The script has no reply left.")
        reply = self._replies.pop(0)
        pieces: Iterable[str | Usage | Exception] = [reply] if isinstance(reply, str) else reply
        for piece in pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

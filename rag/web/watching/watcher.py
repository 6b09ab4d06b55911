"""What is told to whoever watches the service."""

from __future__ import annotations

from typing import Protocol

from rag.errors import DatelineError
from rag.types import Answer


class Watcher(Protocol):
    """Hears how each question ended; called in the thread that answered, and must not raise."""

    def answered(self, answer: Answer) -> None:
        """Take note of a finished answer."""

    def failed(self, error: DatelineError) -> None:
        """Take note of a question that ended in an error."""


class Unwatched:
    """Takes no note."""

    def answered(self, answer: Answer) -> None:
        """Do nothing."""

    def failed(self, error: DatelineError) -> None:
        """Do nothing."""

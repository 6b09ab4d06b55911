"""What is told to whoever watches the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from rag.types import Answer

NOWHERE = "none"
"""The route of a request for a path that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """One request and what became of it. Nothing in it is as the client wrote it, but for the address."""

    method: str
    """An HTTP method, or "other"."""
    route: str
    """The path as the table of rights spells it, such as "/v1/jobs/{job_id}"; "none" where there is no such path."""
    status: int
    seconds: float
    """From the head of the request to the end of the response."""
    address: str
    key: str | None = None
    """The id of the key that was shown."""
    minor: bool = False
    """Whether it was a health check or a file of the page."""


class Watcher(Protocol):
    """Hears of every request and every answer, in the thread that made it; must not raise."""

    def handling(self, headers: Mapping[str, str]) -> AbstractContextManager[object]:
        """Surround the handling of a request that came with these headers."""

    def handled(self, request: Handled) -> None:
        """Take note of a request that has been responded to."""

    def answering(self) -> AbstractContextManager[object]:
        """Surround the making of an answer, up to `answered` or `failed`."""

    def answered(self, answer: Answer) -> None:
        """Take note of a finished answer."""

    def failed(self, error: Exception) -> None:
        """Take note of a question that ended in an error."""


class Unwatched:
    """Takes no note; what takes note of some things only begins here."""

    def handling(self, headers: Mapping[str, str]) -> AbstractContextManager[object]:  # noqa: ARG002
        """Do nothing around it."""
        return nullcontext()

    def handled(self, request: Handled) -> None:
        """Do nothing."""

    def answering(self) -> AbstractContextManager[object]:
        """Do nothing around it."""
        return nullcontext()

    def answered(self, answer: Answer) -> None:
        """Do nothing."""

    def failed(self, error: Exception) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Several:
    """Tells several watchers, in order."""

    watchers: tuple[Watcher, ...]

    def handling(self, headers: Mapping[str, str]) -> AbstractContextManager[object]:
        """Surround it with what each puts around it."""
        return self._around(lambda each: each.handling(headers))

    def handled(self, request: Handled) -> None:
        """Tell each."""
        for each in self.watchers:
            each.handled(request)

    def answering(self) -> AbstractContextManager[object]:
        """Surround it with what each puts around it."""
        return self._around(lambda each: each.answering())

    def answered(self, answer: Answer) -> None:
        """Tell each."""
        for each in self.watchers:
            each.answered(answer)

    def failed(self, error: Exception) -> None:
        """Tell each."""
        for each in self.watchers:
            each.failed(error)

    @contextmanager
    def _around(self, enter: Callable[[Watcher], AbstractContextManager[object]]) -> Iterator[None]:
        with ExitStack() as stack:
            for each in self.watchers:
                stack.enter_context(enter(each))
            yield

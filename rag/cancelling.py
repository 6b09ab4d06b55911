"""Lets whoever asked for work call it off from another thread, also while the work waits for somebody else's server."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
Action = Callable[[], None]


class Cancel:
    """Calls off the work that runs under it: what that work waits for is told to end, now or as soon as it begins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._called = False
        self._actions: list[Action] = []

    def run(self, work: Callable[[], T]) -> T:
        """Return what some work returns, done in this thread so that `call_off` reaches it."""
        return contextvars.copy_context().run(self._run, work)

    def call_off(self) -> None:
        """End what is waited for; may be called from any thread, at any time, more than once."""
        with self._lock:
            self._called = True
            actions, self._actions = self._actions, []
        for action in actions:
            action()

    def _run(self, work: Callable[[], T]) -> T:
        _current.set(self)
        return work()

    def _add(self, action: Action) -> None:
        with self._lock:
            if not self._called:
                self._actions.append(action)
                return
        action()

    def _drop(self, action: Action) -> None:
        with self._lock:
            if action in self._actions:
                self._actions.remove(action)


_current: contextvars.ContextVar[Cancel | None] = contextvars.ContextVar("cancel", default=None)


@contextmanager
def when_called_off(action: Action) -> Iterator[None]:
    """Within the block, have `action` done (in another thread) once the surrounding work is called off."""
    cancel = _current.get()
    if cancel is None:
        yield
        return
    cancel._add(action)
    try:
        yield
    finally:
        cancel._drop(action)

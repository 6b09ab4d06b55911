"""Drafts checked in the workroom, so that every door can tell how far a check is and call it off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing

from rag.check import Checked, checker
from rag.types import Scope
from rag.web.service import Service

Progress = Callable[[int, int], Awaitable[None]]
"""Takes how many sentences are done, and of how many."""


async def _untold(_done: int, _total: int) -> None:
    return


async def checked(service: Service, text: str, scope: Scope, progress: Progress = _untold) -> Checked:
    """Return the checked draft; raise what `Checker.check` raises, OverloadedError or ClosingError."""
    async with aclosing(service.work.stream(lambda: checker(service.desk).stream(text, scope))) as steps:
        async for step in steps:
            if isinstance(step, Checked):
                return step
            await progress(step.done, step.total)
    raise AssertionError("A check ends with the checked draft.")

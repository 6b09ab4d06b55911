"""Whether the service can answer: the library can be read, and the embedding model can be loaded."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rag.answer import Desk
from rag.errors import DatelineError
from rag.web.problems import UNEXPECTED, problem_of
from rag.work import Workroom

_log = logging.getLogger(__name__)
_FRESH = 5.0
"""Seconds for which a state counts."""
_PATIENCE = 3.0
"""Seconds after which what does not answer counts as missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What was found; generation and number of articles are None where the library could not be read."""

    generation: int | None
    articles: int | None
    problems: Mapping[str, str | None]
    """For each thing that answering needs, the name of the problem with it."""

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not any(self.problems.values())


class Readiness:
    """Looks at a desk in a thread of its own, one look at a time, so that it never waits behind work."""

    def __init__(self, desk: Desk, *, patience: float = _PATIENCE) -> None:
        self._desk, self._patience = desk, patience
        self._look: asyncio.Task[State] | None = None
        self._began = 0.0

    async def state(self) -> State:
        """Return the state as of a few seconds ago at most; what has not answered by then is missing."""
        now = time.monotonic()
        if self._look is None or (self._look.done() and now - self._began > _FRESH):
            self._began = now
            self._look = asyncio.create_task(self._in_thread())
        try:
            return await asyncio.wait_for(asyncio.shield(self._look), self._patience)
        except TimeoutError:
            return State(generation=None, articles=None, problems={"library": "slow", "model": "slow"})

    async def _in_thread(self) -> State:
        room = Workroom(at_once=1, waiting=0, name="dateline-ready")
        try:
            return await room.run(self._looked)
        finally:
            room.shut(wait=False)

    def _looked(self) -> State:
        library = self._desk.library
        found: list[tuple[int, int]] = []
        problems = {
            "library": _problem("library", lambda: found.append((library.generation(), library.count()))),
            "model": _problem("model", lambda: self._desk.embedder.embed_query("Is the model there?")),
        }
        generation, articles = found[0] if found else (None, None)
        return State(generation=generation, articles=articles, problems=problems)


def _problem(what: str, look: Callable[[], object]) -> str | None:
    try:
        look()
    except DatelineError as error:
        _log.warning("Not ready, because of the %s: %s", what, error)
        return problem_of(error).kind
    except Exception:  # noqa: BLE001  whatever fails here is told, and logged
        _log.exception("Not ready, because of the %s.", what)
        return UNEXPECTED.kind
    return None

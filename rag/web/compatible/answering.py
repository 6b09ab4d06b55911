"""An answer on its way to a client that cannot take back what it has shown."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Request

from rag.types import Answer, Delta, Event, Found, Question, Restart
from rag.web.api.leaving import unless_gone
from rag.web.events import whole
from rag.web.problems import Problem
from rag.web.service import Service
from rag.work import Stream

WITHDRAWN = Problem(
    status=502,
    kind="withdrawn",
    detail="The text streamed so far is withdrawn. Ask again without dateline.live to get only what stands.",
)


async def begun(service: Service, question: Question, request: Request) -> Stream[Event]:
    """Return the events after the passages were found, so that what fails until then is told by a status.

    Raises OverloadedError, ClosingError, LibraryError or GoneError.
    """
    events = service.stream(question)

    async def found() -> None:
        async for event in events:
            if isinstance(event, Found):
                return

    await unless_gone(request, found())
    return events


async def standing(events: Stream[Event], *, live: bool) -> AsyncGenerator[str | Answer | Problem]:
    """Yield the answer's text, then the answer, or a problem in its place.

    Any text may be withdrawn until the answer is finished, so it is held back until then. `live` yields it as it is
    written; where it is withdrawn, that is the problem.
    """
    shown = False
    async with aclosing(whole(events)) as rest:
        async for event in rest:
            match event:
                case Delta(text=text) if live and text:
                    shown = True
                    yield text
                case Restart() if shown:
                    yield WITHDRAWN
                    return
                case Answer(text=text):
                    if not shown:
                        yield text
                    yield event
                case Problem():
                    yield event

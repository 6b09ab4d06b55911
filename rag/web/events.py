"""An answer's events on their way out: what breaks them off is the last of them, and all are sent in one form."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from sse_starlette import EventSourceResponse, ServerSentEvent

from rag.errors import DatelineError
from rag.types import Event
from rag.web.problems import UNEXPECTED, Problem, problem_of
from rag.web.service import Service
from rag.wire import Json
from rag.work import Stream

_log = logging.getLogger(__name__)


async def whole(events: Stream[Event]) -> AsyncGenerator[Event | Problem]:
    """Yield events, and in the place of an exception the problem that it is to whoever asked; close them at the end.

    By then a status has been sent, so that nothing else could tell of a failure.
    """
    async with aclosing(events):
        try:
            async for event in events:
                yield event
        except DatelineError as error:
            yield problem_of(error)
        except Exception:  # noqa: BLE001  nothing else would tell of it
            _log.exception("An answer broke off.")
            yield UNEXPECTED


def event_stream(events: AsyncGenerator[ServerSentEvent], service: Service) -> EventSourceResponse:
    """Return the response that sends events; comments keep the connection alive while nothing happens."""
    return EventSourceResponse(events, sep="\n", shutdown_grace_period=service.options.grace)


def sent(data: Mapping[str, Json], event: str | None = None) -> ServerSentEvent:
    """Return a server-sent event that carries JSON in ASCII: some readers take U+2028 for the end of a line."""
    return ServerSentEvent(json.dumps(data), event=event, sep="\n")

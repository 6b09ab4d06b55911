"""What a request's head may be: no larger and no slower than is of use. Nobody has shown a key before it has ended."""

from __future__ import annotations

from asyncio import BaseTransport, TimerHandle
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rag.web.access.headers import HEADERS
from rag.web.problems import Problem

LARGEST = 65_536
"""Bytes of a head, and of the fields that may follow a body in pieces."""
PATIENCE = 10.0
"""Seconds from the connection, or from the end of the last response, to the end of a head."""

_TOO_LARGE = Problem(
    status=431, kind="large-head", detail=f"The head is larger than {LARGEST:,} bytes; send fewer or shorter headers."
)
_MALFORMED = Problem(status=400, kind="bad-request", detail="This is no HTTP request.")


class HeadProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, which here answers 431 to heads that are too large, and lets go of who sends none.

    The parser hands out whole header fields, so what has arrived of one counts as well.
    """

    patience = PATIENCE
    _arrived = 0
    """Bytes since the head, or a part of the body, was complete."""
    _named = 0
    """Bytes of the path and of the fields of this head, or of those after the body."""
    _timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin to wait for a head."""
        super().connection_made(transport)  # type: ignore[arg-type]  # a socket's transport is asyncio's own
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived."""
        self._arrived += len(data)
        super().data_received(data)
        if self._arrived > LARGEST and not self.transport.is_closing():
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Count the next head from here."""
        self._named = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count a piece of the path."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header field."""
        self._count(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Wait no longer, and count what follows the body from here."""
        self._wait_no_more()
        self._arrived = self._named = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of the body, whose size the guards look at."""
        self._arrived = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Hand on the end of a request."""
        self._arrived = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin to wait for the next head, unless it is here already."""
        waits = not self.pipeline
        super().on_response_complete()
        if waits and not self.transport.is_closing():
            self._wait()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's form
        """Tell of a request that could not be parsed, or whose head was too large to go on."""
        self._refuse(_TOO_LARGE if self._named > LARGEST else _MALFORMED)

    def _count(self, *parts: bytes) -> None:
        self._named += sum(map(len, parts)) + 4
        if self._named > LARGEST:
            raise ValueError(_TOO_LARGE.detail)  # which the parser reports as a request that it cannot parse

    def _refuse(self, problem: Problem) -> None:
        if self._unanswered():
            self.transport.write(_written(problem))
        self.transport.close()

    def _unanswered(self) -> bool:
        """Tell whether what is sent next answers the request that arrives, not one before it."""
        if self.cycle is None or self.cycle.response_complete:
            return True
        return self.scope is self.cycle.scope and not (self.cycle.response_started or self.pipeline)

    def _wait(self) -> None:
        self._wait_no_more()
        self._timer = self.loop.call_later(self.patience, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def _written(problem: Problem) -> bytes:
    response = problem.response()
    response.headers.update({**HEADERS, "cache-control": "no-store", "connection": "close"})
    status = f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}".encode()
    return b"\r\n".join((status, *(name + b": " + value for name, value in response.raw_headers), b"", response.body))

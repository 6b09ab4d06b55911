"""An OpenAI-compatible model server for tests: real sockets on loopback, scripted replies, faults on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the server was asked."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A silence of this many seconds in the middle of a reply; ends early when the server closes."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Breaks the connection off without ending the reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP reply, sent part by part; every text part is flushed, so the client sees it at once."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[str | Pause | Cut] = ()
    type: str = "application/json"


def event(data: Json) -> str:
    """Return a server-sent event that carries this JSON."""
    return f"data: {json.dumps(data)}\n\n"


DONE = "data: [DONE]\n\n"


def chunk(text: str | None = None, *, role: str | None = None, finish: str | None = None) -> str:
    """Return one event of a streamed chat reply."""
    delta = {key: value for key, value in (("role", role), ("content", text)) if value is not None}
    return event(_chunk_of([{"index": 0, "delta": delta, "finish_reason": finish}]))


def usage_chunk(input_tokens: int, output_tokens: int) -> str:
    """Return the event that accounts for tokens; it has no choices."""
    counts = {"prompt_tokens": input_tokens, "completion_tokens": output_tokens}
    usage: Json = {**counts, "total_tokens": input_tokens + output_tokens}
    return event({**_chunk_of([]), "usage": usage})


def streamed(*parts: str | Pause | Cut) -> Reply:
    """Return a reply of server-sent events, exactly these; build them with `chunk`, `event` and `DONE`."""
    return Reply(type="text/event-stream", parts=parts)


def says(*pieces: str, finish: str | None = "stop", usage: tuple[int, int] | None = (12, 5)) -> Reply:
    """Return a complete streamed chat reply: role, pieces, finish reason, usage, end mark."""
    events = [chunk("", role="assistant"), *(chunk(piece) for piece in pieces)]
    events += [chunk(finish=finish)] if finish else []
    return streamed(*events, *([usage_chunk(*usage)] if usage else []), DONE)


def plain(text: str | None, *, finish: str = "stop") -> Reply:
    """Return a chat reply in one JSON object, not streamed."""
    choice: Json = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    usage: Json = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
    body: Json = {**_chunk_of([choice]), "object": "chat.completion", "usage": usage}
    return Reply(parts=(json.dumps(body),))


def fails(
    status: int, message: str = "it failed", *, code: str | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return an error reply with a JSON body, as OpenAI sends it."""
    body: Json = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    return Reply(status=status, headers=headers or {}, parts=(json.dumps(body),))


def html(text: str, *, status: int = 200) -> Reply:
    """Return a web page, as proxies and wrong addresses send it."""
    return Reply(status=status, type="text/html", parts=(text,))


def embeddings(*vectors: Sequence[float]) -> Reply:
    """Return the reply of an embedding model."""
    data: Json = [{"object": "embedding", "index": i, "embedding": list(v)} for i, v in enumerate(vectors)]
    body: Json = {"object": "list", "model": "scripted", "data": data, "usage": {"prompt_tokens": 3, "total_tokens": 3}}
    return Reply(parts=(json.dumps(body),))


class ScriptedServer:
    """Gives one scripted reply for each request, in order, and keeps the requests; a context manager.

    `GET /v1/models` lists `models` without using up the script. Any other path than the OpenAI ones is 404, and so
    is a request after the script has run out (with status 500 and a message that says so).
    """

    def __init__(self, *replies: Reply, models: Sequence[str] = ("scripted",)) -> None:
        self.requests: list[Request] = []
        self.disconnected = threading.Event()
        """Set when a client went away before its reply was complete."""
        self.closing = threading.Event()
        self._replies = list(replies)
        self._models = models
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        """The address to give to a client, with `/v1`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering; afterwards the port refuses connections."""
        if not self.closing.is_set():
            self.closing.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def reply_to(self, request: Request) -> Reply:
        """Record the request and return its reply."""
        if request.path == "/v1/models":
            data: Json = [{"id": name, "object": "model", "created": 0, "owned_by": "tests"} for name in self._models]
            return Reply(parts=(json.dumps({"object": "list", "data": data}),))
        if request.path not in {"/v1/chat/completions", "/v1/embeddings"}:
            return fails(404, f"There is nothing at {request.path}.")
        with self._lock:
            self.requests.append(request)
            return self._replies.pop(0) if self._replies else fails(500, "The script has no reply left.")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: ScriptedServer) -> None:
        self.script = script
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: clients that go away are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Keep quiet."""

    def _answer(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.script.reply_to(Request(path=self.path, headers=headers, body=body))
        self.close_connection = True
        try:
            self._send_head(reply)
            for part in reply.parts:
                self._send(part)
        except (BrokenPipeError, ConnectionResetError):
            self.server.script.disconnected.set()

    def _send_head(self, reply: Reply) -> None:
        # Without a length the body ends with the connection, so a reply can be cut anywhere.
        self.send_response(reply.status)
        lengths = {"content-length": str(_PROMISED)} if any(isinstance(part, Cut) for part in reply.parts) else {}
        for name, value in {"content-type": reply.type, "connection": "close", **lengths, **reply.headers}.items():
            self.send_header(name, value)
        if not (reply.parts and isinstance(reply.parts[0], Pause)):
            self.end_headers()

    def _send(self, part: str | Pause | Cut) -> None:
        match part:
            case Pause(seconds=seconds):
                self.server.script.closing.wait(seconds)
                if self._headers_pending():
                    self.end_headers()
            case Cut():
                self.wfile.flush()
            case text:
                self.wfile.write(text.encode())
                self.wfile.flush()

    def _headers_pending(self) -> bool:
        return bool(getattr(self, "_headers_buffer", None))


_PROMISED = 1_000_000
"""The length that a reply which will be cut claims to have."""


def _chunk_of(choices: Sequence[Json]) -> dict[str, Json]:
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "scripted", "choices": choices}

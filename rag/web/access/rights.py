"""What exists on the server and who may ask for it: one table, and what it does not name does not exist."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from rag.records.keys import KeyScope

READ, ASK, WRITE, ADMIN = KeyScope.READ, KeyScope.ASK, KeyScope.WRITE, KeyScope.ADMIN


class Load(Enum):
    """How a request weighs on the server."""

    NONE = "none"
    """Files of the page and health checks: they are not counted."""
    WORK = "work"
    """Counts towards the rate, and towards what one client may have under way."""
    HELD = "held"
    """A stream that the page keeps open: counted apart, because it waits more than it works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One path with one method, and the scope that it takes; None for everybody."""

    method: str
    path: str
    scope: KeyScope | None
    load: Load = Load.WORK
    upload: bool = False
    """Whether its body may be as large as an upload."""
    page: bool = False
    """Whether it belongs to the page, which no foreign page may call."""
    form: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "form", _form(self.path))


def _form(path: str) -> re.Pattern[str]:
    """Return the pattern of a path: `{name}` is one segment, `{name:path}` may hold slashes."""
    whole, segment = r"\\{\w+:path\\}", r"\\{\w+\\}"
    return re.compile(re.sub(segment, "[^/]+", re.sub(whole, ".+", re.escape(path))), re.DOTALL)


def _right(words: str, scope: KeyScope | None, load: Load = Load.WORK, *, upload: bool = False) -> Right:
    method, path = words.split()
    return Right(method=method, path=path, scope=scope, load=load, upload=upload)


def _page(words: str, load: Load = Load.WORK) -> Right:
    method, path = words.split()
    return Right(method=method, path=path, scope=ASK, load=load, page=True)


LOGIN = (
    Right(method="GET", path="/login", scope=None, page=True),
    Right(method="POST", path="/login", scope=None, page=True),
    Right(method="POST", path="/logout", scope=None, page=True),
)
"""Exist only where keys are needed."""

RIGHTS = (
    _right("GET /healthz", None, Load.NONE),
    _right("GET /readyz", None, Load.NONE),
    _right("GET /metrics", ADMIN),
    _right("GET /openapi.json", READ),
    _right("POST /v1/answers", ASK),
    _right("POST /v1/search", READ),
    _right("POST /v1/checks", ASK),
    _right("GET /v1/articles", READ),
    _right("POST /v1/articles", WRITE, upload=True),
    _right("GET /v1/articles/{article_id}", READ),
    _right("DELETE /v1/articles/{article_id}", WRITE),
    _right("GET /v1/articles/{article_id}/versions", READ),
    _right("GET /v1/jobs", WRITE),
    _right("GET /v1/jobs/{job_id}", WRITE),
    _right("DELETE /v1/jobs/{job_id}", WRITE),
    _right("POST /v1/feedback", ASK),
    _right("GET /v1/feedback", ADMIN),
    _right("GET /v1/models", READ),
    _right("GET /v1/models/{model:path}", READ),
    _right("POST /v1/chat/completions", ASK),
    _right("POST /v1/responses", ASK),
    _right("POST /v1/embeddings", ASK),
    _right("POST /mcp", ASK),
    _right("POST /mcp/", ASK),
    # Gradio serves many more, among them uploads and a proxy; a page without files needs none of those.
    _page("GET /"),
    _page("GET /config"),
    _page("GET /theme.css", Load.NONE),
    _page("GET /favicon.ico", Load.NONE),
    _page("GET /robots.txt", Load.NONE),
    _page("GET /assets/{path:path}", Load.NONE),
    _page("GET /static/{path:path}", Load.NONE),
    _page("GET /gradio_api/info"),
    _page("GET /gradio_api/heartbeat/{session_hash}", Load.HELD),
    _page("POST /gradio_api/queue/join"),
    _page("GET /gradio_api/queue/data", Load.HELD),
    _page("POST /gradio_api/run/predict"),
    _page("POST /gradio_api/component_server"),
    _page("POST /gradio_api/component_server/"),
    _page("POST /gradio_api/cancel"),
    _page("POST /gradio_api/reset"),
    _page("POST /gradio_api/call/ask"),
    _page("GET /gradio_api/call/ask/{event_id}"),
    _page("POST /gradio_api/call/search"),
    _page("GET /gradio_api/call/search/{event_id}"),
    _page("POST /gradio_api/call/check"),
    _page("GET /gradio_api/call/check/{event_id}"),
)


def rights_to(path: str, rights: tuple[Right, ...]) -> dict[str, Right]:
    """Return what may be done with a path by method; nothing where there is no such path. HEAD goes where GET does."""
    found: dict[str, Right] = {}
    for right in rights:
        if right.form.fullmatch(path):
            found.setdefault(right.method, right)
    if "GET" in found:
        found["HEAD"] = found["GET"]
    return found

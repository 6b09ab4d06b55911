"""What settings make of those who watch the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from rag.compose import make_chat
from rag.errors import ConfigurationError
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.protocols import ChatModel
    from rag.web.watching import Watcher


@contextmanager
def watching(settings: Settings) -> Iterator[tuple[Watcher, ChatModel | None]]:
    """Give who is told of requests and answers, and the chat model as it is watched, for as long as the block runs.

    This process's log lines take their form from now on. Raises ConfigurationError.
    """
    from rag.web.watching import Several
    from rag.web.watching.logs import Logs, configure

    configure(as_json=settings.log_format == "json")
    if not settings.traces:
        yield Logs(), None
        return
    try:
        from rag.web.watching.traces import Traces
    except ImportError as error:
        raise ConfigurationError("DATELINE_TRACES needs OpenTelemetry: install dateline[otel], or unset it.") from error
    with closing(Traces()) as traces:
        model = traces.model(make_chat(settings)) if settings.generative else None
        yield Several((traces, Logs())), model

"""What settings make of those who watch the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.settings import Settings

if TYPE_CHECKING:
    from rag.web.watching import Watcher


def watcher_of(settings: Settings) -> Watcher:
    """Return who is told of requests and answers, and give this process's log lines their form."""
    from rag.web.watching.logs import Logs, configure

    configure(as_json=settings.log_format == "json")
    return Logs()

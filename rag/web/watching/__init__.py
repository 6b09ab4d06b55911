"""Watching the service at work: logs, metrics, traces."""

from rag.web.watching.watcher import Unwatched, Watcher

__all__ = ["Unwatched", "Watcher"]

"""Watching the service at work: logs, metrics, traces."""

from rag.web.watching.watcher import Handled, Several, Unwatched, Watcher

__all__ = ["Handled", "Several", "Unwatched", "Watcher"]

"""Which of the servers that share the records still live: each holds a file, which the system frees when it dies."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from rag.library.lock import hold


class Presence:
    """This server, among those that share a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._name = secrets.token_hex(8)
        self._leave: Callable[[], None] | None = None
        self._lock = Lock()

    @property
    def name(self) -> str:
        """The name that is written to what this server is at; whoever reads it can tell from now on that it lives."""
        with self._lock:
            self._leave = self._leave or hold(self._file(self._name))
        return self._name

    def lives(self, name: str) -> bool:
        """Tell whether the server of this name still runs."""
        if name == self._name:
            return True
        file = self._file(name)
        if not file.exists():
            return False
        release = hold(file)
        if release is None:
            return True
        file.unlink(missing_ok=True)
        release()
        return False

    def leave(self) -> None:
        """Let the others know that this server is done."""
        with self._lock:
            if self._leave:
                self._file(self._name).unlink(missing_ok=True)
                self._leave()
                self._leave = None

    def _file(self, name: str) -> Path:
        return self._directory / f"server-{name}.lock"

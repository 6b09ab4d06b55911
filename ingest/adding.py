"""Reads files into a library that a program has opened with `rag.open`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ingest.pipeline import ingest
from ingest.values import Report
from rag.protocols import Embedder, Library


class Opened(Protocol):
    """An open library, such as `rag.Library`."""

    @property
    def store(self) -> Library:
        """The store of articles."""

    @property
    def embedder(self) -> Embedder:
        """The model that the store was written with."""


def add(paths: str | Path | Sequence[str | Path], library: Opened) -> Report:
    """Read articles from files and directories into an open library; report and raise as `ingest` does."""
    each = [paths] if isinstance(paths, str | Path) else paths
    return ingest([Path(path) for path in each], library.store, library.embedder)

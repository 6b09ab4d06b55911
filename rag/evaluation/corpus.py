"""Which articles a library holds, as a value that can be written down and compared."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from rag.protocols import Library
from rag.types import digest


def manifest(library: Library) -> dict[str, str]:
    """Return the current version of every article, by article id, as of one moment."""
    return {each.source.article_id: each.version for each in library.articles(limit=sys.maxsize)}


def corpus_digest(manifest: Mapping[str, str]) -> str:
    """Return 16 hex digits that name these versions of these articles, in whatever order they are listed."""
    return digest(*(part for entry in sorted(manifest.items()) for part in entry))


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of articles that were added, removed or got another current version, sorted."""
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))

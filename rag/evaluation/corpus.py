"""Which articles a library holds, as a value that can be written down and compared."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping

from rag.protocols import Library
from rag.types import digest


def manifest(library: Library) -> dict[str, str]:
    """Return the current version of every article, by article id, as of one moment."""
    return {each.source.article_id: each.version for each in library.articles(limit=sys.maxsize)}


def corpus_digest(manifest: Mapping[str, str]) -> str:
    """Return 16 hex digits that name the articles by what a reader sees of them.

    Ids are no part of it: where an article has no address and no date, its id depends on where its file lies.
    """
    return digest(str(len(manifest)), *sorted(manifest.values()))


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of articles that were added, removed or got another current version, sorted.

    An article that is there as it was, under another id, did not change.
    """
    left = {name: version for name, version in before.items() if after.get(name) != version}
    right = {name: version for name, version in after.items() if before.get(name) != version}
    gone, new = Counter(left.values()) - Counter(right.values()), Counter(right.values()) - Counter(left.values())
    names = [name for name, version in left.items() if version in gone]
    return tuple(sorted({*names, *(name for name, version in right.items() if version in new)}))

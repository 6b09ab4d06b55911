"""Where an answer's text cites what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rag.types import Citation, Span

# What stands between backticks is code; a marker in it is a part of the code.
_MARKER = re.compile(r"(`{1,3})[^`\n]*\1|\[([1-9][0-9]{0,3})\]")


def cited(text: str, known: Mapping[int, Citation]) -> Iterator[tuple[Span, Citation]]:
    """Yield the place of each marker that leads to a known citation, in reading order, with the citation."""
    for found in _MARKER.finditer(text):
        if citation := known.get(int(found[2] or 0)):
            yield Span(*found.span()), citation

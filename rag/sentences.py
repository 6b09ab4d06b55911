"""Where sentences begin and end, on top of a maintained segmenter (its one home)."""

from __future__ import annotations

from rag.types import Span


def sentences(text: str) -> list[Span]:
    """Return the sentences of a text in order, trimmed of surrounding space; together they cover all of its words."""
    import sentencex  # noqa: PLC0415  heavy: only where it is used

    spans, position = [], 0
    for piece in sentencex.segment("en", text):
        start = text.index(piece, position)
        position = start + len(piece)
        trimmed = piece.strip()
        if trimmed:
            first = start + piece.index(trimmed)
            spans.append(Span(first, first + len(trimmed)))
    return spans

"""Questions that ask two things at once: "What was he accused of, and how did his trial end?"."""

from __future__ import annotations

import re

from rag.question.followup import context
from rag.types import Turn
from rag.words import content_words

_SECOND = re.compile(
    r",\s+and\s+(?=(?:who|whom|whose|what|when|where|why|which|how)\b)"
    r"|\s+and\s+(?=(?:what|when|where|why|how)\s+"
    r"(?:do|does|did|is|are|was|were|will|would|has|have|had|many|much|long|old)\b)",
    re.IGNORECASE,
)
_ASKS = re.compile(r"\b(?:who|whom|whose|what|when|where|why|which|how)\b", re.IGNORECASE)


def parts(question: str) -> list[str]:
    """Return a question, or its two halves where it has two; the second with what it leans on of the first."""
    found = _SECOND.search(question)
    first = question[: found.start()] if found else ""
    if found is None or not _ASKS.search(first) or len(content_words(first)) < 2:
        return [question]
    second = question[found.end() :]
    return [f"{first}?", f"{second} ({context(second, [Turn(question=first, answer='')])})"]

"""The earlier turns as a model sees them: short, plain, and unable to leave their place in a prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.labels import escape
from rag.types import Turn

TURNS = 5
"""How many of the latest turns are told."""
LONGEST_QUESTION, LONGEST_ANSWER = 300, 600
"""Characters of each that are told."""
NONE = "(none)"
NOT_SAID = "The articles do not say."
"""How answers begin that found nothing; as history they name nothing worth searching for."""
HALF_SAID = "The articles do not answer the other half of the question."
"""How answers end that found one of two things that were asked; it cites nothing, so that they are partial."""

_MARKERS = re.compile(r"[ \t]*\[\d{1,4}\]")
_PLACES = re.compile(r"[<＜﹤‹](?=[\s/\\\u200b-\u200f\ufeff]*(?:conversation|passages|question)\b)", re.IGNORECASE)


def told(history: Sequence[Turn]) -> str:
    """Return the conversation so far, oldest turn first."""
    lines = [
        line
        for turn in history[-TURNS:]
        for line in (
            f"Reader: {fenced(_cut(turn.question, LONGEST_QUESTION))}",
            f"Answer: {fenced(_cut(_MARKERS.sub('', turn.answer), LONGEST_ANSWER))}",
        )
    ]
    return "\n".join(lines) or NONE


def fenced(text: str) -> str:
    """Return a reader's or an earlier answer's words in one line, in which nothing reads as a label or as our tags."""
    return _PLACES.sub("(", escape(" ".join(text.split())))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest].rsplit(None, 1)[0]} …"

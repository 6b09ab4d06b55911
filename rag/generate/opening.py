"""Reads how a streamed reply begins: with thoughts to be skipped, with NOT_IN_SOURCES, or with the answer itself."""

from __future__ import annotations

import re

from rag.labels import escape
from rag.sentences import sentences

SENTINEL = "not_in_sources"
"""What prompts/answer.system.md asks for when the passages do not answer, in lower case."""
LONGEST_REASON = 240
"""Characters of the model's reason that are repeated."""
NO_REASON = "The passages do not answer the question."

_THOUGHT = "<think>"
_END_OF_THOUGHT = "</think>"
_DECORATION = " \t\r\n\u00a0\u200b\ufeff*_`~\"'“”‘’«»#>([{-–—:"
_BETWEEN = str.maketrans({" ": "_", "-": "_", "\\": None})
_LABELS = re.compile(r"\s*[\[【][\d.,;\s^–-]+[\]】]")
_MARKDOWN = re.compile(r"[*_`#~>|\\]+")


class Opening:
    """Holds a reply back for as long as it can still become NOT_IN_SOURCES, and lets everything else pass."""

    def __init__(self) -> None:
        self._held = ""
        self._decided = False
        self.abstains = False
        """Whether the reply says that the passages do not answer."""

    def feed(self, piece: str) -> str:
        """Return the answer text that is certain so far."""
        if self._decided and not self.abstains:
            return piece
        self._held += piece
        return "" if self.abstains else self._read(final=False)

    def flush(self) -> str:
        """Return what was held back, taking it as the whole reply."""
        return "" if self._decided else self._read(final=True)

    @property
    def reason(self) -> str:
        """The model's first sentence after NOT_IN_SOURCES, as plain text."""
        rest = self._held.lstrip(_DECORATION).replace("\\", "")[len(SENTINEL) :]
        plain = " ".join(_MARKDOWN.sub(" ", _LABELS.sub("", rest)).split())
        plain = re.sub(r"\s+([.,;:!?])", r"\1", plain).lstrip(_DECORATION + ".,;!?").rstrip("\"'”’»)]} ")
        first = next((plain[span.start : span.end] for span in sentences(plain)), "")[:LONGEST_REASON].strip()
        readable = "".join(each for each in escape(first) if each.isprintable())
        if not any(map(str.isalnum, readable)):
            return NO_REASON
        readable = readable[0].upper() + readable[1:]
        return readable if readable[-1] in ".!?。！？…" else f"{readable}."

    def _read(self, *, final: bool) -> str:
        rest = _after_thoughts(self._held, final=final)
        if rest is None:
            return ""
        begins = rest.lstrip(_DECORATION).translate(_BETWEEN).casefold()
        word, after = begins[: len(SENTINEL)], begins[len(SENTINEL) : len(SENTINEL) + 1]
        if not final and SENTINEL.startswith(word) and not after:
            return ""
        self._decided, self._held = True, rest
        self.abstains = word == SENTINEL and not after.isalnum()
        return "" if self.abstains else rest.lstrip()


def without_thoughts(reply: str) -> str:
    """Return a whole reply without the thoughts that some local models begin with."""
    return _after_thoughts(reply, final=True) or ""


def _after_thoughts(reply: str, *, final: bool) -> str | None:
    """Return the reply after its thoughts, or None where more must come first."""
    begins = reply.lstrip()
    if begins.startswith(_THOUGHT):
        _, end, rest = begins.partition(_END_OF_THOUGHT)
        return rest if end else ("" if final else None)
    return None if _THOUGHT.startswith(begins) and not final else reply

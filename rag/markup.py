"""Takes the teeth out of markup in streamed answer text, since a model's words are shown in a page.

Images are removed, links are reduced to their text, and the ``<`` of anything like a tag becomes ``‹``. What is too
long or too broken to be read as a link is parted instead: ``](`` becomes ``] (`` and ``]:`` becomes ``] :``, so neither
a link nor the definition of one remains. A bare address stays, as the words that it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 900
"""Characters of one link; what is longer is parted."""

_TEXT = r"\[[^\[\]\n]*"
_TARGET = r"\((?:[^()\n]|\([^()\n]*\))*"
_LINK = re.compile(rf"(!?)({_TEXT}\]){_TARGET}\)")
_MAYBE_LINK = re.compile(rf"!?(?:{_TEXT}(?:\](?:{_TARGET}(?:\([^()\n]*)?)?)?)?\Z")
_SPECIAL = re.compile(r"!?\[|<(?=[A-Za-z/!?\[])|[!<]\Z")
_BARE_NUMBERS = re.compile(r"\[[\s\d.,;:^&\-–—−]*\]")


class Neutraliser:
    """Rewrites streamed text; any way of cutting the stream gives the same result."""

    def __init__(self) -> None:
        self._held = ""
        self._last = ""

    def feed(self, text: str) -> str:
        """Return what is certain so far."""
        self._held += text
        return "".join(map(self._parted, self._read(final=False)))

    def flush(self) -> str:
        """Return the rest, taking it as the end."""
        return "".join(map(self._parted, self._read(final=True)))

    def _read(self, *, final: bool) -> Iterator[str]:
        text, at = self._held, 0
        while at < len(text):
            found = _SPECIAL.search(text, at)
            start = found.start() if found else len(text)
            yield text[at:start]
            at = start
            if found is None:
                break
            if not final and _undecided(text, at):
                break
            at, piece = _special(text, at)
            yield piece
        self._held = text[at:]

    def _parted(self, piece: str) -> str:
        if not piece:
            return ""
        parted = re.sub(r"\](?=[(:])", "] ", piece)
        if self._last == "]" and piece[0] in "(:":
            parted = f" {parted}"
        self._last = piece[-1]
        return parted


def _undecided(text: str, at: int) -> bool:
    if len(text) - at >= LONGEST:
        return False
    return at + 1 == len(text) if text[at] == "<" else bool(_MAYBE_LINK.match(text, at))


def _special(text: str, at: int) -> tuple[int, str]:
    """Return where to go on, and what stands in the answer for the construct that begins here."""
    if text[at] == "<":
        return at + 1, "‹" if at + 1 < len(text) else "<"
    link = _LINK.match(text, at, at + LONGEST)
    if not link:
        return at + 1, text[at]
    if link[1]:
        return link.end(), ""
    shown = link[2] if _BARE_NUMBERS.fullmatch(link[2]) else link[2][1:-1]
    return link.end(), shown.replace("<", "‹")

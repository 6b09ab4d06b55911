"""Cleans text to what a reader sees: NFC, paragraphs split by one blank line, nothing invisible."""

from __future__ import annotations

import re
import unicodedata

from rag.invisible import INVISIBLE

_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028]")
_PARAGRAPH_ENDS = re.compile(r"\n{3,}")

_TABLE = dict.fromkeys(INVISIBLE, "") | {0x09: " "} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def clean(text: str) -> str:
    """Return the text as articles store it; cleaning it again changes nothing."""
    text = _LINE_ENDS.sub("\n", text).replace("\u2029", "\n\n").translate(_TABLE)
    text = "\n".join(line.strip() for line in unicodedata.normalize("NFC", text).split("\n"))
    return _PARAGRAPH_ENDS.sub("\n\n", text).strip()


def clean_line(text: str) -> str:
    """Return a title or a name as one clean line."""
    return " ".join(clean(text).split())


_WRAPPED = range(50, 110)
"""Characters of a full line in a text that was wrapped at a fixed width."""


def unwrap(text: str) -> str:
    """Join the lines of a clean text that was wrapped at a fixed width; return any other text as it is."""
    paragraphs = [paragraph.split("\n") for paragraph in text.split("\n\n")]
    full = [len(line) for lines in paragraphs for line in lines[:-1]]
    if not full or max(full) not in _WRAPPED or sum(length >= max(full) * 0.75 for length in full) < len(full) * 0.8:
        return text
    return "\n\n".join(" ".join(lines) for lines in paragraphs)

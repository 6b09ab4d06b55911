"""Reads files as text: their size, their encoding, and whether they are text at all."""

from __future__ import annotations

import codecs
from pathlib import Path

from rag.errors import UnreadableFileError

LARGEST = 64 * 1024 * 1024
"""Bytes: the largest file, or row of a .jsonl file, that is read as a whole."""

_SAMPLE = 64 * 1024
_BOMS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b") + b"\x7f"


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes; raise UnreadableFileError when it is empty or too large, or OSError."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise UnreadableFileError(f"It is larger than {LARGEST >> 20} MB; split it, or write its articles as .jsonl.")
    if not data.strip():
        raise UnreadableFileError("It is empty; remove it or write the article into it.")
    return data


def read_text(path: Path) -> str:
    """Return a file's text in whatever encoding it is surely in; raise UnreadableFileError or OSError."""
    return decode(read_bytes(path))


def decode(data: bytes) -> str:
    """Return bytes as text: by their byte order mark, as UTF-8, else as what charset-normalizer recognises.

    UTF-8 with a few broken bytes stays UTF-8, and the broken bytes show as U+FFFD.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if _is_binary(data):
        raise UnreadableFileError("It is not text but binary data; convert it to .txt, .md or .html first.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _damaged_utf8(data) or _recognised(data)


def _is_binary(data: bytes) -> bool:
    sample = data[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return sample.startswith(b"%PDF-") or controls > max(8, len(sample) // 100)


def _damaged_utf8(data: bytes) -> str | None:
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(text) - broken - sum(map(str.isascii, text))
    return text if whole >= 10 * broken else None


def _recognised(data: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415  heavy: only where it is used

    best = from_bytes(data[: 4 * _SAMPLE]).best()
    if best is None:
        raise UnreadableFileError("Its encoding is neither UTF-8 nor recognisable; save it as UTF-8.")
    return data.decode(best.encoding, "replace")

"""Writes the names of files, which are any bytes, as text that can be stored and shown."""

from __future__ import annotations

import os
from pathlib import Path


def path_text(path: Path | str) -> str:
    r"""Return a path as valid Unicode: bytes of a name that are not UTF-8 are written as ``\xe9``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def printable(text: str) -> str:
    r"""Return a text with what would steer a terminal or hide from the reader written as ``\x1b``."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)

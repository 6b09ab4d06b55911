"""Reads .txt files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingest.clean import clean, unwrap
from ingest.reading import read_text
from ingest.values import Failure, Raw

_LONGEST_TITLE = 150


def load(path: Path) -> Iterator[Raw | Failure]:
    """Yield the file as one article; a short first line without a full stop before a blank line is its title."""
    text = unwrap(clean(read_text(path)))
    first, gap, rest = text.partition("\n\n")
    if gap and rest and len(first) <= _LONGEST_TITLE and "\n" not in first and not first.endswith((".", ",", ":", ";")):
        yield Raw(title=first, text=rest)
    else:
        yield Raw(text=text)

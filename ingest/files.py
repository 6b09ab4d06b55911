"""Finds the files to read under the paths that were given."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.loaders import loader_for
from ingest.values import Failure


def find(paths: Sequence[Path]) -> Iterator[Path | Failure]:
    """Yield each file once, directories recursively in sorted order.

    In directories, hidden files, other extensions and links that lead out of the directory are passed over; a file
    that is named explicitly is always yielded.
    """
    met: set[Path] = set()
    for path in paths:
        for found in _under(path):
            if isinstance(found, Failure):
                yield found
            elif (real := found.resolve()) not in met:
                met.add(real)
                yield found


def _under(path: Path) -> Iterator[Path | Failure]:
    try:
        directory, special = path.is_dir(), path.exists() and not path.is_file()
    except OSError:
        directory = special = False  # reading it will tell why
    if directory:
        yield from _walk(path)
    elif special:
        yield Failure(path=path, place="", reason="It is neither a file nor a directory; give the article's file.")
    else:
        yield path


def _walk(root: Path) -> Iterator[Path | Failure]:
    broken: list[OSError] = []
    for directory, folders, names in os.walk(root, onerror=broken.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(directory, name)
            if not name.startswith(".") and loader_for(path) and _belongs(path, root):
                yield path
    for error in broken:
        reason = "This directory may not be read by this user; change its permissions."
        yield Failure(path=Path(error.filename or root), place="", reason=reason)


def _belongs(path: Path, root: Path) -> bool:
    try:
        return path.is_file() and (not path.is_symlink() or path.resolve().is_relative_to(root.resolve()))
    except OSError:
        return True  # reading it will tell why

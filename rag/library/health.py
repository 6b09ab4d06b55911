"""Is a vector index fit for use? Asked in a process of its own, because a torn index can take its process down."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_ASK_SECONDS = 120
_PROBE = "import sys; from rag.library.health import probe; probe(*sys.argv[1:])"
_SAMPLE = 200
_LEAST_FOUND = 0.9
_SQLITE = "chroma.sqlite3"
_WRITTEN = "index_metadata.pickle"


def fingerprint(directory: Path) -> str:
    """Return digests of the index's vector files, of their times and of their content; empty if there are none."""
    files = _files(directory)
    return "" if files is None else f"{_listing(directory, files)}:{_content(directory, files)}"


def unchanged(directory: Path, expected: str) -> bool:
    """Tell whether the vector files are those of this fingerprint; a mere copy of them is."""
    files = _files(directory)
    if files is None:
        return False
    listing, _, content = expected.partition(":")
    try:
        return _listing(directory, files) == listing or _content(directory, files) == content
    except OSError:
        return False


def entries_in(directory: Path, dimension: int) -> int | None:
    """Return how many entries an index holds, or None if it cannot be read."""
    if not (directory / _SQLITE).is_file():
        return None
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", _PROBE, str(directory), str(dimension)]
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            command, cwd=directory, env=environment, capture_output=True, timeout=_ASK_SECONDS, check=False
        )
        return int(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _files(directory: Path) -> list[Path] | None:
    if not (directory / _SQLITE).is_file():
        return None
    # A segment without this file was never written out: whoever opens it, reader or writer, makes its files anew.
    # Opening also touches the SQLite file, but damage there shows as an error, not as a crash.
    return sorted(path for written in directory.glob(f"*/{_WRITTEN}") for path in written.parent.iterdir())


def _listing(directory: Path, files: Sequence[Path]) -> str:
    lines = [f"{path.relative_to(directory)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _content(directory: Path, files: Sequence[Path]) -> str:
    total = hashlib.blake2b(digest_size=8)
    for path in files:
        total.update(str(path.relative_to(directory)).encode())
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "blake2b").digest())
    return total.hexdigest()


def probe(directory: str, dimension: str) -> None:
    """Print how many entries the index holds, unless searches do not find them, or it brings this process down."""
    from rag.library.homes import EmbeddedHome  # noqa: PLC0415

    index = EmbeddedHome(Path(directory).parent).open(Path(directory).name, int(dimension))
    if index.share_found(_SAMPLE) < _LEAST_FOUND:
        raise SystemExit(3)
    sys.stdout.write(str(index.count()))

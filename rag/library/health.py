"""Is a vector index fit for use? Asked in a process of its own, because a torn index can take its process down."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

_ASK_SECONDS = 120
_SQLITE = "chroma.sqlite3"
_WRITTEN = "index_metadata.pickle"


def fingerprint(directory: Path) -> str:
    """Return a digest of names, sizes and times of the index's vector files; empty if there is no such directory."""
    try:
        # A segment without this file was never written out: whoever opens it, reader or writer, makes its files anew.
        written = {path.parent for path in directory.glob(f"*/{_WRITTEN}")}
        files = sorted(path for segment in written for path in segment.iterdir())
        listing = [f"{path.relative_to(directory)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
        exists = (directory / _SQLITE).is_file()
    except OSError:
        return ""
    return hashlib.sha256("\n".join(["index", *listing]).encode()).hexdigest()[:16] if exists else ""


def entries_in(directory: Path, dimension: int) -> int | None:
    """Return how many entries an index holds, or None if it cannot be read."""
    if not (directory / _SQLITE).is_file():
        return None
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "rag.library.health", str(directory), str(dimension)]
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            command, cwd=directory, env=environment, capture_output=True, timeout=_ASK_SECONDS, check=False
        )
        return int(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _main(directory: str, dimension: str) -> None:
    from rag.library.exact import unit  # noqa: PLC0415
    from rag.library.vectors import ChromaIndex  # noqa: PLC0415

    index = ChromaIndex(Path(directory), dimension=int(dimension))
    count = index.count()
    # Damage shows only when neighbours are walked to, from more than one side.
    for axis in range(min(16, int(dimension))):
        found = index.nearest(unit([1.0 if i == axis else 0.01 for i in range(int(dimension))]), min(count, 1000) or 1)
        if len(found) < min(count, 500):
            raise SystemExit(3)
    sys.stdout.write(str(count))


if __name__ == "__main__":
    _main(*sys.argv[1:3])

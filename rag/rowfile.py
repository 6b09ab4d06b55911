"""Files of JSON rows that are written while something long goes on, and are whole after it is killed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from io import SEEK_END, FileIO
from pathlib import Path

from rag.errors import StorageError
from rag.wire import Json

Row = dict[str, Json]


class RowFile:
    """Appends rows, from any thread; of a line that a killed writer left torn nothing is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def append(self, row: Mapping[str, Json]) -> int:
        """Add a row, and return where it begins, in bytes; raise StorageError."""
        line = json.dumps(row).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock, self.path.open("ab+", buffering=0) as file:
                _end_torn_line(file)
                place = file.tell()
                rest = memoryview(line)
                while rest:  # a full disk takes a part first, and refuses the rest
                    rest = rest[file.write(rest) :]
        except OSError as error:
            raise StorageError(
                f"{self.path} cannot be written ({error.strerror or error}); free some space, or choose another place."
            ) from error
        return place

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield each whole row with where it begins, in order; none where there is no file."""
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            place = 0
            for line in lines:
                row = _row(line)
                if row is not None:
                    yield place, row
                place += len(line)

    def row(self, place: int) -> Row:
        """Return the row that begins at a place which `append` or `rows` gave."""
        with self.path.open("rb") as lines:
            lines.seek(place)
            row = _row(lines.readline())
        if row is None:
            raise StorageError(f"{self.path} was changed while it was read; run again.")
        return row


def _end_torn_line(file: FileIO) -> None:
    if file.tell():
        file.seek(-1, SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _row(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None

"""Many questions in one go: JSONL rows in, a JSON row out for each, in order, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import ConfigurationError, DatelineError
from rag.question.requests import Row, rows
from rag.types import Question
from rag.wire import Json

Made = dict[str, Json]


def answered_rows(lines: Iterable[str], answered: Callable[[Question], Made]) -> Iterator[Made]:
    """Yield what `answered` makes of each row, with the row's id; a row that failed has only an `error` beside it."""
    for row in rows(lines):
        yield {"id": row.id, **_made(row, answered)}


@contextmanager
def batch_lines(path: Path) -> Iterator[Iterable[str]]:
    """Open a batch file, or standard input for "-"; raise ConfigurationError when it cannot be read."""
    try:
        # 0 is standard input.
        lines = open(0 if str(path) == "-" else path, encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115
    except OSError as error:
        raise ConfigurationError(f"Cannot read {path}: {error.strerror}. Name a JSONL file, or -.") from error
    with lines:
        yield lines


def _made(row: Row, answered: Callable[[Question], Made]) -> Made:
    if row.question is None:
        return {"error": row.error}
    try:
        return answered(row.question)
    except DatelineError as error:
        return {"error": str(error)}

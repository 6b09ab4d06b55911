"""Public question sets, read into suites: a module for each form, each with the same `convert`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from rag.evaluation.importers import mrqa, newsqa, promptfoo, ragas, rows, squad
from rag.evaluation.importers.writing import Imported, Unusable

__all__ = ["FORMS", "Imported", "Importer", "Unusable"]


class Importer(Protocol):
    """Reads files of one form."""

    def __call__(self, paths: Sequence[Path], out: Path, *, limit: int | None = None) -> Imported:
        """Write `articles/articles.jsonl` and `suite.jsonl` into `out`; at most `limit` cases, and all articles.

        Rows that cannot be read are told in the account, and the others go on. Raises ConfigurationError where `out` is
        taken or not one case could be read.
        """


FORMS: Mapping[str, Importer] = {
    "squad": squad.convert,
    "mrqa": mrqa.convert,
    "newsqa": newsqa.convert,
    "rows": rows.convert,
    "ragas": ragas.convert,
    "promptfoo": promptfoo.convert,
}

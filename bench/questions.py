"""Question sets for the benchmarks, and a temporary library of their articles.

A set is a folder with `articles.jsonl` ({id, text, title, publisher, published, url}) and `questions.jsonl`
({id, question, history, article_id, start, end, unanswerable}; offsets in that article's text).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from ingest import ingest
from rag.library import LocalLibrary, open_library
from rag.protocols import Embedder
from rag.question.rewrite import HistoryRewriter
from rag.types import Span, Turn


class _ArticleRow(TypedDict):
    id: str
    text: str


class _QuestionRow(TypedDict):
    question: str
    history: list[tuple[str, str]]
    article_id: str
    start: int | None
    end: int | None
    unanswerable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with where its answer stands; no span where the articles do not answer."""

    text: str
    article_id: str
    span: Span | None
    held_out: bool
    """Whether its article belongs to the half on which nothing is fitted."""


@contextmanager
def library_of(folder: Path, embedder: Embedder) -> Iterator[LocalLibrary]:
    """Ingest a set's articles into a temporary library."""
    with tempfile.TemporaryDirectory() as directory:
        made = open_library(Path(directory) / "library", model=embedder.name, dimension=embedder.dimension, create=True)
        with closing(made):
            ingest([folder / "articles.jsonl"], made, embedder)
            yield made


def questions(folder: Path, library: LocalLibrary) -> list[Asked]:
    """Return the set's questions as they are searched, their answers placed in the stored texts.

    An answer that loading moved is looked for nearby; one that is not found there is left out.
    """
    articles: list[_ArticleRow] = [json.loads(line) for line in _lines(folder / "articles.jsonl")]
    rows: list[_QuestionRow] = [json.loads(line) for line in _lines(folder / "questions.jsonl")]
    given = {row["id"]: row["text"] for row in articles}
    stored = {each.source.origin_id: each.source.article_id for each in library.articles(limit=1_000_000)}
    texts = {origin: library.article(article).text for origin, article in stored.items()}
    made = []
    for row in rows:
        origin = row["article_id"]
        if origin not in stored:
            continue
        span = None
        if not row["unanswerable"] and row["start"] is not None and row["end"] is not None:
            span = _placed(given[origin], texts[origin], Span(row["start"], row["end"]))
        if span or row["unanswerable"]:
            made.append(_asked(row, stored[origin], span))
    return made


def _asked(row: _QuestionRow, article_id: str, span: Span | None) -> Asked:
    turns = [Turn(question=question, answer=answer) for question, answer in row["history"]]
    standalone, _ = HistoryRewriter().rewrite(row["question"], turns)
    return Asked(text=standalone, article_id=article_id, span=span, held_out=_held_out(row["article_id"]))


def _placed(given: str, stored: str, span: Span) -> Span | None:
    words = given[span.start : span.end].strip()
    start = stored.find(words, max(0, span.start - 100))
    return Span(start, start + len(words)) if words and 0 <= start <= span.start + 100 else None


def _held_out(origin: str) -> bool:
    return hashlib.sha256(origin.encode()).digest()[-1] % 2 == 1


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]

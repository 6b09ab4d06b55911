"""SQuAD 1.1 and 2.0, and other sets in their form.

Form: {data: [{title, paragraphs: [{context, qas: [{id, question, answers: [{text, answer_start}], is_impossible}]}]}]}.
Each paragraph becomes an article of its own: questions were written to one paragraph, and are unanswerable in it alone.
Plausible wrong answers are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag.errors import UnreadableFileError
from rag.evaluation.importers.expecting import UNANSWERABLE, in_words_of
from rag.evaluation.importers.reading import (
    Fields,
    fields_of,
    items_in,
    needed,
    offset_in,
    raw_text,
    read_json,
    text_in,
)
from rag.evaluation.importers.writing import Imported, SuiteWriter, writing
from rag.evaluation.suites.cases import Expectation
from rag.types import Span


def convert(paths: Sequence[Path], out: Path, *, limit: int | None = None) -> Imported:
    """Write the files' paragraphs and questions into `out`; raise ConfigurationError where nothing can be written."""
    with writing(out, form="squad", limit=limit) as into:
        for path in paths:
            with into.row(path):
                for number, item in enumerate(items_in(fields_of(read_json(path)), "data"), start=1):
                    with into.row(path, f"article {number}"):
                        _paragraphs(into, path, f"article {number}", fields_of(item))
    return into.imported


def _paragraphs(into: SuiteWriter, path: Path, place: str, item: Fields) -> None:
    title = (text_in(item, "title") or "").replace("_", " ")
    for number, each in enumerate(items_in(item, "paragraphs"), start=1):
        where = f"{place}, paragraph {number}"
        with into.row(path, where):
            paragraph = fields_of(each)
            text = raw_text(paragraph, "context")
            article = into.article(text, name=f"{title or path.stem}#{number}", title=title)
            for count, qa in enumerate(items_in(paragraph, "qas"), start=1):
                with into.row(path, f"{where}, question {count}"):
                    _question(into, fields_of(qa), article, text)


def _question(into: SuiteWriter, qa: Fields, article: str, text: str) -> None:
    impossible = qa.get("is_impossible") is True
    into.case(
        text_in(qa, "id") or f"{article}: {needed(qa, 'question')[:80]}",
        question=needed(qa, "question"),
        about=article,
        tags=("unanswerable",) if impossible else (),
        expect=UNANSWERABLE if impossible else _expected(qa, article, text),
    )


def _expected(qa: Fields, article: str, text: str) -> Expectation:
    answers = [_answer(fields_of(each), text) for each in items_in(qa, "answers")]
    if not answers:
        raise UnreadableFileError("it has no answer, and is not marked as impossible")
    return in_words_of(article, text, [text[span.start : span.end].strip() for span in answers], answers)


def _answer(answer: Fields, text: str) -> Span:
    words, start = raw_text(answer, "text"), offset_in(answer, "answer_start")
    if text[start : start + len(words)] != words:
        raise UnreadableFileError(f"its answer {words[:60]!r} does not stand at character {start}")
    return Span(start, start + len(words))

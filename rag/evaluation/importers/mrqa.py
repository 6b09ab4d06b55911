"""The MRQA 2019 form: a header line, then a context with its questions on each line, often compressed.

Form: {context, qas: [{qid, question, answers, detected_answers: [{text, char_spans: [[first, last]]}]}]}, the last
character included. The marks [TLE], [SEP], [PAR] and [DOC] of a context become breaks of the same length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.errors import UnreadableFileError
from rag.evaluation.importers.expecting import UNANSWERABLE, in_words_of
from rag.evaluation.importers.reading import Fields, fields_of, items_in, lines, needed, parsed, raw_text, text_in
from rag.evaluation.importers.writing import Imported, SuiteWriter, writing
from rag.types import Span

_MARK = re.compile(r"\[(?:TLE|SEP|PAR|DOC)\]")


def convert(paths: Sequence[Path], out: Path, *, limit: int | None = None) -> Imported:
    """Write the files' contexts and questions into `out`; raise ConfigurationError where nothing can be written."""
    with writing(out, form="mrqa", limit=limit) as into:
        for path in paths:
            with into.row(path):
                for place, line in lines(path):
                    with into.row(path, place):
                        row = fields_of(parsed(line))
                        if "header" not in row:
                            _context(into, path, place, row)
    return into.imported


def _context(into: SuiteWriter, path: Path, place: str, row: Fields) -> None:
    text = _MARK.sub(lambda mark: "\n\n".ljust(len(mark.group())), raw_text(row, "context"))
    stem = path.name.split(".")[0]
    article = into.article(text, name=text_in(row, "id") or f"{stem}, {place}")
    for number, qa in enumerate(items_in(row, "qas"), start=1):
        with into.row(path, f"{place}, question {number}"):
            _question(into, fields_of(qa), article, text)


def _question(into: SuiteWriter, qa: Fields, article: str, text: str) -> None:
    impossible = qa.get("is_impossible") is True
    detected = [] if impossible else items_in(qa, "detected_answers")
    spans = [span for each in detected for span in _spans(fields_of(each))]
    if not spans and not impossible:
        raise UnreadableFileError("none of its answers is placed in the context")
    answers = [words for span in spans if (words := text[span.start : span.end].strip())]
    into.case(
        text_in(qa, "qid", "id") or f"{article}: {needed(qa, 'question')[:80]}",
        question=needed(qa, "question"),
        about=article,
        tags=("unanswerable",) if impossible else (),
        expect=UNANSWERABLE if impossible else in_words_of(article, text, answers, spans),
    )


def _spans(answer: Fields) -> Iterator[Span]:
    for pair in items_in(answer, "char_spans"):
        match pair:
            case [int(first), int(last)] if 0 <= first <= last:
                yield Span(first, last + 1)
            case _:
                raise UnreadableFileError(f"char_spans {pair!r:.60} are no places in the context")

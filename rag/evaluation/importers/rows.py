"""A folder with `articles.jsonl` and `questions.jsonl`, or these two files.

Articles: {id, text, title, publisher, published, url}. Questions: {id, question, history: [[question, answer]],
answers, article_id, start, end, evidence, unanswerable}, offsets half-open in that article's text. A true or filled
field of any other name, such as `ambiguous` or `distractors`, becomes a tag of that name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rag.errors import UnreadableFileError
from rag.evaluation.importers.expecting import UNANSWERABLE, from_place, in_words_of, quote
from rag.evaluation.importers.reading import (
    Fields,
    fields_of,
    lines,
    needed,
    offset_in,
    parsed,
    raw_text,
    text_in,
    texts_in,
)
from rag.evaluation.importers.writing import Imported, SuiteWriter, writing
from rag.evaluation.scorers.text import stands_in
from rag.evaluation.suites.cases import Cited, Exchange, Expectation
from rag.types import Span

_KNOWN = frozenset(
    {"id", "question", "history", "answers", "article_id", "start", "end", "evidence", "unanswerable", "tags"}
)

Known = Mapping[str, tuple[str, str]]
"""The id that an article is written under, and its text, by the id that it came with."""


def convert(paths: Sequence[Path], out: Path, *, limit: int | None = None) -> Imported:
    """Write articles and questions into `out`; raise ConfigurationError where nothing can be written."""
    with writing(out, form="rows", limit=limit) as into:
        files = [file for path in paths for file in _files(path)]
        known: dict[str, tuple[str, str]] = {}
        for path in sorted(files, key=lambda file: file.stem.startswith("questions")):
            take = _case if path.stem.startswith("questions") else _article
            with into.row(path):
                for place, line in lines(path):
                    with into.row(path, place):
                        take(into, fields_of(parsed(line)), known)
    return into.imported


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (path / "articles.jsonl", path / "questions.jsonl")
    else:
        yield path


def _article(into: SuiteWriter, row: Fields, known: dict[str, tuple[str, str]]) -> None:
    name, text = needed(row, "id"), raw_text(row, "text")
    if name in known:
        raise UnreadableFileError(f"a second article has the id {name!r}")
    more = {field: text_in(row, field) for field in ("title", "publisher", "published", "url", "author", "language")}
    known[name] = into.article(text, name=name, **more), text


def _case(into: SuiteWriter, row: Fields, known: Known) -> None:
    wanted = needed(row, "article_id")
    if wanted not in known:
        raise UnreadableFileError(f"there is no article with the id {wanted!r}")
    article, text = known[wanted]
    marks = {name for name, value in row.items() if name not in _KNOWN and value}
    if row.get("unanswerable") is True:
        marks.add("unanswerable")
    into.case(
        needed(row, "id"),
        question=needed(row, "question"),
        history=tuple(_exchange(turn) for turn in _history(row)),
        about=article,
        tags=(*texts_in(row, "tags"), *sorted(marks)),
        expect=UNANSWERABLE if row.get("unanswerable") is True else _expected(row, article, text),
    )


def _expected(row: Fields, article: str, text: str) -> Expectation:
    answers, span = texts_in(row, "answers"), _span(row, text)
    if not answers and span is None:
        raise UnreadableFileError("it has no answer and no evidence, and is not marked as unanswerable")
    words = quote(text, span) if span else text
    if any(stands_in(answer, words) for answer in answers):
        return in_words_of(article, text, answers, [span] if span else [])
    return from_place([Cited(article=article, quote=words if span else None)], answers)


def _span(row: Fields, text: str) -> Span | None:
    """Return where the answer or its evidence stands; None where the row does not say."""
    evidence = text_in(row, "evidence")
    if row.get("start") is not None:
        start, end = offset_in(row, "start"), offset_in(row, "end")
        # Space after the last word of a text may have been cut off, but not out of the offsets.
        return Span(start, len(text) if evidence is not None and evidence == text[start:].strip() else end)
    if evidence is None:
        return None
    start = text.find(evidence)
    if start < 0:
        raise UnreadableFileError("its evidence does not stand in the article")
    return Span(start, start + len(evidence))


def _history(row: Fields) -> Sequence[object]:
    turns = row.get("history") or ()
    if not isinstance(turns, Sequence) or isinstance(turns, str):
        raise UnreadableFileError("its history is no list of [question, answer]")
    return turns


def _exchange(turn: object) -> Exchange:
    match turn:
        case [str(question), str(answer)]:
            return Exchange(question=question, answer=answer)
    raise UnreadableFileError("its history is no list of [question, answer]")

"""NewsQA as its own scripts compile it: combined-newsqa-data-v1.json or .csv, or the tokenized .csv of a split.

The answer is the consensus of those who read the story; a question that they found to be bad is left out. In the CSV
the consensus is what most validators chose, and without validation what most sources chose. "Unanswerable" means that
one story does not tell: another one of the set may, which then counts against the system.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from rag.errors import UnreadableFileError
from rag.evaluation.importers.expecting import UNANSWERABLE, in_words_of
from rag.evaluation.importers.reading import (
    Fields,
    csv_rows,
    fields_of,
    items_in,
    needed,
    offset_in,
    parsed,
    raw_text,
    read_json,
    text_in,
)
from rag.evaluation.importers.writing import Imported, SuiteWriter, writing
from rag.types import Span

_RANGE = re.compile(r"(\d+):(\d+)")
_TOKEN = re.compile(r"\S+")
_NO_ANSWER, _BAD = "none", "bad_question"

Consensus = tuple[Span, ...] | None
"""Where the answer stands; nothing where the story does not tell; None where the question is bad."""


def convert(paths: Sequence[Path], out: Path, *, limit: int | None = None) -> Imported:
    """Write stories and questions into `out`; raise ConfigurationError where nothing can be written."""
    with writing(out, form="newsqa", limit=limit) as into:
        for path in paths:
            with into.row(path):
                if path.suffix.lower() == ".csv":
                    for place, row in csv_rows(path):
                        with into.row(path, place):
                            _table_row(into, row)
                else:
                    for number, story in enumerate(items_in(fields_of(read_json(path)), "data"), start=1):
                        with into.row(path, f"story {number}"):
                            _story(into, path, f"story {number}", fields_of(story))
    return into.imported


def _story(into: SuiteWriter, path: Path, place: str, story: Fields) -> None:
    text, split = raw_text(story, "text"), text_in(story, "type")
    article = into.article(text, name=needed(story, "storyId"))
    for number, each in enumerate(items_in(story, "questions"), start=1):
        with into.row(path, f"{place}, question {number}"):
            question = fields_of(each)
            agreed = _agreed(fields_of(question.get("consensus")))
            _case(into, needed(question, "q"), article, text, agreed, (split,) if split else ())


def _agreed(consensus: Fields) -> Consensus:
    if consensus.get("badQuestion") is True:
        return None
    if consensus.get("noAnswer") is True:
        return ()
    return (Span(offset_in(consensus, "s"), offset_in(consensus, "e")),)


def _table_row(into: SuiteWriter, row: Mapping[str, str]) -> None:
    text = raw_text(row, "story_text").replace("\r\n", "\n")
    article = into.article(text, name=needed(row, "story_id"))
    if "answer_token_ranges" in row:
        agreed: Consensus = _placed(text, row["answer_token_ranges"])
    else:
        agreed = _majority(row)
    _case(into, needed(row, "question"), article, text, agreed, ())


def _placed(text: str, ranges: str) -> tuple[Span, ...]:
    """Return ranges of words, counted from zero, as ranges of characters."""
    tokens = [match.span() for match in _TOKEN.finditer(text)]
    found = [(int(first), int(end)) for first, end in _RANGE.findall(ranges)]
    if not found or not all(first < end <= len(tokens) for first, end in found):
        raise UnreadableFileError(f"answer_token_ranges {ranges[:60]!r} are no places in the story")
    return tuple(Span(tokens[first][0], tokens[end - 1][1]) for first, end in found)


def _majority(row: Mapping[str, str]) -> Consensus:
    validated = Counter({name: _count(votes) for name, votes in _validated(row).items()})
    given = Counter(row.get("answer_char_ranges", "").lower().replace("|", ",").split(","))
    chosen, count = (validated or given).most_common(1)[0]
    if chosen in {_NO_ANSWER, _BAD} or 2 * count < validated.total():
        return None if _share(row, "is_question_bad") >= 0.5 else ()
    place = _RANGE.fullmatch(chosen)
    if place is None:
        raise UnreadableFileError(f"{chosen[:60]!r} is no place in the story")
    return (Span(int(place[1]), int(place[2])),)


def _validated(row: Mapping[str, str]) -> Fields:
    votes = row.get("validated_answers", "").strip()
    return fields_of(parsed(votes)) if votes else {}


def _count(votes: object) -> int:
    if not isinstance(votes, int) or votes < 0:
        raise UnreadableFileError("validated_answers holds something else than counts")
    return votes


def _share(row: Mapping[str, str], name: str) -> float:
    try:
        return float(row.get(name) or 0)
    except ValueError:
        return 0.0  # "?" where nobody was asked


def _case(into: SuiteWriter, question: str, article: str, text: str, agreed: Consensus, tags: tuple[str, ...]) -> None:
    if agreed is None:
        into.leave_out("the question is marked as bad")
        return
    answers = [words for span in agreed if (words := text[span.start : span.end].strip())]
    if agreed and not answers:
        raise UnreadableFileError("its answer is outside the text or empty")
    expect = in_words_of(article, text, answers, agreed) if agreed else UNANSWERABLE
    tags = tags if agreed else (*tags, "unanswerable")
    into.case(f"{article}: {question[:120]}", question=question, about=article, tags=tags, expect=expect)

"""What users and scripts ask, as JSON rows or options, turned into questions; mistakes are named in one line."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rag.errors import ConfigurationError
from rag.question.periods import demand_period
from rag.types import Question, Scope, Turn

LONGEST_QUESTION = 8_000
"""Characters."""
MOST_TURNS = 20
"""Earlier turns that are kept, the latest ones."""
LONGEST_TURN = 8_000
"""Characters that are kept of an earlier question or answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a batch: its question, or what is wrong with it."""

    id: str | int | None
    question: Question | None = None
    error: str | None = None


def make_scope(
    *,
    since: str | None = None,
    until: str | None = None,
    as_of: str | None = None,
    publishers: Sequence[str] = (),
    article_ids: Sequence[str] = (),
    now: datetime | None = None,
) -> Scope:
    """Return a scope from dates in words; "until" and "as of" a day, month or year include all of it.

    Words such as "yesterday" are read as of `now`, by default this moment. Raises ConfigurationError.
    """
    now = now or datetime.now(UTC)
    ends = {
        name: demand_period(text, now, name) for name, text in (("until", until), ("as_of", as_of)) if text is not None
    }
    begin = demand_period(since, now, "since").start if since is not None else None
    # A bare moment has no length, but "until" it includes it.
    end = max(ends["until"].end, ends["until"].start + timedelta(microseconds=1)) if "until" in ends else None
    if begin and end and begin >= end:
        raise ConfigurationError(f"since ({since}) is after until ({until}); swap them, or leave one out.")
    return Scope(
        since=begin,
        until=end,
        as_of=max(ends["as_of"].start, ends["as_of"].end - timedelta(microseconds=1)) if "as_of" in ends else None,
        publishers=tuple(publishers),
        article_ids=tuple(article_ids),
    )


def make_question(text: str, scope: Scope, history: Sequence[Turn] = ()) -> Question:
    """Return a question as every part of the product reads it; raise ConfigurationError when it is empty or too long.

    Of a longer history the latest turns are kept.
    """
    if len(text) > LONGEST_QUESTION:
        raise ConfigurationError(f"The question has {len(text):,} characters; ask it in {LONGEST_QUESTION:,} or fewer.")
    cleaned = _clean(text).strip()
    if not cleaned:
        raise ConfigurationError("The question is empty; ask something.")
    turns = (Turn(question=_kept(turn.question), answer=_kept(turn.answer)) for turn in history[-MOST_TURNS:])
    return Question(text=cleaned, scope=scope, history=tuple(turns))


def rows(lines: Iterable[str]) -> Iterator[Row]:
    """Yield the rows of a JSONL batch in order; a row that cannot be used comes with its error."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _row(line, number)


def _row(line: str, number: int) -> Row:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return Row(id=None, error=f"Row {number} is not JSON; write one object to a line.")
    if not isinstance(fields, dict):
        return Row(id=None, error=f"Row {number} is not an object with id and question.")
    name = fields.get("id")
    identifier = name if isinstance(name, str | int) else None
    try:
        return Row(id=identifier, question=read_question(fields))
    except ConfigurationError as error:
        return Row(id=identifier, error=f"Row {number}: {error}")


def read_question(fields: Mapping[str, object]) -> Question:
    """Return the question that a row or a request spells; raise ConfigurationError for anything else."""
    text = fields.get("question")
    if not isinstance(text, str):
        raise ConfigurationError("question is missing or not text.")
    return make_question(text, read_scope(fields), _history(fields.get("history") or []))


def read_scope(fields: Mapping[str, object]) -> Scope:
    """Return the scope that fields spell; raise ConfigurationError for anything else."""
    return make_scope(
        since=_text(fields, "since"),
        until=_text(fields, "until"),
        as_of=_text(fields, "as_of"),
        publishers=_texts(fields, "publishers") or _texts(fields, "publisher"),
        article_ids=_texts(fields, "article_ids"),
    )


def _history(value: object) -> list[Turn]:
    if not isinstance(value, list):
        raise ConfigurationError("history must be a list of [question, answer] pairs.")
    return [_turn(entry) for entry in value]


def _turn(entry: object) -> Turn:
    match entry:
        case [str(question), str(answer)] | {"question": str(question), "answer": str(answer)}:
            return Turn(question=question, answer=answer)
    raise ConfigurationError("history must be a list of [question, answer] pairs.")


def storable(text: str) -> str:
    """Return text that can be stored and sent: half a surrogate pair and NUL replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", " ")


def _clean(text: str) -> str:
    """Return text that can be stored and compared: storable, and composed as articles are."""
    return unicodedata.normalize("NFC", storable(text))


def _kept(text: str) -> str:
    return _clean(text[:LONGEST_TURN])


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{name} must be text such as 2023-11-09.")
    return value


def _texts(fields: Mapping[str, object], name: str) -> list[str]:
    value = fields.get(name) or []
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ConfigurationError(f"{name} must be a list of texts.")
    return [str(entry) for entry in entries]

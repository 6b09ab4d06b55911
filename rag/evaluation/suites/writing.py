"""Cases written into suite files: from an answer that was given, and beside what its author wrote by hand."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from itertools import count
from pathlib import Path

import yaml

from rag.errors import SuiteError
from rag.evaluation.evidence import reference
from rag.evaluation.suites.cases import Case, Cited, Exchange, Expectation, Suite
from rag.evaluation.suites.contradictions import contradictions
from rag.evaluation.suites.parsing import LOADER
from rag.evaluation.suites.spelling import case_object, case_yaml, field_yaml
from rag.evaluation.suites.suitefile import JSONL, read_bytes, suite_of
from rag.library.lock import lock_file, taking_turns
from rag.types import Answer, Status

_LONGEST_ID = 60
"""Characters, before a number that tells it from others."""


def append_case(path: Path, case: Case) -> None:
    """Add a case to a suite file, which is made where there is none; what stands in it stays, to the byte.

    Safe among processes of one user, and all or nothing. Raises SuiteError where the id is taken, no answer could
    pass the case, the file is no suite, or it is not laid out so that a case can follow its last one; StorageError
    for the lock file.
    """
    _append(path, lambda _: case)


def append_answer(path: Path, answer: Answer, *, tags: Sequence[str] = ()) -> Case:
    """Add the case that holds an answer to be right, under an id made of its question, and return it.

    Raises what `append_case` raises.
    """
    return _append(path, lambda suite: case_of(answer, id=fresh_id(suite, answer.question.text), tags=tags))


def _append(path: Path, made: Callable[[Suite], Case]) -> Case:
    path = path.resolve()
    with taking_turns(lock_file(path)):
        before = read_bytes(path) if path.exists() else _beginning(path)
        suite = suite_of(before, path)
        case = made(suite)
        if any(each.id == case.id for each in suite.cases):
            raise SuiteError(f"{path} has a case {case.id!r} already; give this one another id.")
        if wrong := next(contradictions(case), None):
            raise SuiteError(f"The case {case.id!r} cannot be passed: {wrong[1]}.")
        after = _with_case(before, case, path)
        _require(after, suite, case, path)
        _replace(path, after)
    return case


def case_of(answer: Answer, *, id: str, tags: Sequence[str] = ()) -> Case:  # noqa: A002  the field's name
    """Return the case that holds an answer to be right: its question as it was asked, its status and its citations."""
    asked = answer.question
    scope = asked.scope
    cites = dict.fromkeys((reference(cited.source), cited.quote) for cited in answer.citations)
    return Case(
        id=id,
        question=asked.text,
        history=tuple(Exchange(question=turn.question, answer=turn.answer) for turn in asked.history),
        since=_from(scope.since),
        until=_to(scope.until),
        as_of=_to(scope.as_of and scope.as_of + _TICK),
        publishers=scope.publishers,
        articles=scope.article_ids,
        asked_at=asked.asked_at,
        tags=tuple(tags),
        expect=Expectation(
            status=answer.status,
            cites=tuple(Cited(article=article, quote=quote) for article, quote in cites)
            if answer.status is not Status.NOT_IN_SOURCES
            else (),
        ),
    )


def fresh_id(suite: Suite, question: str) -> str:
    """Return an id made of a question's words that no case of the suite has."""
    used = {case.id for case in suite.cases}
    words = re.findall(r"\w+", question.casefold())
    stem = "-".join(words)[:_LONGEST_ID].strip("-_") or "case"
    return next(name for number in count(1) if (name := stem if number == 1 else f"{stem}-{number}") not in used)


def _with_case(before: bytes, case: Case, path: Path) -> bytes:
    newline = "\r\n" if b"\r\n" in before else "\n"
    text = before.decode()
    if path.suffix.lower() in JSONL:
        added = json.dumps(case_object(case), ensure_ascii=False) + "\n"
    else:
        text, indent = _ready(text)
        added = case_yaml(case, indent)
    end = "" if text.endswith("\n") else newline
    return (text + end + added.replace("\n", newline)).encode()


def _ready(text: str) -> tuple[str, int]:
    """Return the text of a YAML suite to which a case can be added, and the indent of its list of cases."""
    last, start = _last_field(text)
    if last == "cases" and isinstance(start, yaml.SequenceStartEvent):
        if start.flow_style:
            return _EMPTY.sub("cases:", text), 0
        return text, start.start_mark.column if start.start_mark else 0
    return text + ("" if text.endswith("\n") else "\n") + "cases:", 0


_EMPTY = re.compile(r"^cases:[ \t]*\[[ \t]*\](?=[ \t]*$)", re.MULTILINE)


def _last_field(text: str) -> tuple[str, yaml.Event | None]:
    """Return the name of the last field of a document, and the event that begins its value."""
    name, value, depth, is_name = "", None, 0, True
    for event in yaml.parse(text, Loader=LOADER):
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth == 1 and isinstance(event, yaml.NodeEvent):
            if is_name and isinstance(event, yaml.ScalarEvent):
                name = event.value
            value, is_name = event, not is_name
        depth += isinstance(event, yaml.CollectionStartEvent)
    return name, value


def _require(after: bytes, suite: Suite, case: Case, path: Path) -> None:
    """Raise SuiteError unless the file that would be written is the suite with the case at its end."""
    try:
        if suite_of(after, path) == suite.model_copy(update={"cases": (*suite.cases, case)}):
            return
    except SuiteError:
        pass
    raise SuiteError(
        f"No case can be added to {path}: make `cases:` its last field, with one case under the other (`- id: …`)."
    )


def _beginning(path: Path) -> bytes:
    if path.suffix.lower() in JSONL:
        return json.dumps({"suite": path.stem}, ensure_ascii=False).encode() + b"\n"
    return field_yaml("suite", path.stem).encode() + b"cases: []\n"


def _from(since: datetime | None) -> str | None:
    """Return a first moment as a suite gives it: as a day where it is a day's midnight."""
    if since is None:
        return None
    return since.date().isoformat() if since.time() == time.min else since.isoformat()


def _to(end: datetime | None) -> str | None:
    """Return an exclusive end as a suite gives it: as the day, or else the last moment, that is still within."""
    if end is None:
        return None
    return (end - _TICK).date().isoformat() if end.time() == time.min else (end - _TICK).isoformat()


_TICK = timedelta(microseconds=1)


def _replace(path: Path, content: bytes) -> None:
    made = path.with_name(f".{path.name}.new")
    try:
        with made.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            made.chmod(path.stat().st_mode)
        made.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> SuiteError:
    return SuiteError(f"Cannot write {path}: {error.strerror or error}; free some space or mend its permissions.")

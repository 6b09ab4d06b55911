"""Asks the questions of a case, in turn, and keeps what was answered."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rag.answer import Desk
from rag.errors import DatelineError
from rag.evaluation.cases import Asked, Case, Suite
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample
from rag.question.requests import make_question, make_scope
from rag.types import Answer, Delta, Question, Restart, Turn, digest

_MEANING = 1
"""Raised when the same case would be asked in another way."""


def ask_case(suite: Suite, case: Case, desk: Desk, *, attempt: int = 1, evidence: Evidence) -> Iterator[Sample]:
    """Yield a sample for each question of a case, in order; what was really answered is the history of the next.

    An error is a sample too. After one, the later questions of a conversation have nothing to follow and fail with it.
    """
    said = [Turn(question=earlier.question, answer=earlier.answer) for earlier in case.history]
    failed: str | None = None
    for turn, asked in enumerate(case.turns, 1):
        sample = Sample(
            suite=suite.suite, case_id=case.id, turn=turn, attempt=attempt, asked=asked_digest(suite, case, turn)
        )
        if failed is not None:
            yield replace(sample, error=f"Not asked, because question {turn - 1} before it failed: {failed}")
            continue
        try:
            sample = _sampled(sample, asked, _moment(suite, case), said, desk, evidence)
        except DatelineError as error:
            failed = str(error)
            sample = replace(sample, error=failed)
        if sample.answer is not None:
            said.append(Turn(question=asked.question, answer=sample.answer.text))
        yield sample


def asked_digest(suite: Suite, case: Case, turn: int) -> str:
    """Return what names a question with all that its answer depends on in the suite; what is expected is no part."""
    moment = case.asked_at or suite.asked_at
    turns = [[asked.model_dump(mode="json", exclude={"expect"}), asked.expect.alone] for asked in case.turns[:turn]]
    earlier = [[each.question, each.answer] for each in case.history]
    return digest(json.dumps([_MEANING, moment and moment.isoformat(), earlier, turns]))


def _sampled(
    sample: Sample, asked: Asked, moment: datetime, said: Sequence[Turn], desk: Desk, evidence: Evidence
) -> Sample:
    scope = make_scope(
        since=asked.since,
        until=asked.until,
        as_of=asked.as_of,
        publishers=asked.publishers,
        article_ids=[evidence.article_id(reference) for reference in asked.articles],
    )
    question = replace(make_question(asked.question, scope, said), asked_at=moment)
    heard = _listen(desk, question)
    alone = None
    if asked.expect.alone is not None:
        alone = desk.ask(replace(make_question(asked.expect.alone, scope), asked_at=moment))
    return replace(sample, answer=heard.answer, alone=alone, seconds=heard.seconds, first_seconds=heard.first_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    answer: Answer
    seconds: float
    first_seconds: float | None


def _listen(desk: Desk, question: Question) -> _Heard:
    """Return the answer and when it came; words that were withdrawn were not the first ones."""
    started, first = time.perf_counter(), None
    for event in desk.stream(question):
        now = time.perf_counter() - started
        match event:
            case Delta() if first is None and event.text.strip():
                first = now
            case Restart():
                first = None
            case Answer():
                return _Heard(answer=event, seconds=now, first_seconds=first)
    raise AssertionError("a stream ends with its answer")


def _moment(suite: Suite, case: Case) -> datetime:
    moment = case.asked_at or suite.asked_at or datetime.now(UTC)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

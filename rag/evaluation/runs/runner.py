"""Asks the questions of suites, several cases at a time, and keeps what was answered; scores what was kept."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rag.answer import Desk
from rag.errors import DatelineError
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Result, Sample
from rag.evaluation.runs.directory import RunDirectory
from rag.evaluation.scorers import Scorer
from rag.evaluation.scoring import score_case
from rag.evaluation.suites.cases import Asked, Case, Suite
from rag.evaluation.suites.checking import untrue
from rag.ordered import in_order
from rag.provider.recorded import asking_for
from rag.question.requests import make_question
from rag.terminal import Advance
from rag.types import Answer, Delta, Question, Restart, Turn, digest

_MEANING = 1
"""Raised when the same case would be asked in another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A suite, those of its cases that are wanted, and what answers them."""

    suite: Suite
    cases: tuple[Case, ...]
    desk: Desk
    evidence: Evidence


def run_suites(ready: Sequence[Ready], run: RunDirectory, *, jobs: int, advance: Advance) -> None:
    """Ask what the run has no answer to yet, and keep each sample at once; stopped at any time, it can go on.

    An attempt at a case is asked again as a whole unless all its questions were answered.
    """
    every = [
        (each, case, attempt)
        for each in ready
        for case in each.cases
        if case.skip is None
        for attempt in range(1, run.info.attempts + 1)
    ]
    wanted = [
        (each, case, attempt)
        for each, case, attempt in every
        if not (samples := kept(run, each.suite, case, attempt)) or any(sample.error for sample in samples)
    ]

    def ask(work: tuple[Ready, Case, int]) -> str:
        each, case, attempt = work
        with asking_for(each.suite.suite, case.id, str(attempt)):
            for sample in try_case(each.suite, case, each.desk, attempt=attempt, evidence=each.evidence):
                run.append(sample)
        return case.id

    with closing(in_order(ask, wanted, jobs)) as asked:
        for done, name in enumerate(asked, len(every) - len(wanted) + 1):
            advance(done, len(every), f"asked {name}")


def score_suites(
    ready: Sequence[Ready], run: RunDirectory, *, judge: Scorer | None, jobs: int, advance: Advance
) -> None:
    """Write what every case that the run asked is worth."""
    every = [(each, case) for each in ready for case in each.cases]

    def score(work: tuple[Ready, Case]) -> tuple[Case, Sequence[Result]]:
        each, case = work
        attempts = range(1, run.info.attempts + 1) if case.skip is None else ()
        samples = [sample for attempt in attempts for sample in kept(run, each.suite, case, attempt)]
        with asking_for(each.suite.suite, case.id):
            return case, score_case(each.suite, case, samples, each.evidence, judge)

    def told() -> Generator[tuple[Case, Sequence[Result]], None, None]:
        with closing(in_order(score, every, jobs)) as made:
            for done, scored in enumerate(made, 1):
                yield scored
                advance(done, len(every), f"scored {scored[0].id}")

    with closing(told()) as results:
        run.write_results(results)


def kept(run: RunDirectory, suite: Suite, case: Case, attempt: int = 1) -> tuple[Sample, ...]:
    """Return the samples of an attempt at a case; none where the run did not ask all that the case asks now."""
    samples: list[Sample] = []
    for turn in range(1, len(case.turns) + 1):
        sample = run.sample((suite.suite, case.id, turn, attempt))
        if sample is None or sample.asked != asked_digest(suite, case, turn):
            return ()
        samples.append(sample)
    return tuple(samples)


def try_case(suite: Suite, case: Case, desk: Desk, *, attempt: int = 1, evidence: Evidence) -> Iterator[Sample]:
    """Yield what `ask_case` yields, or errors for a case that names what its articles do not hold.

    Such a case is not asked: no answer to it could be right or wrong.
    """
    wrong = next(untrue(case, evidence), None)
    if wrong is None:
        yield from ask_case(suite, case, desk, attempt=attempt, evidence=evidence)
        return
    for turn in range(1, len(case.turns) + 1):
        yield replace(_blank(suite, case, turn, attempt), error=f"Not asked: {wrong}")


def ask_case(suite: Suite, case: Case, desk: Desk, *, attempt: int = 1, evidence: Evidence) -> Iterator[Sample]:
    """Yield a sample for each question of a case, in order; what was really answered is the history of the next.

    An error is a sample too. After one, the later questions of a conversation have nothing to follow and fail with it.
    """
    failed: str | None = None
    said = [Turn(question=earlier.question, answer=earlier.answer) for earlier in case.history]
    for turn, asked in enumerate(case.turns, 1):
        sample = _blank(suite, case, turn, attempt)
        if failed is not None:
            yield replace(sample, error=failed)
            continue
        try:
            sample = _sampled(sample, asked, case.asked_at or suite.asked_at or datetime.now(UTC), said, desk, evidence)
        except DatelineError as error:
            sample = replace(sample, error=str(error))
            failed = f"Not asked, because question {turn} before it failed: {error}"
        if sample.answer is not None:
            said.append(Turn(question=asked.question, answer=sample.answer.text))
        yield sample


def asked_digest(suite: Suite, case: Case, turn: int) -> str:
    """Return what names a question with all that its answer depends on in the suite; what is expected is no part."""
    moment = case.asked_at or suite.asked_at
    turns = [[asked.model_dump(mode="json", exclude={"expect"}), asked.expect.alone] for asked in case.turns[:turn]]
    earlier = [[each.question, each.answer] for each in case.history]
    return digest(json.dumps([_MEANING, moment and moment.isoformat(), earlier, turns]))


def _blank(suite: Suite, case: Case, turn: int, attempt: int) -> Sample:
    asked = asked_digest(suite, case, turn)
    return Sample(suite=suite.suite, case_id=case.id, turn=turn, attempt=attempt, asked=asked)


def _sampled(
    sample: Sample, asked: Asked, moment: datetime, said: Sequence[Turn], desk: Desk, evidence: Evidence
) -> Sample:
    scope = evidence.scope(asked, moment)
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

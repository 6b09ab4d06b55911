"""Cases are asked as they say, in turn, and a run keeps every answer, whenever it is stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rag.answer import Desk
from rag.compose import Newsroom
from rag.errors import ProviderBusyError
from rag.evaluation.evidence import Evidence
from rag.evaluation.judge import make_judge
from rag.evaluation.results import RunInfo, Sample
from rag.evaluation.runs.directory import RunDirectory
from rag.evaluation.runs.runner import Ready, ask_case, asked_digest, kept, run_suites, score_suites
from rag.evaluation.suites.cases import Asked, Case, Exchange, Expectation, Suite
from rag.library import open_library
from rag.ordered import in_order
from rag.protocols import Brief, ChatModel, Draft, Message
from rag.provider.background import iterate
from rag.provider.recorded import RecordingChat, ReplayedChat
from rag.settings import Settings
from rag.testing import ScriptedChat
from rag.testing.library import EMBEDDER, made_article, put
from rag.types import Answer, Hit, Status, Turn, Usage

BRIDGE = "Repairs to the Arl Bridge will cost £3.4 million. Mayor Oriel Tamsworth said so on Thursday."
FERRY = "The island ferry struck the pier at Overwick. Fourteen passengers were hurt."
COST = "How much will repairs to the Arl Bridge cost?"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    place = tmp_path_factory.mktemp("articles") / "library"
    with closing(open_library(place, model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)) as library:
        put(
            library,
            made_article("bridge", BRIDGE, published=datetime(2024, 2, 15, tzinfo=UTC)),
            made_article("ferry", FERRY, title="Ferry strikes pier", publisher="Post"),
        )
        yield Newsroom(settings=Settings(), embedder=EMBEDDER, library=library)


def ask(
    room: Newsroom, case: Case, *, model: ChatModel | None = None, desk: Desk | None = None, **suite: object
) -> list[Sample]:
    whole = Suite(suite="s", cases=(case,), **suite)  # type: ignore[arg-type]
    evidence = Evidence(room.library, room.embedder)
    return list(ask_case(whole, case, desk or replace(room.desk(model), fallback=None), evidence=evidence))


def answer(sample: Sample) -> Answer:
    assert sample.answer is not None, sample.error
    return sample.answer


def test_a_question_gives_one_sample_with_its_answer_and_when_it_came(room: Newsroom) -> None:
    (sample,) = ask(room, Case(id="cost", question=COST))
    assert sample.key == ("s", "cost", 1, 1)
    assert "£3.4 million" in answer(sample).text
    assert sample.first_seconds is not None
    assert 0 < sample.first_seconds <= sample.seconds


def test_limits_narrow_what_is_searched_and_articles_may_be_named_by_title(room: Newsroom) -> None:
    limits = {"since": "May 2024", "until": "2024-05", "as_of": "2024-06-01", "publishers": ["Post"]}
    (sample,) = ask(room, Case(id="c", question="Who was hurt?", articles=["Ferry strikes pier"], **limits))  # type: ignore[arg-type]
    scope = answer(sample).question.scope
    assert scope.article_ids == ("ferry",)
    assert scope.publishers == ("Post",)
    assert scope.since == datetime(2024, 5, 1, tzinfo=UTC)
    assert scope.until == datetime(2024, 6, 1, tzinfo=UTC)
    assert scope.as_of == datetime(2024, 6, 1, 23, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("of_case", "of_suite", "expected"),
    [
        ("2024-05-05T10:00:00+02:00", "2020-01-01", datetime(2024, 5, 5, 8, tzinfo=UTC)),
        (None, "2020-01-01", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_it_is_asked_when_the_case_says_or_else_the_suite(
    room: Newsroom, of_case: str | None, of_suite: str, expected: datetime
) -> None:
    (sample,) = ask(room, Case(id="c", question="What happened yesterday?", asked_at=of_case), asked_at=of_suite)  # type: ignore[arg-type]
    assert answer(sample).question.asked_at == expected


def test_limits_in_words_are_read_as_of_that_moment(room: Newsroom) -> None:
    limits = {"since": "last week", "until": "yesterday", "as_of": "today"}
    case = Case(id="c", question="Who was hurt?", asked_at="2024-05-05T10:00Z", **limits)  # type: ignore[arg-type]
    scope = answer(ask(room, case)[0]).question.scope
    assert scope.since == datetime(2024, 4, 22, tzinfo=UTC)
    assert scope.until == datetime(2024, 5, 5, tzinfo=UTC)
    assert scope.as_of == datetime(2024, 5, 5, 23, 59, 59, 999999, tzinfo=UTC)


def test_without_a_moment_it_is_asked_now(room: Newsroom) -> None:
    before = datetime.now(UTC)
    (sample,) = ask(room, Case(id="c", question=COST))
    assert before <= answer(sample).question.asked_at <= datetime.now(UTC)


def test_real_answers_are_the_history_of_the_questions_after_them(room: Newsroom) -> None:
    first, second = ask(room, Case(id="talk", conversation=[Asked(question=COST), Asked(question="Who said so?")]))  # type: ignore[arg-type]
    assert (first.turn, second.turn) == (1, 2)
    assert answer(first).question.history == ()
    assert answer(second).question.history == (Turn(question=COST, answer=answer(first).text),)
    assert answer(second).standalone != "Who said so?"


def test_a_history_that_is_told_comes_before_the_question(room: Newsroom) -> None:
    told = Exchange(question=COST, answer="£3.4 million.")
    (sample,) = ask(room, Case(id="c", question="Who said so?", history=(told,)))
    assert answer(sample).question.history == (Turn(question=COST, answer="£3.4 million."),)


def test_the_question_standing_alone_is_asked_without_history(room: Newsroom) -> None:
    follow_up = Asked(question="Who said so?", expect=Expectation(alone="Who said what the Arl Bridge will cost?"))
    first, second = ask(room, Case(id="talk", conversation=(Asked(question=COST), follow_up)))
    assert first.alone is None
    assert second.alone is not None
    assert second.alone.question.history == ()
    assert second.alone.question.text == "Who said what the Arl Bridge will cost?"


def test_an_error_is_a_sample_and_the_later_questions_fail_with_it(room: Newsroom) -> None:
    model = ScriptedChat([ProviderBusyError("The server is busy; try again later.")])
    first, second, third = ask(
        room,
        Case(id="talk", conversation=(Asked(question=COST), Asked(question="Who?"), Asked(question="Why?"))),
        model=model,
    )
    assert (first.answer, first.error) == (None, "The server is busy; try again later.")
    assert second.error == "Not asked, because question 1 before it failed: The server is busy; try again later."
    assert third.error == second.error
    assert len(model.sent) == 1


def test_an_article_that_is_not_there_is_an_error_and_no_answer(room: Newsroom) -> None:
    (sample,) = ask(room, Case(id="c", question=COST, articles=("Nowhere",)))
    assert sample.answer is None
    assert "no article 'Nowhere'" in str(sample.error)


class Withdrawing:
    """Writes a sentence that its passages do not bear out, so that it is withdrawn."""

    name = "withdrawing"

    def reads(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        return hits

    def draft(self, brief: Brief) -> Iterator[Draft]:
        yield "The moon is made of cheese [1.1]."


def test_words_that_were_withdrawn_are_not_the_first_words(room: Newsroom) -> None:
    (sample,) = ask(room, Case(id="c", question=COST), desk=replace(room.desk(), answerer=Withdrawing()))
    assert answer(sample).status is Status.NOT_IN_SOURCES
    assert sample.first_seconds is None
    assert sample.seconds > 0


PLAIN = {"id": "c", "question": COST}


@pytest.mark.parametrize(
    "changed",
    [
        {"question": "How much?"},
        {"since": "2024"},
        {"until": "2024"},
        {"as_of": "2024"},
        {"publishers": ["Post"]},
        {"articles": ["ferry"]},
        {"history": [{"question": "a", "answer": "b"}]},
        {"asked_at": "2024-05-05"},
        {"expect": {"alone": "How much will it cost?"}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_whatever_changes_the_answer_changes_what_names_the_question(changed: dict[str, object]) -> None:
    suite, other = Suite(suite="s"), Suite(suite="s", asked_at="2024-05-05")  # type: ignore[arg-type]
    plain = Case.model_validate(PLAIN)
    assert asked_digest(suite, Case.model_validate({**PLAIN, **changed}), 1) != asked_digest(suite, plain, 1)
    assert asked_digest(other, plain, 1) != asked_digest(suite, plain, 1)


def test_what_is_expected_does_not_change_what_names_the_question() -> None:
    suite = Suite(suite="s")
    more = Case.model_validate({**PLAIN, "tags": ["x"], "xfail": "known", "expect": {"contains": ["million"]}})
    assert asked_digest(suite, more, 1) == asked_digest(suite, Case.model_validate(PLAIN), 1)


def test_a_later_question_is_named_with_those_before_it() -> None:
    suite = Suite(suite="s")
    one, other = (
        Case(id="c", conversation=(Asked(question=first), Asked(question="Who?"))) for first in (COST, "How much?")
    )
    assert asked_digest(suite, one, 2) != asked_digest(suite, other, 2)
    assert asked_digest(suite, one, 1) != asked_digest(suite, one, 2)


INFO = RunInfo(
    name="r",
    started=datetime(2024, 5, 1, tzinfo=UTC),
    suites=("s",),
    answerer="extractive",
    model="extractive",
    settings={},
    corpus={},
    corpus_digest="d",
    version="1",
    attempts=2,
)
CASES = (
    Case(id="cost", question=COST),
    Case(id="talk", conversation=(Asked(question="Who was hurt?"), Asked(question="Where?"))),
    Case(id="left", question="Why?", skip="not yet"),
)


class Counting:
    """An answerer that counts its questions, and can be made to fail."""

    name = "counting"

    def __init__(self, fails: Sequence[int] = ()) -> None:
        self.asked: list[str] = []
        self._fails = fails
        self._lock = threading.Lock()

    def reads(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        return hits

    def draft(self, brief: Brief) -> Iterator[Draft]:
        with self._lock:
            self.asked.append(brief.question)
            number = len(self.asked)
        if number in self._fails:
            raise ProviderBusyError("busy")
        yield "Fourteen passengers were hurt [1.1]."


def ready(room: Newsroom, answerer: Counting, cases: tuple[Case, ...] = CASES) -> list[Ready]:
    suite = Suite(suite="s", cases=cases)
    desk = replace(room.desk(), answerer=answerer)
    return [Ready(suite=suite, cases=cases, desk=desk, evidence=Evidence(room.library, room.embedder))]


def nothing(done: int, total: int | None, what: str) -> None: ...


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_run_asks_each_question_as_often_as_ordered_and_tells_how_far_it_is(
    room: Newsroom, tmp_path: Path, jobs: int
) -> None:
    run, answerer, told = RunDirectory.create(tmp_path / "r", INFO, []), Counting(), list[tuple[int, int | None]]()
    run_suites(ready(room, answerer), run, jobs=jobs, advance=lambda done, total, _: told.append((done, total)))
    keys = {sample.key for sample in RunDirectory.open(tmp_path / "r").samples()}
    assert keys == {("s", name, turn, n) for n in (1, 2) for name, turn in (("cost", 1), ("talk", 1), ("talk", 2))}
    assert len(answerer.asked) == 6
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_run_goes_on_with_what_was_not_answered(room: Newsroom, tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    # cost, cost, talk 1 and 2 of the first attempt, and the first question of the second, which fails.
    run_suites(ready(room, Counting(fails=[5])), run, jobs=1, advance=nothing)
    again = Counting()
    run_suites(ready(room, again), RunDirectory.open(tmp_path / "r"), jobs=1, advance=nothing)
    assert len(again.asked) == 2, "both questions of the second attempt at the conversation, and nothing else"
    whole = RunDirectory.open(tmp_path / "r")
    assert all(sample.answer is not None for sample in whole.samples())
    assert len(list(whole.samples())) == 6


def test_a_changed_question_is_asked_again_and_a_changed_expectation_is_not(room: Newsroom, tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    run_suites(ready(room, Counting()), run, jobs=1, advance=nothing)
    changed = (
        CASES[0].model_copy(update={"expect": Expectation(contains=("x",))}),
        Case(id="talk", conversation=(Asked(question="Who was hurt?"), Asked(question="When?"))),
    )
    again = Counting()
    suite = Suite(suite="s", cases=changed)
    assert [len(kept(run, suite, case)) for case in changed] == [1, 0]
    run_suites(ready(room, again, changed), run, jobs=1, advance=nothing)
    assert len(again.asked) == 4
    assert [len(kept(run, suite, case)) for case in changed] == [1, 2]


class Voting:
    """Votes yes six times, and then no; stopped at one of its votes, as by the user."""

    name = "voting"

    def __init__(self, stopped_at: int = 0) -> None:
        self.given = 0
        self._stopped_at = stopped_at

    def stream(self, messages: Sequence[Message]) -> Iterator[str | Usage]:
        if self.given + 1 == self._stopped_at:
            self._stopped_at = 0
            raise KeyboardInterrupt
        self.given += 1
        yield f"VERDICT: {'yes' if self.given <= 6 else 'no'}"


def test_scoring_that_was_stopped_does_not_ask_again_for_the_votes_it_has(room: Newsroom, tmp_path: Path) -> None:
    cases = (*CASES, CASES[0].model_copy(update={"id": "as cost"}))
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    run_suites(ready(room, Counting(), cases), run, jobs=1, advance=nothing)

    def scores(model: ChatModel, cases: tuple[Case, ...] = cases) -> set[tuple[str, float | None]]:
        judge = make_judge(model, votes=3)
        score_suites(ready(room, Counting(), cases), run, judge=judge, jobs=1, advance=nothing)
        found = [(result.case.id, score) for result in run.results() for score in result.scores]
        return {(name, score.value) for name, score in found if score.metric == "judge.score"}

    tape, model = tmp_path / "tape.jsonl", Voting(stopped_at=8)
    with pytest.raises(KeyboardInterrupt):
        scores(RecordingChat(model, tape, session="r"))
    scored = scores(RecordingChat(model, tape, session="r"))
    assert model.given == 24, "three votes on each of eight answers"
    assert scored == {("cost", 1.0), ("talk", 0.0), ("as cost", 0.0)}
    assert scores(ReplayedChat(tape, "voting"), cases[::-1]) == scored


def test_work_keeps_its_order_however_long_each_takes() -> None:
    gate = threading.Event()

    def work(n: int) -> int:
        if n == 0:
            gate.wait(5)
        if n == 3:
            gate.set()
        return n

    assert list(in_order(work, range(40), 4)) == list(range(40))


def test_work_that_is_called_off_does_not_wait_for_a_server() -> None:
    waiting = threading.Event()

    async def never() -> AsyncGenerator[int, None]:
        waiting.set()
        await asyncio.sleep(600)
        yield 0

    made = in_order(lambda n: sum(iterate(never)) if n else waiting.wait(5), range(9), 2)
    assert next(made), "a second one waits already"
    made.close()

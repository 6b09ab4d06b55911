"""The library as Python programs use it, over the seed articles and over a model server that is scripted."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import pytest

import ingest
import rag
from rag.ordered import BATCH
from rag.public import Choices
from rag.settings import Settings
from rag.testing.server import ScriptedServer, says
from tests.conftest import SEEDS

BRIDGE = "How much will the Arl Bridge repair cost?"
QUESTIONS = [BRIDGE, "Who is the mayor?", "When does the ferry run?", "Who won the lottery?"]


@pytest.fixture(scope="module")
def answers(seeds: rag.Library) -> list[str]:
    return [seeds.ask(question).text for question in QUESTIONS]


@pytest.fixture
def slow_model(written_by: Callable[[ScriptedServer], rag.Library], slow_server: ScriptedServer) -> rag.Library:
    return written_by(slow_server)


def running(name: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(name)]


def wait_for(true: Callable[[], object]) -> None:
    asyncio.run(until(true))


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def test_every_name_that_the_package_offers_is_there() -> None:
    assert [name for name in rag.__all__ if getattr(rag, name, None) is None] == []
    assert dir(rag) == rag.__all__ == sorted(rag.__all__)
    assert not hasattr(rag, "opened")


def test_an_answer_quotes_stored_articles(seeds: rag.Library) -> None:
    answer = seeds.ask(BRIDGE)
    assert answer.status is rag.Status.CONFLICTING
    assert len(answer.citations) == 2
    for cited in answer.citations:
        assert seeds.article(cited.source.article_id, cited.version).text[cited.start : cited.end] == cited.quote


def test_a_stream_ends_with_the_answer(seeds: rag.Library) -> None:
    *events, last = seeds.stream(BRIDGE)
    assert isinstance(last, rag.Answer)
    assert "".join(event.text for event in events if isinstance(event, rag.Delta)) == last.text
    assert [type(event) for event in events[:2]] == [rag.Searching, rag.Found]


@pytest.mark.parametrize(
    "since", ["15 February 2024", "2024-02-15", date(2024, 2, 15), datetime(2024, 2, 15, tzinfo=UTC)]
)
def test_limits_are_days_in_words_or_dates(seeds: rag.Library, since: str | date) -> None:
    answer = seeds.ask(BRIDGE, since=since, until="February 2024", publishers="Harbour Post (fictional)")
    assert answer.scope == rag.Scope(
        since=datetime(2024, 2, 15, tzinfo=UTC),
        until=datetime(2024, 3, 1, tzinfo=UTC),
        publishers=("Harbour Post (fictional)",),
    )
    assert {cited.source.publisher for cited in answer.citations} == {"Harbour Post (fictional)"}


def test_a_question_is_text_a_row_or_a_question(seeds: rag.Library) -> None:
    scope = rag.Scope(publishers=("Harbour Post (fictional)",))
    asked = [
        seeds.ask(BRIDGE, publishers=scope.publishers, article_ids=None, since=None),
        seeds.ask({"question": BRIDGE, "publisher": "Harbour Post (fictional)"}),
        seeds.ask(rag.Question(text=f" {BRIDGE} ", scope=scope), until=None),
    ]
    assert len({answer.text for answer in asked}) == 1
    assert {answer.scope for answer in asked} == {scope}


def test_a_question_keeps_the_moment_in_which_it_was_asked(seeds: rag.Library) -> None:
    moment = datetime(2024, 2, 17, tzinfo=UTC)
    asked = rag.Question(text="What was reported yesterday about the Arl Bridge?", asked_at=moment)
    answer = seeds.ask(asked)
    assert answer.question.asked_at == moment
    assert answer.scope.since == datetime(2024, 2, 16, tzinfo=UTC)


def test_history_makes_a_follow_up_standalone(seeds: rag.Library) -> None:
    earlier = (BRIDGE, "£4.1 million.")
    pair = seeds.ask("Who said that about the Arl Bridge?", history=[earlier])
    turn = seeds.ask("Who said that about the Arl Bridge?", history=[rag.Turn(question=BRIDGE, answer="£4.1 million.")])
    assert pair.standalone == turn.standalone
    assert pair.question.history == (rag.Turn(question=BRIDGE, answer="£4.1 million."),)


def test_search_finds_passages_best_first(seeds: rag.Library) -> None:
    hits = seeds.search(BRIDGE, limit=3, since="2024")
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(hits) == 3
    assert all(isinstance(hit, rag.Hit) for hit in hits)


def test_a_draft_is_checked(seeds: rag.Library) -> None:
    checked = seeds.check("Repairs will cost £3.4 million. The detour is 90 miles long.")
    assert checked.claims[0].verdict is rag.Verdict.SUPPORTED
    assert not checked.borne_out
    assert seeds.check("Repairs will cost £3.4 million.", until="2023").claims[0].verdict is rag.Verdict.UNCITED


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda seeds: seeds.ask(" "), "The question is empty"),
        (lambda seeds: seeds.ask(None), "A question is text, a Question or a row, not NoneType"),
        (lambda seeds: seeds.ask(BRIDGE, since="soonish"), "since is not a date"),
        (
            lambda seeds: seeds.ask(BRIDGE, publisher="Harbour Post"),
            "There is no publisher; a question is limited by since",
        ),
        (lambda seeds: seeds.ask(rag.Question(text=BRIDGE), since="2024"), "brings its own history and scope"),
        (lambda seeds: seeds.ask({"question": BRIDGE}, history=[("a", "b")]), "brings its own history and scope"),
        (lambda seeds: seeds.ask(BRIDGE, since=2024), "since must be text"),
        (lambda seeds: seeds.ask(BRIDGE, publishers=[3]), "publishers must be a list of texts"),
        (lambda seeds: seeds.ask(BRIDGE, history=["no", ("a", "b")]), "history must be a list of"),
        (lambda seeds: seeds.ask({"question": BRIDGE, "scope": {"since": "2024"}}), "A row has no scope"),
        (lambda seeds: seeds.stream(""), "The question is empty"),
        (lambda seeds: seeds.search(BRIDGE, 0), "limit is 0"),
        (lambda seeds: seeds.batch([BRIDGE], concurrency=0), "concurrency is 0"),
        (lambda seeds: seeds.batch([BRIDGE], since="soonish"), "since is not a date"),
        (lambda seeds: seeds.check("A claim.", until="soonish"), "until is not a date"),
    ],
)
def test_what_cannot_be_used_is_named(seeds: rag.Library, call: Callable[[rag.Library], object], said: str) -> None:
    with pytest.raises(rag.ConfigurationError, match=said):
        call(seeds)


def test_settings_that_open_takes_are_settings(tmp_path: Path) -> None:
    assert set(Choices.__annotations__) <= set(Settings.model_fields)
    with pytest.raises(rag.ConfigurationError, match="There is no setting answrer; the settings are answerer"):
        rag.open(tmp_path, answrer="extractive")  # type: ignore[call-arg]
    with pytest.raises(rag.ConfigurationError, match="DATELINE_PASSAGES cannot be used"):
        rag.open(tmp_path, passages=0)


def test_a_missing_library_is_made_only_if_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(rag.LibraryError, match="no library"):
        rag.open(tmp_path / "library")
    monkeypatch.setenv("DATELINE_LIBRARY", str(tmp_path / "library"))
    with rag.open(create=True, answerer="extractive") as library:
        report = ingest.add(SEEDS / "2024-02-15-courier-arl-bridge-shut.md", library)
        assert report.added
        assert library.article(report.added[0]).text
        assert ingest.add([str(SEEDS / "2024-02-15-courier-arl-bridge-shut.md")], library).unchanged == report.added


def test_threads_may_share_a_library(seeds: rag.Library, answers: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda question: seeds.ask(question).text, QUESTIONS * 2)) == answers * 2


def test_a_batch_keeps_its_order_and_goes_on_after_errors(seeds: rag.Library, answers: list[str]) -> None:
    made = list(seeds.batch([QUESTIONS[0], "", *QUESTIONS[1:], {"question": 3}]))
    assert [each.text for each in made if isinstance(each, rag.Answer)] == answers
    assert [place for place, each in enumerate(made) if isinstance(each, rag.ConfigurationError)] == [1, 5]


def test_a_batch_reads_questions_as_it_needs_them(seeds: rag.Library, answers: list[str]) -> None:
    read = itertools.count()
    endless = (BRIDGE for _ in read)
    batch = seeds.batch(endless, concurrency=2)
    assert [each.text for each in itertools.islice(batch, 3) if isinstance(each, rag.Answer)] == answers[:1] * 3
    batch.close()  # type: ignore[attr-defined]
    assert next(read) < 20
    assert running(BATCH) == []


def test_a_batch_that_fails_calls_its_work_off(slow_model: rag.Library, slow_server: ScriptedServer) -> None:
    def questions() -> Iterator[str]:
        yield BRIDGE
        wait_for(lambda: slow_server.requests)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(slow_model.batch(questions()))
    assert slow_server.disconnected.wait(20)
    assert running(BATCH) == []


def test_at_most_so_many_questions_are_answered_at_a_time(seeds: rag.Library) -> None:
    busy, most, lock = 0, 0, threading.Lock()
    full = threading.Event()

    class Counting:
        inner = seeds.desk.retriever

        def retrieve(self, query: str, scope: rag.Scope, limit: int) -> list[rag.Hit]:
            nonlocal busy, most
            with lock:
                busy += 1
                most = max(most, busy)
                if busy == 3:
                    full.set()
            full.wait(20)
            try:
                return self.inner.retrieve(query, scope, limit)
            finally:
                with lock:
                    busy -= 1

    counted = seeds.with_desk(replace(seeds.desk, retriever=Counting()))
    assert len(list(counted.batch(QUESTIONS * 2, concurrency=3))) == 8
    assert most == 3

    async def every() -> int:
        return len([each async for each in counted.abatch(QUESTIONS * 2, concurrency=3)])

    assert asyncio.run(every()) == 8
    assert most == 3


async def test_calls_for_event_loops_give_the_same(seeds: rag.Library, answers: list[str]) -> None:
    assert [answer.text for answer in await asyncio.gather(*map(seeds.aask, QUESTIONS))] == answers
    *_, last = [event async for event in seeds.astream(BRIDGE)]
    assert isinstance(last, rag.Answer)
    assert last.text == answers[0]
    assert await seeds.asearch(BRIDGE, 3, since="2024") == seeds.search(BRIDGE, 3, since="2024")
    draft = "Repairs will cost £3.4 million."
    assert (await seeds.acheck(draft)).claims == seeds.check(draft).claims
    made = [each async for each in seeds.abatch([QUESTIONS[0], "", *QUESTIONS[1:]])]
    assert [each.text for each in made if isinstance(each, rag.Answer)] == answers
    assert isinstance(made[1], rag.ConfigurationError)
    with pytest.raises(rag.ConfigurationError, match="since is not a date"):
        await seeds.aask(BRIDGE, since="soonish")


async def test_a_cancelled_call_ends_the_models(slow_model: rag.Library, slow_server: ScriptedServer) -> None:
    call = asyncio.create_task(slow_model.aask(BRIDGE))
    await until(lambda: slow_server.requests)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(slow_server.disconnected.is_set)


async def test_a_stream_that_is_closed_early_ends_the_models(
    slow_model: rag.Library, slow_server: ScriptedServer
) -> None:
    async with aclosing(slow_model.astream(BRIDGE)) as events:
        async for event in events:
            if isinstance(event, rag.Found):
                break
        await until(lambda: slow_server.requests)
    await until(slow_server.disconnected.is_set)


async def test_a_stream_that_is_left_ends_the_models(slow_model: rag.Library, slow_server: ScriptedServer) -> None:
    async for event in slow_model.astream(BRIDGE):
        if isinstance(event, rag.Delta):
            break
    await until(slow_server.disconnected.is_set)


async def test_a_batch_that_is_closed_early_ends_the_models(
    slow_model: rag.Library, slow_server: ScriptedServer
) -> None:
    async with aclosing(slow_model.abatch(["", BRIDGE, BRIDGE])) as made:
        assert isinstance(await anext(made), rag.ConfigurationError)
        await until(lambda: len(slow_server.requests) == 2)
    await until(slow_server.disconnected.is_set)
    await until(lambda: not running(BATCH))


async def test_closing_ends_what_is_awaited_and_leaves_no_thread(
    ingested_seeds: Path, slow_server: ScriptedServer
) -> None:
    before = set(threading.enumerate())
    opened = rag.open(ingested_seeds, openai_base_url=slow_server.base_url)
    calls = [asyncio.create_task(opened.aask(BRIDGE)) for _ in range(3)]
    await until(lambda: len(slow_server.requests) == 3)
    opened.close()
    for call in calls:
        with pytest.raises(rag.LibraryError, match="closed"):
            await call
    await until(lambda: not [thread for thread in set(threading.enumerate()) - before if "dateline" in thread.name])
    with pytest.raises(rag.LibraryError, match="closed"):
        await opened.aask(BRIDGE)
    with pytest.raises(rag.LibraryError, match="closed"):
        opened.ask(BRIDGE)
    opened.close()


def test_a_failing_model_is_told_in_the_answer(ingested_seeds: Path) -> None:
    said = says("Mending the bridge will cost £4.1 million [1.1].")
    with (
        ScriptedServer(said) as server,
        rag.open(ingested_seeds, openai_base_url=server.base_url, model_retries=0) as opened,
    ):
        assert opened.ask(BRIDGE).model == "gpt-4.1-mini"
        failed = opened.ask(BRIDGE)
        assert failed.model == "extractive"
        assert failed.note is not None
        assert len(server.requests) == 2


def test_events_are_what_the_package_names() -> None:
    assert {kind.__name__ for kind in get_args(rag.Event)} <= set(rag.__all__)

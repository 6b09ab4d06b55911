"""What every door of the server shares: one desk, one workroom, one place for records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from rag.answer import Desk
from rag.check import Checked, checker
from rag.protocols import Intake
from rag.records import Records
from rag.records.jobs import counts
from rag.types import Answer, Event, Hit, Question, Scope
from rag.web.options import Options
from rag.web.watching import Several, Watcher
from rag.web.watching.metrics import Metrics
from rag.work import Stream, Workroom

Progress = Callable[[int, int], Awaitable[None]]
"""Takes how many sentences of a draft are checked, and of how many."""

_PATIENCE = 15.0
"""Seconds that work may wait for its turn; after them, most of those who asked are gone."""


async def _untold(_done: int, _total: int) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The one thing that routers are made of."""

    desk: Desk
    records: Records
    options: Options
    work: Workroom
    rooms: list[Workroom]
    """All that close together when the server stops: `work`, and those that doors add."""
    intake: Intake | None = None
    """What takes new articles in; None where the server only reads."""
    watcher: Watcher
    """Hears of everything; the metrics hear it too."""
    metrics: Metrics

    async def ask(self, question: Question) -> Answer:
        """Return the answer; raise what `Desk.ask` raises, OverloadedError or ClosingError."""
        # The loop need not wake up for events that nobody waits for.
        async with aclosing(self.work.stream(lambda: self.events(question), _finished)) as answers:
            answer = await anext(answers)
            assert isinstance(answer, Answer)
            return answer

    def stream(self, question: Question) -> Stream[Event]:
        """Return the events of an answer; raise OverloadedError or ClosingError at once, the rest as it is read."""
        return self.work.stream(lambda: self.events(question))

    async def search(self, question: Question, limit: int) -> list[Hit]:
        """Return the passages, best first; raise what `Desk.search` raises, OverloadedError or ClosingError."""
        return await self.work.run(lambda: self.desk.search(question, limit))

    async def check(self, text: str, scope: Scope, progress: Progress = _untold) -> Checked:
        """Return the checked draft; raise what `Checker.check` raises, OverloadedError or ClosingError."""
        checking = self.work.stream(lambda: checker(self.desk).stream(text, scope), by_steps=True)
        async with aclosing(checking) as steps:
            async for step in steps:
                if isinstance(step, Checked):
                    return step
                await progress(step.done, step.total)
        raise AssertionError("A check ends with the checked draft.")

    def events(self, question: Question) -> Iterator[Event]:
        """Yield the events of an answer, made in this thread, and tell the watcher how it ended."""
        with self.watcher.answering():
            try:
                for event in self.desk.stream(question):
                    if isinstance(event, Answer):
                        self.watcher.answered(event)
                    yield event
            except Exception as error:
                self.watcher.failed(error)
                raise


def make_service(
    desk: Desk,
    records: Records,
    options: Options | None = None,
    *,
    intake: Intake | None = None,
    watcher: Watcher | None = None,
) -> Service:
    """Return a service over a desk, with a workroom of the size that the options say."""
    options = options or Options()
    work = Workroom(at_once=options.at_once, waiting=options.waiting, each=options.each, patience=_PATIENCE)
    metrics = _metrics(desk, work, records)
    return Service(
        desk=desk,
        records=records,
        options=options,
        work=work,
        rooms=[work],
        intake=intake,
        watcher=Several((metrics, watcher)) if watcher else metrics,
        metrics=metrics,
    )


def _finished(event: Event) -> bool:
    return isinstance(event, Answer)


def _metrics(desk: Desk, work: Workroom, records: Records) -> Metrics:
    metrics = Metrics()
    metrics.read("work_under_way", "Answers and other work being done.", lambda: work.under_way)
    metrics.read("work_waiting", "Work that waits for its turn.", lambda: work.waiting)
    metrics.read("work_refused", "Work refused, because too much was asked.", lambda: work.refused, total=True)
    generation = "The number that every change of the library raises."
    metrics.read("library_generation", generation, lambda: float(desk.library.generation()))
    metrics.read("articles", "Articles in the library.", lambda: float(desk.library.count()))
    metrics.read_by("jobs", "Jobs that take articles in or out, by status.", "status", lambda: counts(records))
    return metrics

"""Takes submissions in, one after the other, while whoever submitted waits for a moment or comes back later."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import dataclass

from rag.errors import ClosingError, DatelineError, ServiceError
from rag.protocols import Intake
from rag.records.jobs import Job, Jobs, JobStatus
from rag.web.api.uploads import Submitted
from rag.web.problems import UNEXPECTED, Problem, problem_of
from rag.wire import Json
from rag.work import Stream, Workroom

_log = logging.getLogger(__name__)
_MOST_WAITING = 16
_BETWEEN_NOTES = 0.25
"""Seconds between two notes of how far a job is, which are also when it hears that it was called off."""
_TICK = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A job that ended, and the problem that ended it."""

    job: Job
    problem: Problem | None = None


class _CalledOffError(ServiceError):
    """Somebody called the job off."""


class Runner:
    """Does the jobs of one server; each ends with a record of what became of it."""

    def __init__(self, intake: Intake, jobs: Jobs) -> None:
        self._intake = intake
        self._jobs = jobs
        self.room = Workroom(at_once=1, waiting=_MOST_WAITING)
        """Where jobs wait for each other; once it closes, the one under way ends at its next item."""
        self._tasks: set[asyncio.Task[Outcome]] = set()

    async def submit(self, submitted: Submitted) -> tuple[Job, asyncio.Task[Outcome]]:
        """Have a submission taken in, and dropped in the end; raise OverloadedError, ClosingError or StorageError."""
        added: Future[Job] = Future()
        try:
            # The place comes first: what is refused leaves no trace.
            stream = self.room.stream(lambda: [self._done(added.result(), submitted)])
            try:
                job = await asyncio.to_thread(self._jobs.add, len(submitted.submissions))
            except BaseException:
                added.cancel()
                await stream.aclose()
                raise
        except BaseException:
            await asyncio.to_thread(submitted.drop)
            raise
        added.set_result(job)
        task = asyncio.create_task(self._followed(job, stream, submitted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job, task

    async def _followed(self, job: Job, stream: Stream[Outcome], submitted: Submitted) -> Outcome:
        try:
            async with aclosing(stream):
                return await anext(stream)
        except ClosingError as error:
            return await asyncio.to_thread(self._broken_off, job, JobStatus.INTERRUPTED, error)
        finally:
            await asyncio.to_thread(submitted.drop)

    async def outcome(self, task: asyncio.Task[Outcome], seconds: float) -> Outcome | None:
        """Return how a job ended, or None when it takes longer or the server is stopping."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.room.closing:
            await asyncio.wait({task}, timeout=min(_TICK, until - time.monotonic()))
            if task.done():
                return task.result()
        return None

    async def ended(self) -> None:
        """Wait until what was not done when the room closed is noted as interrupted."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    def _done(self, job: Job, submitted: Submitted) -> Outcome:
        try:
            report = self._taken(job, submitted)
        except _CalledOffError as error:
            return self._broken_off(job, JobStatus.CANCELLED, error)
        except ClosingError as error:
            return self._broken_off(job, JobStatus.INTERRUPTED, error)
        except Exception as error:  # noqa: BLE001 - whatever it was, the job has an end
            return self._broken_off(job, JobStatus.FAILED, error)
        return Outcome(job=self._jobs.end(job.id, JobStatus.DONE, report=report) or job)

    def _taken(self, job: Job, submitted: Submitted) -> Mapping[str, Json]:
        if not self._jobs.start(job.id):
            raise _CalledOffError("The job was called off before it began.")
        noted = time.monotonic()

        def progress(done: int, articles: int) -> None:
            nonlocal noted
            if self.room.closing:
                raise ClosingError("The server was stopped before all was stored; send the same again to go on.")
            if time.monotonic() - noted >= _BETWEEN_NOTES:
                noted = time.monotonic()
                if not self._jobs.progress(job.id, done, articles):
                    raise _CalledOffError("The job was called off; what it had stored stays.")

        return self._intake.take(submitted.submissions, progress)

    def _broken_off(self, job: Job, status: JobStatus, error: Exception) -> Outcome:
        if isinstance(error, _CalledOffError):
            problem = Problem(status=409, kind="called-off", detail=str(error))
        elif isinstance(error, DatelineError):
            problem = problem_of(error)
        else:
            _log.error("The job %s failed.", job.id, exc_info=error)
            problem = UNEXPECTED
        account: dict[str, Json] | None = getattr(error, "account", None)
        ended = self._jobs.end(job.id, status, report=account, problem=problem.document())
        return Outcome(job=ended or job, problem=problem)

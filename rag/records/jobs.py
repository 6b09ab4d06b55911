"""Jobs: what became of each submission of articles, also after the server that was at it is gone."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from rag.errors import StorageError
from rag.records.store import Records

if TYPE_CHECKING:
    from rag.wire import Json

KEPT = timedelta(days=7)
"""How long an ended job is remembered."""
MOST_KEPT = 1_000

TABLE = """CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, server TEXT NOT NULL, status TEXT NOT NULL,
    created TEXT NOT NULL, started TEXT, ended TEXT, done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL,
    articles INTEGER NOT NULL DEFAULT 0, called_off INTEGER NOT NULL DEFAULT 0, report TEXT, problem TEXT
) STRICT"""


class JobStatus(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The server ended before the job did; what it had stored by then is stored."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self not in {JobStatus.QUEUED, JobStatus.RUNNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One submission of articles."""

    id: str
    number: int = 0
    """Its place among all jobs, from the oldest on; 0 while it is not kept yet."""
    status: JobStatus
    created: datetime
    total: int
    """Files and addresses that were submitted."""
    done: int = 0
    articles: int = 0
    """Articles that were met in them so far."""
    started: datetime | None = None
    ended: datetime | None = None
    report: Mapping[str, Json] | None = None
    """What was stored, as `dateline ingest --json` prints it; of a job that broke off, what was stored until then."""
    problem: Mapping[str, Json] | None = None
    """Why it broke off."""


class Jobs:
    """The jobs of the servers that share the records; safe for threads and processes, and raises StorageError."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._unsaved: dict[str, Job] = {}
        with records.transaction() as connection:
            connection.execute(TABLE)

    def add(self, total: int) -> Job:
        """Return a new job of this server, and forget the oldest that have ended."""
        job = Job(id=f"job_{secrets.token_hex(12)}", status=JobStatus.QUEUED, created=datetime.now(UTC), total=total)
        row = (job.id, self._records.presence.name, job.status, _iso(job.created), total)
        with self._records.transaction() as connection:
            _forget(connection, job.created)
            connection.execute("INSERT INTO jobs (id, server, status, created, total) VALUES (?, ?, ?, ?, ?)", row)
        return job

    def start(self, job_id: str) -> bool:
        """Tell whether a job is still to be done, and note that it is under way."""
        with self._records.transaction() as connection:
            changed = connection.execute(
                "UPDATE jobs SET status = 'running', started = ? WHERE id = ? AND status = 'queued'",
                (_iso(datetime.now(UTC)), job_id),
            )
        return changed.rowcount == 1

    def progress(self, job_id: str, done: int, articles: int) -> bool:
        """Note how far a job is, and tell whether it is to go on."""
        with self._records.transaction() as connection:
            connection.execute("UPDATE jobs SET done = ?, articles = ? WHERE id = ?", (done, articles, job_id))
            row = connection.execute("SELECT called_off FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return row is not None and not row["called_off"]

    def end(
        self,
        job_id: str,
        status: JobStatus,
        *,
        report: Mapping[str, Json] | None = None,
        problem: Mapping[str, Json] | None = None,
    ) -> Job | None:
        """Note how a job ended, and return it; where the disk takes no note, it is remembered until the server ends."""
        job = self.get(job_id)
        if job is None:
            return None
        done = job.total if status is JobStatus.DONE else job.done
        job = replace(job, status=status, ended=datetime.now(UTC), done=done, report=report, problem=problem)
        try:
            with self._records.transaction() as connection:
                connection.execute(
                    "UPDATE jobs SET status = ?, ended = ?, done = ?, report = ?, problem = ? WHERE id = ?",
                    (status, _iso(job.ended), done, _json(report), _json(problem), job_id),
                )
        except StorageError:
            self._unsaved[job_id] = job
        return job

    def call_off(self, job_id: str) -> Job | None:
        """Have a job end before its next item, or never begin; return it, or None where there is none."""
        with self._records.transaction() as connection:
            connection.execute("UPDATE jobs SET called_off = 1 WHERE id = ?", (job_id,))
            connection.execute(
                "UPDATE jobs SET status = 'cancelled', ended = ? WHERE id = ? AND status = 'queued'",
                (_iso(datetime.now(UTC)), job_id),
            )
        return self.get(job_id)

    def get(self, job_id: str) -> Job | None:
        """Return a job, or None where there is none."""
        found = self._found("SELECT * FROM jobs WHERE id = ?", job_id)
        return found[0] if found else None

    def list(self, *, limit: int, before: int | None = None) -> Sequence[Job]:
        """Return the latest jobs, newest first; only those of lower numbers than one."""
        return self._found(
            "SELECT * FROM jobs WHERE number < coalesce(?, 1 << 62) ORDER BY number DESC LIMIT ?", before, limit
        )

    def _found(self, query: str, *values: str | int | None) -> Sequence[Job]:
        _interrupt(self._records)
        return [self._unsaved.get(row["id"], _job(row)) for row in self._records.read(query, *values)]


def counts(records: Records) -> dict[str, int]:
    """Return how many jobs are kept, by status; raise StorageError."""
    _interrupt(records)
    found = {row["status"]: row["jobs"] for row in records.read("SELECT status, count(*) AS jobs FROM jobs GROUP BY 1")}
    return {status.value: found.get(status.value, 0) for status in JobStatus}


def _interrupt(records: Records) -> None:
    """Note what servers that are gone were at."""
    servers = [row["server"] for row in records.read("SELECT DISTINCT server FROM jobs WHERE ended IS NULL")]
    if gone := [server for server in servers if not records.presence.lives(server)]:
        with records.transaction() as connection:
            connection.executemany(
                "UPDATE jobs SET status = 'interrupted', ended = ? WHERE server = ? AND ended IS NULL",
                [(_iso(datetime.now(UTC)), server) for server in gone],
            )


def _forget(connection: sqlite3.Connection, now: datetime) -> None:
    connection.execute(
        "DELETE FROM jobs WHERE ended IS NOT NULL AND (ended < ? OR number <= "
        "(SELECT number FROM jobs ORDER BY number DESC LIMIT 1 OFFSET ?))",
        (_iso(now - KEPT), MOST_KEPT),
    )


def _job(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        number=row["number"],
        status=JobStatus(row["status"]),
        created=datetime.fromisoformat(row["created"]),
        total=row["total"],
        done=row["done"],
        articles=row["articles"],
        started=_moment(row["started"]),
        ended=_moment(row["ended"]),
        report=json.loads(row["report"]) if row["report"] else None,
        problem=json.loads(row["problem"]) if row["problem"] else None,
    )


def _json(value: Mapping[str, Json] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

"""Records are kept for as long as is promised, and what a server that is gone was at may be done again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rag.records import Records, feedback, jobs, open_records, replies
from rag.records.feedback import Feedback, FeedbackStore
from rag.records.jobs import Jobs, JobStatus
from rag.records.replies import Claim, Replies, Reply

MOMENT = timedelta(seconds=5)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with closing(open_records(tmp_path)) as records:
        yield records


def ago(age: timedelta) -> str:
    return (datetime.now(UTC) - age).isoformat()


@pytest.mark.parametrize(("age", "claim"), [(-MOMENT, Claim.TAKEN), (MOMENT, Claim.GRANTED)])
def test_a_reply_is_kept_for_a_day(records: Records, age: timedelta, claim: Claim) -> None:
    kept = Replies(records)
    kept.claim("", "k", "r")
    kept.keep("", "k", Reply(status=200, body=b""))
    with records.transaction() as connection:
        connection.execute("UPDATE replies SET created = ?", (ago(replies.KEPT + age),))
    assert kept.claim("", "k", "another") is claim


def test_the_keys_of_two_callers_have_nothing_to_do_with_each_other(records: Records) -> None:
    kept = Replies(records)
    kept.claim("Ann", "k", "r")
    kept.keep("Ann", "k", Reply(status=200, body=b"hers"))
    assert kept.claim("Bo", "k", "r") is Claim.GRANTED
    kept.release("Bo", "k")
    kept.release("Ann", "k")
    assert kept.claim("Ann", "k", "r") == Reply(status=200, body=b"hers")


def test_what_a_server_that_is_gone_was_at_is_done_again(tmp_path: Path, records: Records) -> None:
    with closing(open_records(tmp_path)) as other:
        assert Replies(other).claim("", "k", "r") is Claim.GRANTED
        assert Replies(records).claim("", "k", "r") is Claim.BUSY
    assert Replies(records).claim("", "k", "r") is Claim.GRANTED


def test_the_oldest_replies_make_room(records: Records) -> None:
    kept = Replies(records)
    rows = [(str(number), ago(timedelta(seconds=number))) for number in range(replies.MOST_KEPT + 1)]
    with records.transaction() as connection:
        connection.executemany(
            "INSERT INTO replies (caller, key, request, server, created, status, headers, body) "
            "VALUES ('', ?, 'r', '', ?, 200, '{}', x'')",
            rows,
        )
    kept.claim("", "new", "r")
    assert isinstance(kept.claim("", str(replies.MOST_KEPT - 1), "r"), Reply)
    assert kept.claim("", str(replies.MOST_KEPT), "r") is Claim.GRANTED


def test_jobs_that_ended_long_ago_are_forgotten(records: Records) -> None:
    kept = Jobs(records)
    old, late, running = kept.add(1), kept.add(1), kept.add(1)
    for job, age in ((old, MOMENT), (late, -MOMENT)):
        kept.end(job.id, JobStatus.DONE)
        with records.transaction() as connection:
            connection.execute("UPDATE jobs SET ended = ? WHERE id = ?", (ago(jobs.KEPT + age), job.id))
    new = kept.add(1)
    assert [each.id for each in kept.list(limit=9)] == [new.id, running.id, late.id]


def test_the_oldest_jobs_that_ended_make_room(records: Records) -> None:
    kept = Jobs(records)
    running, ended = kept.add(1), kept.add(1)
    kept.end(ended.id, JobStatus.DONE)
    with records.transaction() as connection:
        connection.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'jobs'", (jobs.MOST_KEPT,))
        connection.executemany(
            "INSERT INTO jobs (id, server, status, created, total) VALUES (?, '', 'done', '2026-01-01', 1)",
            [(str(number),) for number in range(jobs.MOST_KEPT)],
        )
    kept.add(1)
    assert kept.get(running.id)
    assert kept.get(ended.id) is None


def test_the_oldest_feedback_makes_room(records: Records) -> None:
    kept = FeedbackStore(records)
    first, second = (kept.add(Feedback(rating="up", answer={}), ["a"]) for _ in range(2))
    with records.transaction() as connection:
        connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'feedback'", (feedback.MOST_KEPT,))
    third = kept.add(Feedback(rating="up", answer={}), ["a"])
    assert [each.id for each in kept.list(limit=9)] == [third, second]
    assert [row[0] for row in records.read("SELECT feedback FROM feedback_articles ORDER BY 1")] == [
        2,
        feedback.MOST_KEPT + 1,
    ]
    assert first

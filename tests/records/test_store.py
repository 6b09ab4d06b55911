"""The file of records under several hands: nobody who only reads waits for those who write."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from rag.errors import StorageError
from rag.records import Records, open_records
from rag.records.erasing import erase
from rag.records.jobs import Jobs, JobStatus, counts
from rag.records.keys import Keys, KeyScope
from rag.records.replies import Replies, Reply


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with closing(open_records(tmp_path)) as records:
        yield records


def test_a_key_is_checked_while_a_write_is_under_way(records: Records) -> None:
    keys = Keys(records)
    _, text = keys.create("Ann", [KeyScope.READ])
    with ThreadPoolExecutor() as pool:
        with records.transaction() as connection:
            connection.execute("UPDATE keys SET name = 'Bo'")
            found = pool.submit(keys.verify, text).result(timeout=10)
        assert found and found.name == "Ann"
        assert [each.name for each in keys.list()] == ["Bo"]


def test_a_block_that_fails_writes_nothing(records: Records) -> None:
    keys = Keys(records)
    keys.create("Ann", [KeyScope.READ])
    with pytest.raises(ZeroDivisionError), records.transaction() as connection:
        connection.execute("DELETE FROM keys")
        raise ZeroDivisionError
    assert len(keys.list()) == 1


def test_what_was_closed_says_so(tmp_path: Path) -> None:
    records = open_records(tmp_path)
    keys = Keys(records)
    records.close()
    for use in (keys.list, lambda: keys.create("Ann", [KeyScope.READ])):
        with pytest.raises(StorageError, match="were closed"):
            use()


def test_no_file_is_made_for_records_that_nobody_uses(tmp_path: Path) -> None:
    open_records(tmp_path / "library").close()
    assert not list(tmp_path.iterdir())


def test_jobs_of_a_server_that_is_gone_are_not_counted_as_running(tmp_path: Path, records: Records) -> None:
    with closing(open_records(tmp_path)) as other:
        jobs = Jobs(other)
        jobs.start(jobs.add(1).id)
        assert counts(records)[JobStatus.RUNNING] == 1
    found = counts(records)
    assert (found[JobStatus.RUNNING], found[JobStatus.INTERRUPTED]) == (0, 1)


def test_only_replies_that_name_an_article_are_erased(records: Records) -> None:
    replies = Replies(records)
    for key, body in (("one", b'{"added": ["a1"]}'), ("two", b'{"added": ["a12", "b"]}'), ("none", b"\xff")):
        replies.claim("", key, "r")
        replies.keep("", key, Reply(status=200, body=body))
    erase(records, ["a1"])
    left = [replies.claim("", key, "r") for key in ("one", "two", "none")]
    assert [each.body for each in left if isinstance(each, Reply)] == [None, b'{"added": ["a12", "b"]}', b"\xff"]

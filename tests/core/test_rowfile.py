"""Row files keep what was appended through kills and among threads."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rag.errors import StorageError
from rag.rowfile import RowFile


def rows(path: Path) -> list[object]:
    return [row for _, row in RowFile(path).rows()]


def test_rows_come_back_in_order_and_by_their_place(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "deep" / "rows.jsonl")
    places = [file.append({"n": n, "text": "é\u2028\n"}) for n in range(3)]
    assert [row["n"] for _, row in file.rows()] == [0, 1, 2]
    assert [file.row(place)["n"] for place in places] == [0, 1, 2]
    assert [place for place, _ in file.rows()] == places


def test_a_file_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert rows(tmp_path / "none.jsonl") == []


@pytest.mark.parametrize("torn", [b'{"n": 1, "te', b"\xff\xfe", b"[1, 2]", b"[" * 100_000])
def test_a_torn_line_is_passed_over_and_the_next_row_begins_a_line_of_its_own(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"n": 0}\n' + torn)
    assert rows(path) == [{"n": 0}]
    file = RowFile(path)
    place = file.append({"n": 2})
    assert rows(path) == [{"n": 0}, {"n": 2}]
    assert file.row(place) == {"n": 2}


def test_rows_of_many_threads_stay_whole(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "rows.jsonl")
    threads = [
        threading.Thread(target=lambda n=n: [file.append({"n": n, "text": "x" * 20_000}) for _ in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(row["n"]) for _, row in file.rows()) == sorted("0123" * 20)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be written"):
        RowFile(tmp_path / "taken" / "rows.jsonl").append({})

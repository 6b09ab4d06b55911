"""The vector index: the same answers as without it, and no harm from damage to it."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.library import LocalLibrary
from rag.library.homes import EmbeddedHome
from rag.library.vectors import ChromaIndex
from rag.protocols import Scored
from rag.testing.library import EMBEDDER, dense, made_article, put, texts
from rag.types import Scope

from .conftest import EXACT, INDEXED, Open, story

SCOPES = (
    Scope(),
    Scope(publishers=("paper 1", "Paper 2", "paper 3")),
    Scope(publishers=("paper 3",)),
    Scope(article_ids=tuple(f"story{number}" for number in range(0, 240, 7))),
)


def the_index(directory: Path) -> Path:
    (found,) = directory.glob("vectors-*")
    return found


def vector_files(directory: Path) -> dict[str, Path]:
    return {path.name: path for path in the_index(directory).glob("*/*")}


@pytest.mark.parametrize("scope", SCOPES)
def test_index_and_exact_scoring_find_the_same(large: Path, opened: Open, scope: Scope) -> None:
    by_index, exact = opened(INDEXED), opened(EXACT)
    for query in ("harbour strike", "minister denied report", "n7p2", "school roof price bread"):
        expected = dense(exact, query, scope, 20)
        assert dense(by_index, query, scope, 20) == expected
        assert len(expected) == 20
    assert large.exists()


def test_many_equal_passages_do_not_crowd_each_other_out(opened: Open) -> None:
    library, exact = opened(INDEXED), opened(EXACT)
    put(library, *(made_article(f"same{number:03}", "one and the same text") for number in range(150)))
    put(library, *(story(number) for number in range(10)))
    expected = [f"same{number:03}" for number in range(12)]
    for each in (library, exact):
        found = dense(each, "one and the same text", limit=12)
        assert [hit.passage.source.article_id for hit in found] == expected


def _random_bytes(directory: Path) -> None:
    path = vector_files(directory)["data_level0.bin"]
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))


def _torn_links(directory: Path) -> None:
    # Lengths read from here decide how much memory is walked: this one ends the process that opens it.
    path = vector_files(directory)["link_lists.bin"]
    path.write_bytes(b"\xff\xff\xff\x7f" * 4 + path.read_bytes()[:40])


def _truncated(directory: Path) -> None:
    for path in vector_files(directory).values():
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _no_segment(directory: Path) -> None:
    shutil.rmtree(vector_files(directory)["data_level0.bin"].parent)


def _sqlite_garbage(directory: Path) -> None:
    (the_index(directory) / "chroma.sqlite3").write_bytes(b"no database " * 999)


def _nothing_left(directory: Path) -> None:
    shutil.rmtree(the_index(directory))


def _a_file_in_its_place(directory: Path) -> None:
    place = the_index(directory)
    shutil.rmtree(place)
    place.write_text("no directory")


# Some of many; the slow ones differ only in what is damaged.
_MORE = (_random_bytes, _truncated, _no_segment, _a_file_in_its_place)
DAMAGES = (_torn_links, _sqlite_garbage, _nothing_left, *(pytest.param(each, marks=pytest.mark.slow) for each in _MORE))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_costs_no_answer_and_the_next_writer_rebuilds_it(
    large: Path, opened: Open, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    expected = dense(opened(EXACT), "harbour strike")
    damage(large)
    reader = opened(INDEXED)
    assert dense(reader, "harbour strike") == expected
    with caplog.at_level(logging.WARNING):
        put(reader, made_article("new", "walrus"))
    assert "rebuil" in caplog.text
    assert [finding.what for finding in reader.check() if not finding.ok] == []
    assert texts(dense(reader, "walrus", limit=1)) == ["walrus"]
    assert dense(reader, "harbour strike", limit=300) == dense(opened(EXACT), "harbour strike", limit=300)


def test_an_index_that_lost_entries_is_rebuilt(large: Path, opened: Open) -> None:
    before = the_index(large)
    index = opened_index(large)
    index.delete([f"story{number}:0" for number in range(50)])
    index.close()
    reader = opened(INDEXED)
    assert dense(reader, "harbour", limit=2000) == dense(opened(EXACT), "harbour", limit=2000)
    assert [finding.what for finding in reader.check() if not finding.ok] == [
        "vector index: 1150 entries for 1200 passages"
    ]
    put(reader, story(1000))
    assert len(dense(reader, "harbour", limit=2000)) == 1205
    assert the_index(large) != before


def test_the_index_is_rebuilt_after_a_fifth_was_removed(large: Path, opened: Open) -> None:
    library, before = opened(INDEXED), the_index(large)
    remove(library, range(40))
    assert the_index(large) == before
    remove(library, range(40, 60))
    after = the_index(large)
    assert after != before
    assert dense(library, "harbour strike") == dense(opened(EXACT), "harbour strike")


def test_a_changed_article_takes_the_old_ones_place_in_the_index(large: Path, opened: Open) -> None:
    library = opened(INDEXED)
    put(library, made_article("story7", "only one paragraph about zebras"))
    assert best(dense(library, "zebras")) == "only one paragraph about zebras"
    assert not [each for each in texts(dense(library, "n7p1", limit=1000)) if "n7p" in each]
    assert opened_index(large).count() == 1196


def test_reindex_needs_no_model_and_open_readers_live_on(large: Path, opened: Open) -> None:
    reader, before = opened(INDEXED), the_index(large)
    expected = dense(reader, "harbour strike")
    opened().reindex()
    assert the_index(large) != before
    assert dense(reader, "harbour strike") == expected
    _nothing_left(large)
    opened().reindex()
    assert dense(reader, "harbour strike") == expected


def opened_index(directory: Path) -> ChromaIndex:
    return EmbeddedHome(directory).open(the_index(directory).name, EMBEDDER.dimension)


def remove(library: LocalLibrary, numbers: range) -> None:
    with library.writing() as writer:
        for number in numbers:
            writer.remove(f"story{number}")


def best(found: list[Scored]) -> str:
    return found[0].passage.text

"""The articles of a suite are read once, whoever asks for them at the same time, and again when they change."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr

import ingest
from rag.errors import ConfigurationError, LibraryMissingError, StorageError
from rag.evaluation.corpus import corpus_digest, manifest
from rag.evaluation.opening import READERS, corpus_of, corpus_remarks
from rag.evaluation.suites.cases import Corpus, Suite
from rag.settings import Settings
from rag.testing.server import Reply, Request, ScriptedServer, embeddings
from rag.types import Question

BRIDGE = "---\ntitle: Bridge shut\npublisher: Courier\ndate: 2024-02-15\n---\nRepairs will cost £3.4 million.\n"
FERRY = "---\ntitle: Ferry strikes pier\npublisher: Post\ndate: 2024-05-04\n---\nFourteen passengers were hurt.\n"
SETTINGS = Settings(answerer="extractive")
SUITE = Suite(suite="s", corpus=Corpus(folder="articles"))


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "bridge.md").write_text(BRIDGE, encoding="utf-8")
    (articles / "ferry.md").write_text(FERRY, encoding="utf-8")
    return tmp_path / "suite.yaml"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def titles(suite: Suite, path: Path, cache: Path, library: Path | None = None) -> list[str]:
    with corpus_of(suite, path, SETTINGS, cache=cache, library=library) as room:
        return sorted(each.source.title for each in room.library.articles())


def libraries(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.is_dir())


def test_a_folder_is_read_once(suite_file: Path, cache: Path) -> None:
    assert titles(SUITE, suite_file, cache) == ["Bridge shut", "Ferry strikes pier"]
    (made,) = libraries(cache)
    before = (cache / made / "remarks.json").stat().st_mtime_ns
    assert titles(SUITE, suite_file, cache) == ["Bridge shut", "Ferry strikes pier"]
    assert libraries(cache) == [made]
    assert (cache / made / "remarks.json").stat().st_mtime_ns == before


def test_a_changed_folder_is_read_again(suite_file: Path, cache: Path) -> None:
    assert len(titles(SUITE, suite_file, cache)) == 2
    (suite_file.parent / "articles" / "ferry.md").unlink()
    assert titles(SUITE, suite_file, cache) == ["Bridge shut"]


class Disturbed(ScriptedServer):
    """Gives vectors, and does something before each of its replies."""

    def __init__(self, first: Callable[[], object]) -> None:
        super().__init__()
        self._first = first

    @property
    def settings(self) -> Settings:
        return Settings(embedding_model="m", openai_base_url=self.base_url, openai_api_key=SecretStr("k"))

    def reply_to(self, request: Request) -> Reply:
        self._first()
        texts = request.body["input"]
        assert isinstance(texts, list)
        return embeddings(*[(1.0, 0.0)] * len(texts))


def test_what_is_saved_while_a_folder_is_read_is_not_kept_under_the_old_name(suite_file: Path, cache: Path) -> None:
    ferry = suite_file.parent / "articles" / "ferry.md"
    saved = [FERRY.replace("strikes", "misses")]
    with Disturbed(lambda: ferry.write_text(saved.pop(), encoding="utf-8") if saved else None) as server:
        for told in ("Ferry misses pier", "Ferry strikes pier"):
            with corpus_of(SUITE, suite_file, server.settings, cache=cache) as room:
                assert {each.source.title for each in room.library.articles()} == {"Bridge shut", told}
            # As it was before it was read for the first time.
            ferry.write_text(FERRY, encoding="utf-8")


def test_a_folder_that_never_rests_is_named(suite_file: Path, cache: Path) -> None:
    numbers = count()
    with (
        Disturbed(lambda: (suite_file.parent / "articles" / f"{next(numbers)}.txt").write_text("New.")) as server,
        pytest.raises(ConfigurationError, match="articles change while they are read; run again"),
        corpus_of(SUITE, suite_file, server.settings, cache=cache),
    ):
        pass
    assert libraries(cache) == []


def test_all_code_that_reads_articles_is_part_of_the_name_of_what_was_read() -> None:
    plain = {"rag.errors", "rag.protocols", "rag.types", "rag.wire"}
    used = {
        node.module
        for path in Path(ingest.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("rag.")
    }
    assert used - plain == {module.__name__ for module in READERS}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_article_that_may_not_be_read_is_told_and_the_others_are_asked(suite_file: Path, cache: Path) -> None:
    (suite_file.parent / "articles" / "ferry.md").chmod(0)
    with corpus_of(SUITE, suite_file, SETTINGS, cache=cache) as room:
        (told,) = corpus_remarks(SUITE, room)
        assert [each.source.title for each in room.library.articles()] == ["Bridge shut"]
    assert "ferry.md: It may not be read by this user" in told


def test_a_cache_that_cannot_be_made_is_named(suite_file: Path, cache: Path) -> None:
    cache.touch()
    with pytest.raises(StorageError, match="cache cannot be written"):
        titles(SUITE, suite_file, cache)
    with pytest.raises(StorageError, match="cannot be written"):
        titles(SUITE, suite_file, cache / "inner")


def test_what_lies_beside_a_library_is_not_taken_for_ours(suite_file: Path, cache: Path, seed_library: Path) -> None:
    (seed_library.parent / "remarks.json").write_text('["a note"]', encoding="utf-8")
    with corpus_of(SUITE, suite_file, SETTINGS, cache=cache, library=seed_library) as room:
        assert corpus_remarks(SUITE, room) == []


def test_what_a_folder_held_long_ago_is_removed_when_it_is_read_anew(suite_file: Path, cache: Path) -> None:
    bridge = suite_file.parent / "articles" / "bridge.md"
    made: list[str] = []
    for number in range(3):
        bridge.write_text(BRIDGE.replace("3.4", f"3.{number}"), encoding="utf-8")
        if number == 2:
            os.utime(cache / made[0], (0, 0))
        titles(SUITE, suite_file, cache)
        made += [name for name in libraries(cache) if name not in made]
    assert libraries(cache) == sorted(made[1:])


def test_answers_come_from_the_folder(suite_file: Path, cache: Path) -> None:
    with corpus_of(SUITE, suite_file, SETTINGS, cache=cache) as room:
        assert "£3.4 million" in room.desk().ask(Question(text="How much will repairs of the bridge cost?")).text


def test_whoever_wants_the_same_folder_at_the_same_time_shares_one_library(suite_file: Path, cache: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: titles(SUITE, suite_file, cache), range(3)))
    assert found == [["Bridge shut", "Ferry strikes pier"]] * 3
    assert len(libraries(cache)) == 1


def test_what_a_killed_reading_left_is_not_taken_for_the_articles(suite_file: Path, cache: Path) -> None:
    assert len(titles(SUITE, suite_file, cache)) == 2
    (made,) = libraries(cache)
    (cache / made).rename(cache / f"{made}.building")
    (cache / f"{made}.building" / "library" / "catalog.sqlite3").write_bytes(b"half")
    assert titles(SUITE, suite_file, cache) == ["Bridge shut", "Ferry strikes pier"]
    assert libraries(cache) == [made]


def test_articles_that_changed_or_cannot_be_read_are_told(suite_file: Path, cache: Path) -> None:
    (suite_file.parent / "articles" / "broken.json").write_text("{", encoding="utf-8")
    with corpus_of(SUITE, suite_file, SETTINGS, cache=cache) as room:
        now = corpus_digest(manifest(room.library))
        same, other = (
            Suite(suite="s", corpus=Corpus(folder="articles", digest=digest)) for digest in (now, "0123456789abcdef")
        )
        (unread,) = corpus_remarks(same, room)
        changed, _ = corpus_remarks(other, room)
    assert "broken.json" in unread
    assert changed == f"The articles changed since s was written: their digest was 0123456789abcdef, and is {now}."


def test_a_library_is_opened_as_it_is(suite_file: Path, cache: Path, seed_library: Path) -> None:
    named = Suite(suite="s", corpus=Corpus(library=os.path.relpath(seed_library, suite_file.parent)))
    assert len(titles(named, suite_file, cache)) > 20
    assert titles(SUITE, suite_file, cache, library=seed_library) == titles(named, suite_file, cache)
    assert not cache.exists()


@pytest.mark.parametrize(
    ("corpus", "error", "told"),
    [
        (Corpus(folder="nowhere"), ConfigurationError, "is not a folder"),
        (Corpus(folder="empty"), ConfigurationError, "No article could be read in"),
        (Corpus(library="nowhere"), LibraryMissingError, "There is no library in"),
    ],
)
def test_articles_that_are_not_there_are_named(
    suite_file: Path, cache: Path, corpus: Corpus, error: type[Exception], told: str
) -> None:
    (suite_file.parent / "empty").mkdir()
    with pytest.raises(error, match=told):
        titles(Suite(suite="s", corpus=corpus), suite_file, cache)
    assert not [name for name in (libraries(cache) if cache.exists() else []) if not name.endswith(".building")]

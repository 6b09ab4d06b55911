"""Models, formats, erasure, growth, examination."""

from __future__ import annotations

import sqlite3
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.errors import LibraryDamagedError, LibraryError, LibraryMismatchError, LibraryMissingError, StorageError
from rag.library import catalog, open_library
from rag.library.connections import Connections, state
from rag.library.exact import VectorCache, nearest, packed
from rag.testing import HashingEmbedder
from rag.testing.library import EMBEDDER, dense, indexed, made_article, put, texts
from rag.types import Scope

from .conftest import BY_INDEX, EXACT, Open, story

SECRET = "the witness Zanzibarova lives in Quillfordshire"


def all_bytes(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


def size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def test_compacting_erases_every_byte_of_what_was_removed(large: Path, opened: Open) -> None:
    library = opened()
    article = made_article(
        "secret", f"{SECRET}\n\nsecond paragraph", title="Zanzibarova speaks", author="Grimbold Oake"
    )
    put(library, article)
    vector = packed(EMBEDDER.embed_query(SECRET))
    traces = [
        SECRET.encode(),
        b"Zanzibarova",
        b"zanzibarova",
        b"quillfordshir",
        b"Grimbold",
        vector,
        article.version.encode(),
    ]
    assert all(trace in all_bytes(large) for trace in traces)
    with library.writing() as writer:
        writer.remove("secret")
    assert SECRET not in texts(dense(library, SECRET, limit=50))
    library.compact()
    left = all_bytes(large)
    assert [trace for trace in traces if trace in left] == []
    assert library.count() == 240
    assert dense(library, "harbour strike") == dense(opened(EXACT), "harbour strike")
    assert library.lexical("n7p1", Scope(), 1)[0].passage.source.article_id == "story7"


def test_five_cycles_of_changed_articles_grow_by_what_changed(opened: Open, tmp_path: Path) -> None:
    library = opened()
    put(library, *(story(number) for number in range(60)))
    library.compact()
    first, changed = size(tmp_path), 0
    for cycle in range(5):
        batch = [story(number) for number in range(0, 60, 2)]
        edited = [made_article(each.source.article_id, f"{each.text} c{cycle}") for each in batch]
        put(library, *edited)
        # A new version keeps its text, its terms (twice: as a list and as an index) and one new vector.
        changed += sum(4 * len(each.text) + 4 * EMBEDDER.dimension + 600 for each in edited)
    library.compact()
    assert size(tmp_path) - first <= changed
    count = sqlite3.connect(tmp_path / "library" / "catalog.sqlite").execute("SELECT count(*) FROM vector").fetchone()
    assert count == (60 * 5 + 5 * 30,)


def test_another_model_is_an_error_that_names_the_command(opened: Open, tmp_path: Path) -> None:
    put(opened(), made_article("a", "Rates rose."))
    with pytest.raises(LibraryMismatchError, match="dateline reindex"):
        open_library(tmp_path / "library", model="other", dimension=EMBEDDER.dimension)
    with pytest.raises(LibraryMismatchError, match="dateline reindex"):
        open_library(tmp_path / "library", model=EMBEDDER.name, dimension=3)
    with pytest.raises(LibraryMismatchError):
        opened().dense([1.0, 0.0], Scope(), 3)


def test_a_library_is_opened_without_asking_the_model_for_its_dimension(opened: Open, tmp_path: Path) -> None:
    put(opened(), made_article("a", "Rates rose."), made_article("b", "Banks fell."))
    (tmp_path / "library").chmod(0o700)
    library = open_library(tmp_path / "library", model=EMBEDDER.name)
    assert library.dimension == EMBEDDER.dimension
    assert [finding for finding in library.check() if not finding.ok] == []
    with library.writing() as writer:
        writer.remove("b")
    library.compact()
    assert library.count() == 1
    assert texts(library.lexical("rates", Scope(), 3)) == texts(dense(library, "rates")) == ["Rates rose."]
    with pytest.raises(LibraryMismatchError, match="dimensions"):
        library.dense([1.0, 0.0], Scope(), 3)
    with pytest.raises(LibraryMismatchError, match="settings name other; run `dateline reindex`"):
        open_library(tmp_path / "library", model="other")
    tolerant = open_library(tmp_path / "library", model="other", any_model=True)
    assert [finding.ok for finding in tolerant.check() if "model" in finding.what] == [False]
    other = HashingEmbedder(32)
    tolerant.reindex(other)
    assert tolerant.dimension == 32
    for each in (library, tolerant):
        each.close()


def test_creating_a_library_takes_a_dimension(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dimension"):
        open_library(tmp_path / "library", model="m", create=True)
    assert not (tmp_path / "library").exists()


def test_reindexing_with_another_model_embeds_everything_anew(opened: Open, tmp_path: Path) -> None:
    first = opened()
    put(first, made_article("a", "Rates rose.\n\nBanks fell."), made_article("b", "Rates rose."))
    other = HashingEmbedder(32)
    tolerant = open_library(tmp_path / "library", model=other.name, dimension=32, any_model=True, neighbours=BY_INDEX)
    with pytest.raises(LibraryMismatchError):
        tolerant.dense(other.embed_query("rates"), Scope(), 3)
    assert texts(tolerant.lexical("banks", Scope(), 3)) == ["Banks fell."]
    tolerant.reindex(other, lambda passage: f"{passage.source.title} {passage.text}")
    found = tolerant.dense(other.embed_query("Title of a Banks fell."), Scope(), 3)
    assert (found[0].passage.text, found[0].score) == ("Banks fell.", 1.0)
    with pytest.raises(LibraryMismatchError):
        dense(first, "rates")
    tolerant.close()


def test_a_vector_of_another_length_or_none_at_all_is_refused(opened: Open) -> None:
    library, item = opened(), indexed(made_article("a", "Rates rose."))
    for vector, error in (
        ((1.0, 0.0), LibraryMismatchError),
        ((0.0,) * 64, LibraryError),
        ((float("nan"),) * 64, LibraryError),
    ):
        with library.writing() as writer, pytest.raises(error):
            writer.put([replace(item, vectors=(vector,))])
    assert library.count() == 0
    assert library.generation() == 0


FOREIGN = (
    FileNotFoundError(2, "No such file", "article.md"),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    sqlite3.OperationalError("no such table: theirs"),
)


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_errors_of_others_while_the_library_is_held_pass_as_they_are(opened: Open, error: Exception) -> None:
    class Failing(HashingEmbedder):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise error

    library = opened()
    put(library, made_article("a", "Rates rose."))
    before = library.generation()
    with pytest.raises(type(error)) as raised, library.writing():
        raise error
    assert raised.value is error
    with pytest.raises(type(error)) as raised:
        library.reindex(Failing(32))
    assert raised.value is error
    assert library.generation() == before
    assert texts(dense(library, "rates")) == ["Rates rose."]


def test_a_text_that_cannot_be_stored_is_an_error_of_the_library(opened: Open) -> None:
    library = opened()
    with library.writing() as writer, pytest.raises(LibraryError, match="lone surrogates"):
        writer.known("\ud800.md")
    with pytest.raises(LibraryError, match="lone surrogates"):
        library.article("\ud800")


def test_there_must_be_a_library(tmp_path: Path) -> None:
    with pytest.raises(LibraryMissingError, match="dateline ingest"):
        open_library(tmp_path / "none", model="m", dimension=3)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        open_library(tmp_path / "file", model="m", dimension=3, create=True)
    (tmp_path / "catalog.sqlite").touch()
    with pytest.raises(LibraryMissingError):
        open_library(tmp_path, model="m", dimension=3)
    open_library(tmp_path, model="m", dimension=3, create=True).close()


@pytest.mark.parametrize("offset", [0, 4096])
def test_a_damaged_catalog_is_named_with_what_to_do(opened: Open, tmp_path: Path, offset: int) -> None:
    library = opened()
    put(library, *(story(number) for number in range(30)))
    library.compact()
    library.close()
    path = tmp_path / "library" / "catalog.sqlite"
    content = bytearray(path.read_bytes())
    content[offset : offset + 60_000] = struct.pack("<I", 0xDEADBEEF) * 15_000
    path.write_bytes(content)
    path.with_name("catalog.sqlite-wal").unlink(missing_ok=True)
    with pytest.raises(LibraryDamagedError, match="dateline ingest"):
        dense(opened(EXACT, create=False), "harbour")


@pytest.mark.parametrize(("found", "advice"), [(1, "run `dateline ingest` again"), (99, "upgrade Dateline")])
def test_another_format_is_refused(opened: Open, tmp_path: Path, found: int, advice: str) -> None:
    opened()
    connection = sqlite3.connect(tmp_path / "library" / "catalog.sqlite")
    with connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (found,))
    connection.close()
    with pytest.raises(LibraryMismatchError, match=advice):
        opened(any_model=True)


def test_the_directory_is_private(opened: Open, tmp_path: Path) -> None:
    opened()
    assert (tmp_path / "library").stat().st_mode & 0o777 == 0o700


def test_what_is_stored_is_private_in_an_open_directory_too(opened: Open, tmp_path: Path) -> None:
    place = tmp_path / "library"
    place.mkdir()
    place.chmod(0o755)
    put(opened(), made_article("a", "Rates rose."))
    kept = [*place.glob("catalog.sqlite*"), *place.glob("vectors-*")]
    assert len(kept) >= 2
    assert {path.stat().st_mode & 0o077 for path in kept} == {0}


def test_examination_finds_what_is_wrong(opened: Open, tmp_path: Path) -> None:
    library = opened()
    put(library, made_article("a", "Rates rose."))
    (tmp_path / "library" / "vectors-old").mkdir()
    (tmp_path / "library").chmod(0o755)
    wrong = {finding.what: finding.advice for finding in library.check() if not finding.ok}
    assert set(wrong) == {"left behind: vectors-old", "private to its owner"}
    assert all(wrong.values())


def test_vectors_that_were_removed_leave_the_memory_too(opened: Open, tmp_path: Path) -> None:
    library, cache, connections = opened(EXACT), VectorCache(EMBEDDER.dimension), Connections(tmp_path / "library")

    def held() -> int:
        with connections.reading() as connection:
            first = np.array([min(vector for _, vector in catalog.selection(connection, Scope()))])
            found = cache.rows(connection, state(connection), first, new_at_most=None)
        assert found
        return len(found[0])

    put(library, *(story(number) for number in range(40)))
    assert held() == 200
    with library.writing() as writer:
        for number in range(39):
            writer.remove(f"story{number}")
    assert held() == 5
    connections.close()


def test_a_reader_of_an_earlier_moment_finds_what_was_removed_since(opened: Open, tmp_path: Path) -> None:
    library, cache, connections = opened(EXACT), VectorCache(EMBEDDER.dimension), Connections(tmp_path / "library")
    query = np.array(EMBEDDER.embed_query("harbour strike n2p1"))

    def scores(connection: sqlite3.Connection, some: VectorCache) -> list[float]:
        wanted = np.array([vector for _, vector in catalog.selection(connection, Scope())])
        return list(map(float, nearest(connection, some, state(connection), wanted, query, 100)[1]))

    put(library, *(story(number) for number in range(10)))
    with connections.reading() as earlier:
        before = scores(earlier, VectorCache(EMBEDDER.dimension))
        with library.writing() as writer:
            for number in (2, 9):
                writer.remove(f"story{number}")
        for more in ((), (story(10),)):
            put(library, *more)
            with connections.reading() as later:
                assert len(scores(later, cache)) == 40 + 5 * len(more)
            assert scores(earlier, cache) == before
    connections.close()

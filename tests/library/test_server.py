"""A vector index on a Chroma server: the same answers, and none lost while the server is away, slow or changed."""

from __future__ import annotations

import logging
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from rag.errors import ConfigurationError, LibraryError
from rag.library import ChromaServer, LocalLibrary, Neighbours, open_library
from rag.library.connections import Connections, state
from rag.library.server import ServerHome
from rag.library.vectors import IndexAwayError, IndexUnusableError
from rag.testing import HashingEmbedder
from rag.testing.chroma import chroma_server, free_port
from rag.testing.library import EMBEDDER, dense, made_article, put, texts
from rag.types import Scope

from .conftest import EXACT, INDEXED, story

AWAY = "http://127.0.0.1:9"

At = Callable[..., LocalLibrary]


@pytest.fixture
def at(tmp_path: Path, chroma: str) -> Iterator[At]:
    """Opens the test's library with its index on a server, to be searched through it."""
    opened = []

    def at(
        url: str | None = chroma, *, exact_up_to: int = INDEXED, place: str = "library", patience: float = 5.0
    ) -> LocalLibrary:
        server = ChromaServer(url=url, patience=patience) if url else None
        library = open_library(
            tmp_path / place,
            model=EMBEDDER.name,
            dimension=EMBEDDER.dimension,
            create=True,
            neighbours=Neighbours(exact_up_to=exact_up_to, server=server),
        )
        opened.append(library)
        return library

    yield at
    for library in opened:
        library.close()


def index_of(library: LocalLibrary) -> str:
    with closing(Connections(library.directory)) as connections, connections.reading() as connection:
        return state(connection).index


def not_well(library: LocalLibrary) -> list[str]:
    return [finding.what for finding in library.check() if not finding.ok and "private" not in finding.what]


def collections(url: str, library: LocalLibrary) -> list[str]:
    return ServerHome(ChromaServer(url=url)).others(index_of(library).split("-")[1], "")


def test_the_server_finds_what_exact_scoring_finds(at: At) -> None:
    library = at()
    put(library, *(story(number) for number in range(60)))
    for scope in (Scope(), Scope(publishers=("paper 1",))):
        for query in ("harbour strike", "n7p2", "school roof price bread"):
            assert dense(library, query, scope) == dense(at(exact_up_to=EXACT), query, scope)
    assert not list(library.directory.glob("vectors-*"))
    assert not_well(library) == []


def test_a_reader_sees_what_another_writes_at_once(at: At) -> None:
    reader, writer = at(), at()
    put(writer, *(story(number) for number in range(8)))
    dense(reader, "harbour")
    put(writer, made_article("new", "a walrus"))
    assert texts(dense(reader, "a walrus", limit=1)) == ["a walrus"]
    put(writer, made_article("new", "a heron"))
    assert texts(dense(reader, "a heron", limit=1)) == ["a heron"]
    with writer.writing() as writing:
        writing.remove("new")
    assert "a heron" not in texts(dense(reader, "a heron", limit=100))


def test_without_the_server_answers_go_on_and_changes_are_refused_whole(
    at: At, caplog: pytest.LogCaptureFixture
) -> None:
    put(at(), *(story(number) for number in range(8)))
    expected = dense(at(exact_up_to=EXACT), "harbour strike")
    library = at(AWAY)
    with caplog.at_level(logging.WARNING):
        assert dense(library, "harbour strike") == dense(library, "harbour strike") == expected
    assert len([line for line in caplog.messages if "do without it" in line]) == 1
    with pytest.raises(LibraryError, match=rf"^The Chroma server at {AWAY} cannot be used .*DATELINE_CHROMA_URL"):
        put(library, made_article("new", "a walrus"))
    with pytest.raises(LibraryError, match="cannot be used"):
        library.reindex()
    assert library.count() == 8
    assert not_well(library) == ["vector index: not within reach"]
    # What a server that is back finds is as if nothing had been tried.
    assert not_well(at()) == []
    assert dense(at(), "harbour strike") == expected


def test_a_small_library_never_asks_the_server(at: At, caplog: pytest.LogCaptureFixture) -> None:
    put(at(), story(1))
    with caplog.at_level(logging.WARNING):
        assert dense(at(AWAY, exact_up_to=EXACT), "harbour")
    assert not caplog.messages


def test_a_server_that_goes_away_within_a_change_is_caught_up_by_the_next_writer(at: At, tmp_path: Path) -> None:
    port = free_port()
    with ExitStack() as stack:
        library = at(stack.enter_context(chroma_server(tmp_path / "chroma", port)))
        put(library, *(story(number) for number in range(8)))
        with pytest.raises(LibraryError, match="cannot be used"), library.writing() as writer:
            writer.remove("story1")
            stack.close()
            writer.remove("story2")
    assert library.count() == 7
    assert not_well(library) == ["a writer is at work, or ended without finishing", "vector index: not within reach"]
    with chroma_server(tmp_path / "chroma", port):
        put(library, made_article("kept", "a heron"))
        assert not_well(library) == []
        assert dense(library, "harbour", limit=99) == dense(at(exact_up_to=EXACT), "harbour", limit=99)


def test_a_server_that_hangs_is_given_up_and_let_be(at: At, caplog: pytest.LogCaptureFixture) -> None:
    put(at(), *(story(number) for number in range(8)))
    expected = dense(at(exact_up_to=EXACT), "harbour")
    with socket.create_server(("127.0.0.1", 0)) as silent, caplog.at_level(logging.WARNING):
        library = at(f"http://127.0.0.1:{silent.getsockname()[1]}", patience=0.1)
        assert dense(library, "harbour") == dense(library, "harbour") == expected
        silent.settimeout(0.1)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()
    assert [line for line in caplog.messages if "ReadTimeout" in line]


def test_a_lost_collection_is_built_anew(at: At, chroma: str) -> None:
    library = at()
    put(library, *(story(number) for number in range(8)))
    lost = index_of(library)
    ServerHome(ChromaServer(url=chroma)).remove(lost)
    assert dense(library, "harbour") == dense(at(exact_up_to=EXACT), "harbour")
    assert not_well(library) == ["vector index: missing or damaged"]
    put(library, made_article("new", "a walrus"))
    assert not_well(library) == []
    assert texts(dense(at(), "a walrus", limit=1)) == ["a walrus"]


def test_reindexing_moves_the_index_and_leaves_none_behind(at: At, chroma: str) -> None:
    library = at(None)
    put(library, *(story(number) for number in range(8)))
    expected = dense(at(exact_up_to=EXACT), "harbour")
    at().reindex()
    assert not list(library.directory.glob("vectors-*"))
    assert dense(at(), "harbour") == expected
    first = collections(chroma, library)
    assert first == [index_of(library)]
    at().reindex()
    assert collections(chroma, library) == [index_of(library)] != first
    on_server = collections(chroma, library)
    at(None).reindex()
    assert index_of(library).startswith("vectors-")
    assert dense(at(None), "harbour") == expected
    # The embedded home knows no server to tidy up; whoever comes back to it does.
    at().compact()
    assert not set(on_server) & set(collections(chroma, library))


def test_another_model_leaves_nothing_of_the_first_on_the_server(at: At, chroma: str) -> None:
    library, other = at(), HashingEmbedder(32)
    put(library, *(story(number) for number in range(4)))
    library.reindex(other)
    assert collections(chroma, library) == [index_of(library)]
    sought = story(1).text.partition("\n\n")[0]
    found = library.dense(other.embed_query(sought), Scope(), 1)
    assert [(hit.passage.text, hit.score) for hit in found] == [(sought, 1.0)]


def test_a_restored_catalog_never_takes_a_later_index_for_its_own(at: At, tmp_path: Path, chroma: str) -> None:
    library = at()
    put(library, *(story(number) for number in range(8)), made_article("a", "a walrus"))
    library.close()
    shutil.copytree(tmp_path / "library", tmp_path / "backup")
    # As many passages as before, but others.
    put(at(), made_article("a", "a heron"))
    restored = at(place="backup")
    assert texts(dense(restored, "a walrus", limit=1)) == ["a walrus"]
    assert not_well(restored) == ["vector index: missing or damaged", f"left behind on the server: {index_of(at())}"]
    put(restored, made_article("b", "a crane"))
    assert dense(restored, "harbour", limit=100) == dense(at(place="backup", exact_up_to=EXACT), "harbour", limit=100)
    # The library that it was copied from keeps its own.
    assert "vector index: missing or damaged" not in not_well(at())
    assert texts(dense(at(), "a heron", limit=1)) == ["a heron"]
    restored.compact()
    assert collections(chroma, restored) == [index_of(restored)]


def test_what_a_killed_writer_began_is_finished_without_a_rebuild(
    at: At, chroma: str, caplog: pytest.LogCaptureFixture
) -> None:
    library = at()
    put(library, *(story(number) for number in range(8)))
    # What a killed writer leaves: the marker, and a journal that names what it was about to touch.
    (library.directory / "index.open").write_text("1\n")
    with closing(sqlite3.connect(library.directory / "catalog.sqlite")) as connection, connection:
        connection.execute('INSERT INTO journal (slots) VALUES (\'[["ghost", 0], ["story1", 0]]\')')
    with closing(ServerHome(ChromaServer(url=chroma)).open(index_of(library), EMBEDDER.dimension)) as index:
        index.delete(["story1:0"])
    put(library, made_article("new", "a walrus"))
    assert not_well(library) == []
    assert dense(library, "n1p0", limit=5) == dense(at(exact_up_to=EXACT), "n1p0", limit=5)
    assert "rebuilt" not in caplog.text


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://host:8000", "http://", "http://a:b@host", "http://host:99999", "http://h?x=1", ""]
)
def test_an_address_that_cannot_be_one_is_a_mistake_of_the_settings(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATELINE_CHROMA_URL"):
        ChromaServer(url=url)


def test_the_token_is_sent_and_never_shown() -> None:
    seen = []

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            body = b"<html>\n<h1>401</h1> \x1b[31mno"
            self.send_response(401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as proxy:
        threading.Thread(target=proxy.serve_forever).start()
        server = ChromaServer(url=f"http://127.0.0.1:{proxy.server_port}", token="s3cret")
        with pytest.raises(IndexAwayError) as refused:
            ServerHome(server).open("dateline-a-b", 4)
        proxy.shutdown()
    assert seen == ["Bearer s3cret"]
    assert "s3cret" not in f"{refused.value!r} {server!r}"
    assert "\n" not in str(refused.value)


def test_a_collection_of_other_vectors_is_not_used(chroma: str) -> None:
    home = ServerHome(ChromaServer(url=chroma))
    name, index = home.create("other", 8)
    index.close()
    with closing(home.open(name, 4)) as opened:
        assert opened.nearest(np.ones(4), 1) == []
    with pytest.raises(IndexUnusableError):
        home.open("dateline-other-none", 8)
    home.remove(name)
    assert home.others("other", "") == []

"""Several processes and threads, a hostile environment, no right to write, no space left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.crash import run
from rag.testing.library import dense, made_article, put, texts
from rag.types import Scope

from .conftest import INDEXED, Open, story

PRELUDE = """
import sys
from pathlib import Path
from rag.errors import DatelineError
from rag.library import Neighbours, open_library
from rag.testing.library import EMBEDDER, dense, indexed, made_article, put, texts
from rag.types import Scope
def opened(exact_up_to=0, create=False):
    neighbours = Neighbours(exact_up_to=exact_up_to)
    return open_library(Path(sys.argv[1]), model=EMBEDDER.name, dimension=64, create=create, neighbours=neighbours)
"""
ROOT = Path(__file__).parents[2]


def python(code: str, directory: Path, *, cwd: Path = ROOT, hostile: dict[str, str] | None = None) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **(hostile or {})}
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code, str(directory)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_reader_sees_another_process_ingest_and_delete(large: Path, opened: Open) -> None:
    reader = opened(INDEXED)
    dense(reader, "harbour")
    code = """
library = opened()
with library.writing() as writer:
    for line in sys.stdin:
        do, name = line.split()
        if do == "put":
            writer.put([indexed(made_article(name, f"a walrus called {name}"))])
        else:
            writer.remove(name)
        print("done", flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, str(large)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as writer:  # fmt: skip
        assert writer.stdin
        assert writer.stdout
        seen = []
        for command in ("put one", "put two", "remove one", "remove story3", "put one"):
            print(command, file=writer.stdin, flush=True)
            assert writer.stdout.readline() == "done\n"
            seen.append(
                sorted(each[9:] for each in texts(dense(reader, "a walrus called", limit=3)) if "walrus" in each)
            )
        writer.stdin.close()
        assert writer.wait() == 0
    assert seen == [
        ["called one"],
        ["called one", "called two"],
        ["called two"],
        ["called two"],
        ["called one", "called two"],
    ]
    assert sorted(texts(dense(reader, "a walrus called", limit=2))) == ["a walrus called one", "a walrus called two"]
    assert not [each for each in texts(dense(reader, "n3p1", limit=2000)) if "n3p" in each]


def test_threads_read_while_another_writes(large: Path, opened: Open) -> None:
    reader, writer = opened(INDEXED), opened()
    stop, failures, done = threading.Event(), list[BaseException](), list[int]()

    def read() -> None:
        while not stop.is_set():
            try:
                found = dense(reader, "harbour strike", limit=5), reader.lexical("harbour", Scope(), 5)
                done.append(sum(map(len, found)))
            except BaseException as error:  # noqa: BLE001  every one counts
                failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(3):
        put(writer, *(story(1000 + 10 * number + each) for each in range(10)))
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert set(done) == {10}
    assert large.exists()


def test_reading_imports_neither_chroma_nor_numpy_without_need(opened: Open, tmp_path: Path) -> None:
    put(opened(), made_article("a", "Rates rose."))
    code = """
library = opened(exact_up_to=20_000)
library.articles(), library.lexical("rates", Scope(), 3), library.article("a")
print("numpy" in sys.modules, end=" ")
print(len(dense(library, "rates")), "chromadb" in sys.modules)
"""
    assert python(code, tmp_path / "library") == "False 1 False\n"


def test_an_unchanged_second_run_does_not_import_chroma(opened: Open, tmp_path: Path) -> None:
    put(opened(), made_article("a", "Rates rose."))
    code = """
with opened().writing() as writer:
    writer.known("a.md"), writer.vectors(["x"]), writer.put([])
print("chromadb" in sys.modules)
"""
    assert python(code, tmp_path / "library") == "False\n"


def test_environment_and_working_directory_cannot_misconfigure_chroma(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MIGRATIONS=no\nALLOW_RESET=true\nIS_PERSISTENT=false\n")
    code = """
library = opened(create=True)
put(library, made_article("a", "Rates rose."))
print(texts(dense(library, "rates")), len(list(Path(sys.argv[1]).glob("vectors-*/chroma.sqlite3"))))
"""
    hostile = {"MIGRATIONS": "none", "PERSIST_DIRECTORY": "/nowhere", "CHROMA_API_IMPL": "nonsense"}
    assert python(code, tmp_path / "library", cwd=tmp_path, hostile=hostile) == "['Rates rose.'] 1\n"


@pytest.fixture
def public(large: Path) -> Iterator[Path]:
    """A library that everyone may read, without the directories of pytest, which nobody else may enter."""
    place = Path(tempfile.mkdtemp())
    directory = Path(shutil.copytree(large, place / "library"))
    for path in (place, directory, *directory.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield directory
    for path in (place, *place.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(place)


def test_without_the_right_to_write_reading_works_and_writing_says_so(public: Path) -> None:
    code = """
library = opened()
print(len(dense(library, "harbour")), len(library.lexical("harbour", Scope(), 5)))
try:
    put(library, made_article("a", "Rates rose."))
except DatelineError as error:
    print(type(error).__name__, "\\n" in str(error))
"""
    # Everything is imported first: nobody may not read the interpreter's own files either.
    nobody = "import os, numpy, rag.library.keeper, rag.library.writer\nif not os.geteuid(): os.setuid(65534)\n"
    assert python(nobody + code, public) == "10 5\nStorageError False\n"


def test_a_full_disk_is_one_clear_error_and_loses_nothing(large: Path, opened: Open) -> None:
    code = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
library = opened()
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    put(library, *(made_article(f"new{n}", f"word{n} " * 6000) for n in range(8)))
except DatelineError as error:
    print(type(error).__name__, "\\n" in str(error), library.count(), len(dense(library, "harbour")))
"""
    assert python(code, large) == "StorageError False 240 10\n"
    library = opened(INDEXED)
    put(library, made_article("new", "a walrus"))
    assert library.count() == 241
    assert [finding for finding in library.check() if not finding.ok] == []
    assert texts(dense(library, "a walrus", limit=1)) == ["a walrus"]


@pytest.mark.slow
def test_killed_writers_leave_nothing_behind() -> None:
    tally = run(3, 60, 5)
    assert tally.failures == []
    assert tally.killed == 3

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import Progress, Report, ingest
from ingest.report import partial_report, report_object
from rag.errors import LibraryLockedError, ProviderBusyError, StorageError
from rag.library import open_library
from rag.protocols import Indexed, Library, LibraryWriter
from rag.testing import HashingEmbedder


class _Counting(HashingEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.texts.extend(texts)
        return super().embed_documents(texts)


@pytest.fixture
def embedder() -> _Counting:
    return _Counting()


@pytest.fixture
def library(tmp_path: Path, embedder: _Counting) -> Iterator[Library]:
    opened = open_library(tmp_path / "library", model=embedder.name, dimension=embedder.dimension, create=True)
    yield opened
    opened.close()


@pytest.fixture
def news(tmp_path: Path) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    return folder


def _story(words: str, paragraphs: int = 12) -> str:
    return "\n\n".join(
        f"{words} came up in debate number {n}. " + " ".join(f"{words}{n}{m}" for m in range(60)) + "."
        for n in range(paragraphs)
    )


def _md(path: Path, text: str, **fields: str) -> Path:
    front = "".join(f"{name}: {json.dumps(value)}\n" for name, value in fields.items())
    path.write_text(f"---\n{front}---\n{text}\n", encoding="utf-8")
    return path


def _jsonl(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _counts(report: Report) -> tuple[int, int, int]:
    return len(report.added), len(report.updated), len(report.unchanged)


def test_running_twice_changes_and_embeds_nothing(news: Path, library: Library, embedder: _Counting) -> None:
    _md(news / "a.md", _story("Ferry"), title="Ferry", url="https://c.example/a")
    _jsonl(news / "b.jsonl", {"id": 1, "text": _story("Bridge")}, {"id": 2, "text": _story("Storm")})
    assert _counts(ingest([news], library, embedder)) == (3, 0, 0)
    assert library.count() == 3
    generation, embedded = library.generation(), len(embedder.texts)
    assert _counts(ingest([news], library, embedder)) == (0, 0, 3)
    assert (library.generation(), len(embedder.texts)) == (generation, embedded)


def test_a_changed_file_becomes_a_new_version_and_reuses_vectors(
    news: Path, library: Library, embedder: _Counting
) -> None:
    text = _story("Ferry", 40)
    path = _md(news / "a.md", text, title="Ferry", url="https://c.example/a")
    (article_id,) = ingest([path], library, embedder).added
    before = len(embedder.texts)
    _md(path, text.replace("debate number 20", "debate number twenty"), title="Ferry", url="https://c.example/a")
    assert ingest([path], library, embedder).updated == (article_id,)
    assert [each.current for each in library.versions(article_id)] == [False, True]
    assert len(embedder.texts) - before <= 3 < before
    assert "debate number twenty" in library.article(article_id).text


def test_a_file_turned_back_makes_its_earlier_version_current_again(
    news: Path, library: Library, embedder: _Counting
) -> None:
    path = _md(news / "a.md", "The fare is 5 pounds.", title="Ferry", url="https://c.example/a")
    (article_id,) = ingest([path], library, embedder).added
    _md(path, "The fare is 6 pounds.", title="Ferry", url="https://c.example/a")
    ingest([path], library, embedder)
    _md(path, "The fare is 5 pounds.", title="Ferry", url="https://c.example/a")
    assert _counts(ingest([path], library, embedder)) == (0, 1, 0)
    assert library.article(article_id).text == "The fare is 5 pounds."
    assert _counts(ingest([path], library, embedder)) == (0, 0, 1)


@pytest.mark.parametrize("names", [("1.md", "2.md"), ("2.md", "1.md")])
def test_two_versions_in_one_batch_are_ordered_by_their_moment(
    news: Path, library: Library, embedder: _Counting, names: tuple[str, str]
) -> None:
    first, corrected = names
    shared = {"title": "Fire", "url": "https://c.example/fire", "published": "2024-04-09"}
    _md(news / first, "Two people were hurt.", **shared)
    _md(news / corrected, "Three people were hurt.", updated="2024-04-11T08:00:00Z", **shared)
    report = ingest([news], library, embedder)
    assert _counts(report) == (1, 1, 0)
    (article_id,) = report.added
    assert library.article(article_id).text == "Three people were hurt."
    assert len(library.versions(article_id)) == 2
    generation = library.generation()
    assert _counts(ingest([news], library, embedder)) == (0, 0, 2)
    assert library.article(article_id).text == "Three people were hurt."
    assert library.generation() == generation


def test_two_undated_versions_do_not_take_turns(news: Path, library: Library, embedder: _Counting) -> None:
    _jsonl(
        news / "a.jsonl",
        {"url": "https://c.example/a?utm_source=x", "text": "The fare is 5 pounds."},
        {"url": "http://C.example/a/#top", "text": "The fare is 6 pounds."},
    )
    (article_id,) = ingest([news], library, embedder).added
    for _ in range(2):
        assert library.article(article_id).text == "The fare is 6 pounds."
        assert _counts(ingest([news], library, embedder)) == (0, 0, 2)


def test_a_wire_copy_is_stored_and_linked_but_a_new_version_is_no_duplicate(
    news: Path, library: Library, embedder: _Counting
) -> None:
    text = _story("Storm")
    _md(news / "a.md", text, title="Storm", publisher="Courier", url="https://c.example/storm")
    _md(news / "b.md", text.replace("Storm00", "Gale"), title="Gale", publisher="Post", url="https://p.example/gale")
    report = ingest([news], library, embedder)
    (duplicate,) = report.duplicates
    assert (duplicate.article_id, duplicate.duplicate_of) == (report.added[1], report.added[0])
    assert library.count() == 2
    _md(news / "a.md", text + " More.", title="Storm", publisher="Courier", url="https://c.example/storm")
    report = ingest([news], library, embedder)
    assert (_counts(report), report.duplicates) == ((0, 1, 1), ())


def test_a_new_version_of_a_copy_stays_linked_and_its_original_never_points_to_it(
    news: Path, library: Library, embedder: _Counting
) -> None:
    text = _story("Storm")
    original = {"title": "Storm", "url": "https://c.example/storm", "published": "2024-03-04"}
    copy = {"title": "Gale", "url": "https://p.example/gale", "published": "2024-03-05"}
    _md(news / "a#1.md", text, **original)
    _md(news / "b.md", text, **copy)
    first, second = ingest([news], library, embedder).added
    _md(news / "a#1.md", text + " More.", **original)
    _md(news / "b.md", text + " Much more.", **copy)
    report = ingest([news], library, embedder)
    assert report.updated == (first, second)
    assert [(each.article_id, each.duplicate_of) for each in report.duplicates] == [(second, first)]
    _md(news / "a#1.md", text, **original)
    assert ingest([news], library, embedder).updated == (first,)


def test_rows_without_title_date_and_url_stay_apart(news: Path, library: Library, embedder: _Counting) -> None:
    same = {"publisher": "CNN", "title": "", "published": None, "url": None}
    path = _jsonl(
        news / "a.jsonl", {**same, "id": "1", "text": "One is out."}, {**same, "id": "2", "text": "One is out."}
    )
    _jsonl(news / "b.jsonl", {**same, "text": "Two."}, {**same, "text": "Three."}, {"id": "1", "text": "Four."})
    first = ingest([news], library, embedder)
    assert len(set(first.added)) == 5
    _jsonl(path, {**same, "id": "0", "text": "None."}, {**same, "id": "1", "text": "One is in."})
    assert ingest([path], library, embedder).updated == (first.added[0],)


_REPORT: Mapping[str, str] = {"title": "Market report", "publisher": "Courier", "published": "2024-05-01"}
_FAMILIES = [
    (
        "Shares of banks rose at noon.",
        "Shares of banks rose at noon, and fell by three.",
        "Shares of banks rose at noon.",
    ),
    ("Wheat was sold for less.", "Wheat was sold for less than ever."),
    ("Copper mines in Chile stood still.",),
]


def test_two_reports_of_one_outlet_day_and_title_stay_two(news: Path, library: Library, embedder: _Counting) -> None:
    _md(news / "a.md", _story("Wheat"), **_REPORT)
    _md(news / "b.md", _story("Copper"), **_REPORT)
    report = ingest([news], library, embedder)
    assert _counts(report) == (2, 0, 0)
    _md(news / "b.md", _story("Copper") + " More.", **_REPORT)
    _md(news / "c.md", _story("Wheat") + " More.", **_REPORT)
    assert ingest([news], library, embedder).updated == (report.added[1], report.added[0])
    assert library.count() == 2


def test_a_file_whose_text_was_replaced_gives_the_same_article(
    news: Path, library: Library, embedder: _Counting
) -> None:
    for words in ("Wheat", "Copper"):
        _md(news / "a.md", _story(words), **_REPORT)
        ingest([news], library, embedder)
    assert library.count() == 1


@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(6)), again=st.permutations(range(6)), as_rows=st.booleans())
def test_in_any_order_of_files_no_article_is_lost_and_a_second_run_changes_nothing(
    order: list[int], again: list[int], as_rows: bool
) -> None:
    texts = [text for family in _FAMILIES for text in family]
    embedder = _Counting()
    with TemporaryDirectory() as name:
        library = open_library(Path(name, "l"), model=embedder.name, dimension=embedder.dimension, create=True)
        write = [
            partial(_jsonl, Path(name, f"{n}.jsonl"), {**_REPORT, "text": text})
            if as_rows
            else partial(_md, Path(name, f"{n}.md"), text, **_REPORT)
            for n, text in enumerate(texts)
        ]
        files = [each() for each in write]
        ingest([files[n] for n in order], library, embedder)
        stored = library.generation(), library.articles()
        versions = [
            {library.article(each.source.article_id, each.version).text for each in library.versions(article_id)}
            for article_id in (article.source.article_id for article in stored[1])
        ]
        assert set().union(*versions) == set(texts)
        assert all(any(found <= set(family) for family in _FAMILIES) for found in versions)
        assert _counts(ingest([files[n] for n in again], library, embedder)) == (0, 0, len(texts))
        assert (library.generation(), library.articles()) == stored
        library.close()


def test_titles_alone_do_not_make_two_rows_one_article(news: Path, library: Library, embedder: _Counting) -> None:
    live = {"title": "Live", "publisher": "CNN"}
    dated = {**live, "published": "2024-05-01"}
    path = _jsonl(news / "a.jsonl", {**live, "text": "A."}, {**live, "text": "B."}, {**dated, "text": "C.", "id": 3})
    assert len(set(ingest([path], library, embedder).added)) == 3


def test_what_is_broken_is_reported_and_the_rest_is_stored(news: Path, library: Library, embedder: _Counting) -> None:
    (news / "a.jsonl").write_text(
        '{"id": 1, "text": "One."}\n{broken\n{"id": 3, "text": " - "}\n{"id": 4, "text": "Four."}\n'
    )
    (news / "b.txt").write_bytes(b"")
    (news / "c.txt").write_text("Five.")
    report = ingest([news, news / "gone.md", news / "d.docx"], library, embedder)
    assert _counts(report) == (3, 0, 0)
    assert [(Path(failure.path).name, failure.place) for failure in report.failed] == [
        ("a.jsonl", "line 2"),
        ("a.jsonl", "line 3"),
        ("b.txt", ""),
        ("gone.md", ""),
        ("d.docx", ""),
    ]


def test_directories_are_read_in_order_without_hidden_files_other_kinds_and_links_that_lead_out(
    news: Path, tmp_path: Path, library: Library, embedder: _Counting
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("Outside.")
    for name in ("b.txt", "a.txt", ".hidden.txt", "script.py"):
        (news / name).write_text(f"Text of {name}.")
    (news / "sub").mkdir()
    (news / "sub" / "c.txt").write_text("Deep.")
    (news / ".git").mkdir()
    (news / ".git" / "d.txt").write_text("Hidden.")
    (news / "loop").symlink_to(news)
    (news / "inside.txt").symlink_to(news / "a.txt")
    (news / "out.txt").symlink_to(outside)
    (news / "broken.txt").symlink_to(news / "nowhere")
    report = ingest([news, news / "a.txt"], library, embedder)
    titles = [library.article(article_id).source.title for article_id in report.added]
    assert (titles, report.failed) == (["Text of a.txt.", "Text of b.txt.", "Deep."], ())
    assert _counts(ingest([news / "out.txt"], library, embedder)) == (1, 0, 0)


def test_a_file_that_vanishes_midway(news: Path, library: Library, embedder: _Counting) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (news / name).write_text(f"Text of {name}.")

    def vanish(_: Progress) -> None:
        (news / "b.txt").unlink(missing_ok=True)

    report = ingest([news], library, embedder, progress=vanish)
    assert _counts(report) == (2, 0, 0)
    assert [str(failure) for failure in report.failed] == [
        f"{news / 'b.txt'}: It is not there (any more); check the path and run again."
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_and_directory(news: Path, library: Library, embedder: _Counting) -> None:
    (news / "a.txt").write_text("Text.")
    (news / "a.txt").chmod(0)
    (news / "sub").mkdir(mode=0)
    report = ingest([news], library, embedder)
    assert [failure.reason for failure in report.failed] == [
        "It may not be read by this user; change its permissions.",
        "This directory may not be read by this user; change its permissions.",
    ]


def test_a_name_that_cannot_be_and_a_pipe(news: Path, library: Library, embedder: _Counting) -> None:
    os.mkfifo(news / "pipe.txt")
    report = ingest([news, news / "pipe.txt", news / ("x" * 300 + ".txt")], library, embedder)
    assert [failure.reason.split(";")[0] for failure in report.failed] == [
        "It is neither a file nor a directory",
        "It could not be read (File name too long)",
    ]


def test_names_of_files_are_any_bytes(news: Path, library: Library, embedder: _Counting) -> None:
    for name, text in ((b"caf\xe9.txt", b"One."), (b"caf\xe8.txt", b"Two."), (b"\xff.jsonl", b'{"text": "Three."}')):
        Path(os.fsdecode(os.fsencode(news) + b"/" + name)).write_bytes(text)
    assert _counts(ingest([news], library, embedder)) == (3, 0, 0)
    assert _counts(ingest([news], library, embedder)) == (0, 0, 3)


def test_names_of_files_cannot_steer_a_terminal_or_break_json(
    news: Path, library: Library, embedder: _Counting
) -> None:
    for name in (b"\x1b[31mred\x1b]0;pwn\x07.json", b"caf\xe9\n\xe2\x80\xae.json"):
        Path(os.fsdecode(os.fsencode(news) + b"/" + name)).write_bytes(b"{")
    report = ingest([news], library, embedder)
    assert [str(each).removeprefix(f"{news}/").partition(": ")[0] for each in report.failed] == [
        r"\x1b[31mred\x1b]0;pwn\x07.json",
        r"caf\xe9\n\u202e.json",
    ]
    written = json.dumps(report_object(report), ensure_ascii=False).encode()
    assert b"caf\\\\xe9" in written


def test_progress_counts_files_and_articles(news: Path, library: Library, embedder: _Counting) -> None:
    _jsonl(news / "a.jsonl", {"id": 1, "text": "One."}, {"id": 2, "text": "Two."})
    (news / "b.txt").write_text("Three.")
    seen: list[Progress] = []
    ingest([news], library, embedder, progress=seen.append)
    assert [(each.done, each.total, each.articles) for each in seen] == [
        (0, 2, 1),
        (0, 2, 2),
        (1, 2, 2),
        (1, 2, 3),
        (2, 2, 3),
    ]


class _Failing(_Counting):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if any("poison" in text for text in texts):
            raise ProviderBusyError("The server is busy; try again later.")
        return super().embed_documents(texts)


def test_a_failure_keeps_what_was_committed_and_the_next_run_goes_on(news: Path, library: Library) -> None:
    rows: Sequence[dict[str, object]] = [{"id": n, "text": f"Text number {n} about topic{n}."} for n in range(100)]
    path = _jsonl(news / "a.jsonl", *rows[:70], {"id": "p", "text": "This is poison."}, *rows[70:])
    with pytest.raises(ProviderBusyError) as caught:
        ingest([path], library, _Failing())
    assert caught.value.__notes__ == ["64 articles were stored before; run the same again to go on."]
    assert library.count() == 64
    done = partial_report(caught.value)
    assert done is not None
    assert (_counts(done), report_object(done)["complete"]) == ((64, 0, 0), False)
    report = ingest([path], library, _Counting())
    assert (_counts(report), report_object(report)["complete"]) == ((37, 0, 64), True)


def test_a_version_stored_behind_the_current_one_is_counted_once(news: Path, library: Library) -> None:
    shared: Mapping[str, object] = {"url": "https://c.example/fire", "published": "2024-04-09"}
    path = _jsonl(
        news / "a.jsonl",
        {**shared, "text": "Three people were hurt.", "updated": "2024-04-11"},
        {**shared, "text": "Two people were hurt."},
        {"id": "p", "text": "This is poison."},
    )
    with pytest.raises(ProviderBusyError) as caught:
        ingest([path], library, _Failing())
    assert caught.value.__notes__ == ["2 articles were stored before; run the same again to go on."]
    done = partial_report(caught.value)
    assert done is not None
    assert _counts(done) == (1, 1, 0)


class _FillingDisk:
    """A library whose disk is full from the second commit on."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._writer: LibraryWriter
        self._commits = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._library if hasattr(self._library, name) else self._writer, name)

    @contextmanager
    def writing(self) -> Iterator[LibraryWriter]:
        with self._library.writing() as self._writer:
            yield cast("LibraryWriter", self)

    def put(self, batch: Iterable[Indexed]) -> None:
        self._commits += 1
        if self._commits > 1:
            raise StorageError("The library cannot be written; free some space.")
        self._writer.put(batch)


def test_a_full_disk_keeps_what_was_committed_and_the_next_run_goes_on(news: Path, library: Library) -> None:
    path = _jsonl(news / "a.jsonl", *({"id": n, "text": f"Text number {n} about topic{n}."} for n in range(100)))
    with pytest.raises(StorageError) as caught:
        ingest([path], cast("Library", _FillingDisk(library)), _Counting())
    assert caught.value.__notes__ == ["64 articles were stored before; run the same again to go on."]
    assert library.count() == 64
    assert _counts(ingest([path], library, _Counting())) == (36, 0, 64)


def test_a_library_among_the_files_is_passed_over(tmp_path: Path, library: Library, embedder: _Counting) -> None:
    (tmp_path / "a.txt").write_text("A walrus was seen.")
    for _ in range(2):
        report = ingest([tmp_path], library, embedder)
        assert report.failed == ()
    assert _counts(report) == (0, 0, 1)


def test_a_library_that_another_process_writes_to_is_left_alone(
    news: Path, library: Library, embedder: _Counting
) -> None:
    (news / "a.txt").write_text("Text.")
    with library.writing(), pytest.raises(LibraryLockedError) as caught:
        ingest([news], library, embedder)
    assert partial_report(caught.value) is None
    assert (library.count(), embedder.texts) == (0, [])

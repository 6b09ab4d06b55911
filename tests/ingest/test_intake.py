"""What is submitted becomes articles: by content and by address, whatever else is wrong with the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from ingest.fetching import Fetcher
from ingest.intake import LibraryIntake, file_name
from rag.errors import LibraryLockedError, OverloadedError, StorageError
from rag.library import LocalLibrary, open_library
from rag.protocols import Submission
from rag.testing.library import EMBEDDER
from tests.conftest import Dateline
from tests.ingest.test_fetching import Reply, Site, running

FERRY = "A ferry struck the pier on Monday. Fourteen passengers were hurt, said the harbour master Tom Reed."


@pytest.fixture
def library(tmp_path: Path) -> Iterator[LocalLibrary]:
    made = open_library(tmp_path / "library", model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)
    with closing(made) as opened:
        yield opened


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as made:
        yield made


@pytest.fixture
def intake(library: LocalLibrary, site: Site) -> LibraryIntake:
    return LibraryIntake(library=library, embedder=EMBEDDER, fetcher=Fetcher(trusted=[site.place]))


def page(canonical: str = "") -> bytes:
    link = (
        f'<link rel="canonical" href="{canonical}"><meta property="og:url" content="{canonical}">' if canonical else ""
    )
    body = "".join(f"<p>{FERRY} It was the {number}th time.</p>" for number in range(4, 8))
    head = f"<title>Ferry strikes pier</title>{link}"
    return f"<html><head>{head}</head><body><article>{body}</article></body></html>".encode()


def names(account: object, key: str) -> list[str]:
    return cast("dict[str, list[str]]", account)[key]


def test_a_page_bears_the_address_that_it_was_fetched_from(
    intake: LibraryIntake, library: LocalLibrary, site: Site
) -> None:
    site.replies["/moved"] = Reply(status=301, headers={"Location": "/ferry?utm_source=x"})
    site.replies["/ferry?utm_source=x"] = Reply(body=page("https://other.example/front"))
    url = f"http://{site.place}/moved"
    [name] = names(intake.take([Submission(name=url)]), "added")
    source = library.article(name).source
    assert source.url == f"http://{site.place}/ferry?utm_source=x"
    assert source.title == "Ferry strikes pier"
    assert names(intake.take([Submission(name=url)]), "unchanged") == [name]
    site.replies["/ferry?utm_source=x"] = Reply(body=page().replace(b"Fourteen", b"Fifteen"))
    assert names(intake.take([Submission(name=url)]), "updated") == [name]


def test_plain_text_and_xhtml_are_read(intake: LibraryIntake, library: LocalLibrary, site: Site) -> None:
    site.replies["/a"] = Reply(body=f"Ferry strikes pier\n\n{FERRY}".encode(), headers={"Content-Type": "text/plain"})
    declared = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n' + page()
    site.replies["/b"] = Reply(body=declared, headers={"Content-Type": "application/xhtml+xml; charset=iso-8859-1"})
    told = intake.take([Submission(name=f"http://{site.place}/{path}") for path in "ab"])
    assert len(names(told, "added")) == 2, told
    assert {each.source.title for each in library.articles()} == {"Ferry strikes pier"}


def test_each_failure_names_what_was_submitted(intake: LibraryIntake, library: LocalLibrary, site: Site) -> None:
    site.replies["/none"] = Reply(status=404)
    site.replies["/menu"] = Reply(body=b"<html><body><a href='/'>Home</a></body></html>")
    told = intake.take(
        [
            Submission(name=f"http://{site.place}/none"),
            Submission(name=f"http://{site.place}/menu"),
            Submission(name="http://10.0.0.1/admin"),
            Submission(name="dir/notes.exe", data=b"MZ"),
            Submission(name="rows.jsonl", data=b'{"text": "%s"}\n{"title": "No text"}\n' % FERRY.encode()),
        ]
    )
    failed = cast("dict[str, list[dict[str, str]]]", told)["failed"]
    assert {(each["path"], each["place"]) for each in failed} == {
        (f"http://{site.place}/none", ""),
        (f"http://{site.place}/menu", ""),
        ("http://10.0.0.1/admin", ""),
        ("notes.exe", ""),
        ("rows.jsonl", "line 2"),
    }
    assert library.count() == 1


def test_who_calls_the_rest_off_is_told_what_was_stored(intake: LibraryIntake, library: LocalLibrary) -> None:
    def stop(done: int, articles: int) -> None:
        if articles > 70:
            raise OverloadedError("Enough.")

    rows = [b'{"text": "%s That was report number %d."}' % (FERRY.encode(), number) for number in range(100)]
    with pytest.raises(OverloadedError) as caught:
        intake.take([Submission(name="rows.jsonl", data=b"\n".join(rows))], stop)
    account = caught.value.account  # type: ignore[attr-defined]
    assert not account["complete"]
    assert library.count() == len(account["added"]) == 64


def test_another_writer_is_waited_for_no_longer_than_that(library: LocalLibrary) -> None:
    hasty = LibraryIntake(library=library, embedder=EMBEDDER, patience=0.3)
    asked = []
    with library.writing(), pytest.raises(LibraryLockedError):
        hasty.take([Submission(name="a.txt", data=FERRY.encode())], lambda *told: asked.append(told))
    assert asked.count((0, 0)) > 1


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("report.md", "report.md"),
        ("../../etc/cron.d/x.txt", "x.txt"),
        ("C:\\news\\a.txt", "a.txt"),
        ("a\x00b\u202etxt.md", "abtxt.md"),
        ("line\nbreak.md", "line break.md"),
        ("x" * 500 + ".md", "x" * 197 + ".md"),
        ("", "unnamed"),
        ("/", "unnamed"),
    ],
)
def test_names_of_files(name: str, plain: str) -> None:
    assert file_name(name) == plain


def test_addresses_at_the_command_line(dateline: Dateline, tmp_path: Path) -> None:
    article = tmp_path / "ferry.txt"
    article.write_text(FERRY, encoding="utf-8")
    ran = dateline("ingest", article, "http://127.0.0.1/a", "https://[::1]/b", "--library", tmp_path / "library")
    assert (ran.code, ran.out) == (1, "1 added, 2 failed\n")
    assert ran.err.count("not on the public network") == 2
    assert "http://127.0.0.1/a: " in ran.err


def test_a_full_disk_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, intake: LibraryIntake) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match="cannot be kept"):
        intake.take([Submission(name="a.txt", data=b"A.")])

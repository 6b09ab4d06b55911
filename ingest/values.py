"""What passes between the steps of ingest: frozen values, and the seam of the loaders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.names import path_text, printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """An article as a loader found it: nothing cleaned, no date understood yet, "" for what is absent."""

    text: str
    title: str = ""
    publisher: str = ""
    author: str = ""
    published: str = ""
    updated: str = ""
    url: str = ""
    language: str = ""
    origin_id: str = ""
    place: str = ""
    """Where in the file it stands, such as "line 7"; "" when the file is one article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A file to be read, and where its articles come from."""

    path: Path
    """Where the bytes lie now, under a name whose extension says how they are read."""
    name: Path | str
    """What failures and progress call it: its path, or the name or address that was submitted."""
    location: str
    """What the library remembers it by, the same each time it comes."""
    url: str = ""
    """The address that it was fetched from, which its article bears whatever the page says of itself."""
    uploaded: bool = False
    """Whether files that have nothing to do with each other may come under this location."""


def origin_of(path: Path) -> Origin:
    """Return the origin of a file that stays where it is."""
    return Origin(path=path, name=path, location=path_text(path.resolve()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something in a file that could not be used, and why, in one line that says what to do."""

    path: Path | str
    place: str
    reason: str

    def __str__(self) -> str:
        told = f", {self.place}: {self.reason}" if self.place else f": {self.reason}"
        return printable(path_text(self.path) + " ".join(told.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An article that was stored and linked to another one, which it nearly repeats."""

    article_id: str
    duplicate_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an ingest did; `added`, `updated` and `unchanged` name articles, one entry per version that was met."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    """Those of the added and updated that nearly repeat another article."""
    failed: tuple[Failure, ...] = ()
    remarks: tuple[Failure, ...] = ()
    """Fields that were left out of an article that was stored all the same, such as a date that may be two days."""
    complete: bool = True
    """Whether all was read; if not, storing or embedding failed, and this is what was committed before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an ingest is: files finished, of how many, the file at hand, and articles met so far."""

    done: int
    total: int | None
    path: Path | str
    articles: int


class Loader(Protocol):
    """Reads one file format."""

    def __call__(self, path: Path) -> Iterator[Raw | Failure]:
        """Yield the file's articles and what is broken in it; raise UnreadableFileError or OSError for the whole."""

"""Takes in what is submitted to a running service, or named by its address at the command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from ingest.clean import clean_line
from ingest.fetching import Fetcher, is_address
from ingest.loaders import loader_for
from ingest.pipeline import ingest
from ingest.report import partial_report, report_object
from ingest.values import Failure, Origin, Progress, Report
from rag.errors import DatelineError, LibraryLockedError, StorageError, UnreadableFileError
from rag.protocols import Embedder, Library, Submission
from rag.wire import Json

_LONGEST_NAME = 200
"""Characters that are kept of a submitted file's name: the last ones, with its extension."""
_PATIENCE_SECONDS = 60.0
_BETWEEN_TRIES = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryIntake:
    """Takes submissions into a library."""

    library: Library
    embedder: Embedder
    fetcher: Fetcher = field(default_factory=Fetcher)
    patience: float = _PATIENCE_SECONDS
    """Seconds that another writer of the library is waited for."""

    def take(
        self, submissions: Sequence[Submission], progress: Callable[[int, int], None] = lambda _done, _articles: None
    ) -> Mapping[str, Json]:
        """Store what can be stored and return the account of it; raise LibraryError, ProviderError or StorageError."""
        try:
            with spool() as folder:
                origins = []
                for submission in submissions:
                    progress(0, 0)
                    origins.append(folder.origin(submission, self.fetcher))
                return report_object(self._stored(origins, progress))
        except DatelineError as error:
            if done := partial_report(error):
                error.account = report_object(done)  # type: ignore[attr-defined]  # as `Intake.take` says
            raise

    def _stored(self, origins: Sequence[Origin | Failure], progress: Callable[[int, int], None]) -> Report:
        def met(at: Progress) -> None:
            progress(at.done, at.articles)

        until = time.monotonic() + self.patience
        while True:
            try:
                return ingest(origins, self.library, self.embedder, progress=met)
            except LibraryLockedError:
                if time.monotonic() > until:
                    raise
            progress(0, 0)
            time.sleep(_BETWEEN_TRIES)


@contextmanager
def gathered(places: Sequence[str], fetcher: Fetcher | None = None) -> Iterator[list[Path | Origin | Failure]]:
    """Have the web addresses among some places fetched, and give what `ingest` takes, for as long as the block runs.

    Raises StorageError where what was fetched cannot be kept.
    """
    fetcher = fetcher or Fetcher()
    with spool() as folder:
        yield [folder.fetched(place, fetcher) if is_address(place) else Path(place) for place in places]


@contextmanager
def spool() -> Iterator[Spool]:
    """Make a folder that only this user can read, for as long as the block runs; raise StorageError."""
    try:
        folder = TemporaryDirectory(prefix="dateline-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _cannot_keep(error) from error
    with folder:
        yield Spool(Path(folder.name))


class Spool:
    """A folder of files that wait to be read, under names of our own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def origin(self, submission: Submission, fetcher: Fetcher) -> Origin | Failure:
        """Return where to read a submission, fetched if it is an address, or why it cannot be read."""
        data = submission.data
        if data is None:
            return self.fetched(submission.name, fetcher)
        name = file_name(submission.name)
        extension = PurePosixPath(name).suffix.lower()
        if not loader_for(Path(f"a{extension}")):
            reason = "This kind of file is not read; give .md, .txt, .html, .json or .jsonl."
            return Failure(path=name, place="", reason=reason)
        path = self._kept(data, extension) if isinstance(data, bytes) else data
        return Origin(path=path, name=name, location=f"upload:{name}", uploaded=True)

    def fetched(self, url: str, fetcher: Fetcher) -> Origin | Failure:
        """Return where to read the page at an address, or why it cannot be read."""
        try:
            page = fetcher.fetch(url)
        except UnreadableFileError as error:
            return Failure(path=clean_line(url[:_LONGEST_NAME]), place="", reason=str(error))
        path = self._kept(page.data, page.extension)
        return Origin(path=path, name=page.url, location=page.url, url=page.url)

    def _kept(self, data: bytes, extension: str) -> Path:
        self._count += 1
        path = self._folder / f"{self._count:06}{extension}"
        try:
            path.write_bytes(data)
        except OSError as error:
            raise _cannot_keep(error) from error
        return path


def file_name(name: str) -> str:
    """Return a submitted name as a plain one: without folders, in one line, of limited length."""
    last = clean_line(name.replace("\\", "/")).rpartition("/")[2].strip()
    return last[-_LONGEST_NAME:] or "unnamed"


def _cannot_keep(error: OSError) -> StorageError:
    return StorageError(f"What was submitted cannot be kept ({error.strerror or error}); free the disk.")

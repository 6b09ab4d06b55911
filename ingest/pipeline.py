"""Reads files into a library: known versions are skipped, vectors are reused, and each batch is committed whole.

Versions of one article are ordered by their moment (`updated`, else `published`), then by when they were ingested. A
version that is older than the current one is stored behind it. A version that is stored already changes nothing, except
when the file that gave the current version was turned back to it.

Articles of one publisher, title and date, without address or row id, are versions of one article if they come from the
same file or the later text resembles the current one (`dedupe.resembles`). If not, they are two: the one that is met
first has the name of publisher, title and date, the other that of its file, and each keeps it in every later run. So
which of the two has which name depends on the order of the files in the first run. The limits of this: two reports that
share half of their words pass for versions; a file whose text was replaced gives a new version; and a version, in a
further file, of the article that is named by its file is stored as one more article, linked as a near-duplicate.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from ingest.compose import Composed, compose
from ingest.dedupe import Fingerprint, fingerprint, repeated, resembles
from ingest.files import find
from ingest.loaders import load
from ingest.split import LIMIT, split
from ingest.values import Duplicate, Failure, Origin, Progress, Raw, Report, origin_of
from rag.errors import DatelineError, UnreadableFileError
from rag.protocols import Embedder, Indexed, Library, LibraryWriter, Vector
from rag.types import Article, Passage, digest

ARTICLES_PER_COMMIT = 64
PASSAGES_PER_COMMIT = 1000


def ingest(
    paths: Sequence[Path | Origin | Failure],
    library: Library,
    embedder: Embedder,
    *,
    progress: Callable[[Progress], None] | None = None,
    passage_limit: int = LIMIT,
) -> Report:
    """Read articles from files and directories into the library, and report what became of each.

    What was uploaded or fetched comes as its origin; what could not be as the failure, which goes into the report.
    A passage has at most `passage_limit` characters; articles that are stored already keep the passages they have.
    Raises LibraryError or ProviderError when storing or embedding fails: what was committed until then stays, a note
    on the error tells how much that is, `ingest.report.partial_report` gives the account of it, and running again goes
    on from there.
    """
    with library.writing() as writer:
        run = _Run(library=library, writer=writer, embedder=embedder, passage_limit=passage_limit)
        try:
            _read(paths, run, progress or (lambda _: None))
        except DatelineError as error:
            done = replace(run.report(), complete=False)
            error.add_note(
                f"{len(done.added) + len(done.updated)} articles were stored before; run the same again to go on."
            )
            error.report = done  # type: ignore[attr-defined]  # `partial_report` reads it; rag does not know reports
            raise
    return run.report()


def embedded_text(passage: Passage) -> str:
    """Return what is embedded for a passage."""
    return passage.text


def _read(paths: Sequence[Path | Origin | Failure], run: _Run, progress: Callable[[Progress], None]) -> None:
    files = _origins(paths)
    for done, file in enumerate(files):
        if isinstance(file, Failure):
            run.failed.append(file)
            progress(Progress(done=done + 1, total=len(files), path=file.path, articles=run.met))
            continue
        for found in load(file.path):
            run.take(found, file)
            progress(Progress(done=done, total=len(files), path=file.name, articles=run.met))
        progress(Progress(done=done + 1, total=len(files), path=file.name, articles=run.met))
    run.flush()


def _origins(paths: Sequence[Path | Origin | Failure]) -> list[Origin | Failure]:
    """Return the files under the paths, then what came as its origin or as a failure."""
    found = find([path for path in paths if isinstance(path, Path)])
    files = [origin_of(file) if isinstance(file, Path) else file for file in found]
    return [*files, *(path for path in paths if not isinstance(path, Path))]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """An article that waits for its batch to be committed."""

    article: Article
    location: str
    passages: tuple[Passage, ...]
    fingerprint: Fingerprint
    new: bool = False
    """Whether it is the first version of its article."""
    again: bool = False
    """Whether it is stored already, and is put once more to stay the current version."""
    duplicate_of: str | None = None

    @property
    def article_id(self) -> str:
        return self.article.source.article_id

    def embedded(self) -> Iterator[tuple[str, str]]:
        """Yield each passage's key and the text that is embedded for it."""
        for passage in self.passages:
            text = embedded_text(passage)
            yield digest(text), text

    def indexed(self, vectors: Mapping[str, Vector]) -> Indexed:
        """Return the article as the library takes it."""
        keys = tuple(key for key, _ in self.embedded())
        return Indexed(
            article=self.article,
            location=self.location,
            passages=self.passages,
            keys=keys,
            vectors=tuple(vectors[key] for key in keys),
            signature=self.fingerprint.signature,
            bands=self.fingerprint.bands,
            duplicate_of=self.duplicate_of,
        )


@dataclass(slots=True, kw_only=True)
class _Run:
    """What one ingest holds: the batch at hand, and the account so far."""

    library: Library
    writer: LibraryWriter
    embedder: Embedder
    passage_limit: int = LIMIT
    pending: list[_Pending] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    remarks: list[Failure] = field(default_factory=list)

    @property
    def met(self) -> int:
        return len(self.added) + len(self.updated) + len(self.unchanged) + len(self.pending)

    def report(self) -> Report:
        """Return the account of what is committed."""
        return Report(
            added=tuple(self.added),
            updated=tuple(self.updated),
            unchanged=tuple(self.unchanged),
            duplicates=tuple(self.duplicates),
            failed=tuple(self.failed),
            remarks=tuple(self.remarks),
        )

    def take(self, found: Raw | Failure, origin: Origin) -> None:
        """Bring one article into the batch, or note why not."""
        if isinstance(found, Failure):
            self.failed.append(replace(found, path=origin.name))
            return
        try:
            composed = compose(found, origin)
        except UnreadableFileError as error:
            self.failed.append(Failure(path=origin.name, place=found.place, reason=str(error)))
            return
        self.remarks.extend(composed.remarks)
        location = origin.location + (f"#{found.place}" if found.place else "")
        article = self._named(composed, "" if found.place or origin.uploaded else location)
        self._place(article, location, whole_file=not found.place)

    def _named(self, composed: Composed, file: str) -> Article:
        """Return the article under its own name if another one bears the name that it came with."""
        article, own = composed.article, composed.own
        if own is None:
            return article
        self._settle(article.source.article_id, own)
        if self.writer.current_version(own) is None and self._is_that_article(article, file):
            return article
        return replace(article, source=replace(article.source, article_id=own))

    def _is_that_article(self, article: Article, file: str) -> bool:
        """Tell whether the stored article of this name, if any, is this one: given by the same file, or like it."""
        name = article.source.article_id
        if self.writer.current_version(name) is None or self.writer.has_version(name, article.version):
            return True
        given = self.writer.known(file) if file else None
        return (given is not None and given[0] == name) or resembles(article.text, self.library.article(name).text)

    def _settle(self, *article_ids: str) -> None:
        """Commit the batch if one of these articles waits in it."""
        if any(waiting.article_id in article_ids for waiting in self.pending):
            self.flush()

    def _place(self, article: Article, location: str, *, whole_file: bool) -> None:
        article_id = article.source.article_id
        self._settle(article_id)
        current = self.writer.current_version(article_id)
        stored = self.writer.has_version(article_id, article.version)
        if stored and not (whole_file and self._turned_back(article, location, current)):
            self.writer.seen_at(location, article_id, article.version)
            self.unchanged.append(article_id)
            return
        if current and self._older(article):
            self._store_behind(article, location)
        else:
            self._wait(replace(self._prepared(article, location), new=current is None))

    def _turned_back(self, article: Article, location: str, current: str | None) -> bool:
        """Tell whether the file that gave the current version holds this earlier text of it again."""
        article_id = article.source.article_id
        if article.version == current or self.writer.known(location) != (article_id, current):
            return False
        return not self._older(article)

    def _older(self, article: Article) -> bool:
        own, current = _moment(article), _moment(self.library.article(article.source.article_id))
        return own is not None and current is not None and own < current

    def _store_behind(self, article: Article, location: str) -> None:
        """Store a version that is older than the current one, and leave that one current."""
        self.flush()
        current = self._prepared(self.library.article(article.source.article_id), location)
        self.pending = [
            self._linked(each) for each in (self._prepared(article, location), replace(current, again=True))
        ]
        self.flush()
        self.writer.seen_at(location, article.source.article_id, article.version)

    def _prepared(self, article: Article, location: str) -> _Pending:
        passages = split(article, limit=self.passage_limit)
        return _Pending(article=article, location=location, passages=passages, fingerprint=fingerprint(article.text))

    def _wait(self, article: _Pending) -> None:
        self.pending.append(self._linked(article))
        passages = sum(len(waiting.passages) for waiting in self.pending)
        if len(self.pending) >= ARTICLES_PER_COMMIT or passages >= PASSAGES_PER_COMMIT:
            self.flush()

    def _linked(self, article: _Pending) -> _Pending:
        """Return the article with a link to the one that it nearly repeats.

        A new version is linked to earlier published articles only, so that an original never points to its copy.
        """
        wanted = set(article.fingerprint.bands)
        near = [each for each in self.writer.near(article.fingerprint.bands) if each[0] != article.article_id]
        if article.new:
            near += [
                (other.article_id, other.fingerprint.signature)
                for other in self.pending
                if not wanted.isdisjoint(other.fingerprint.bands)
            ]
        origin = repeated(article.fingerprint, near)
        if origin and not article.new and not _precedes(self.library.article(origin), article.article):
            origin = None
        return replace(article, duplicate_of=origin)

    def flush(self) -> None:
        """Embed what is new in the batch, and commit the batch."""
        texts = {key: text for waiting in self.pending for key, text in waiting.embedded()}
        vectors = dict(self.writer.vectors(list(texts)))
        missing = [key for key in texts if key not in vectors]
        found = self.embedder.embed_documents([texts[key] for key in missing]) if missing else []
        vectors.update((key, array("f", vector)) for key, vector in zip(missing, found, strict=True))
        if self.pending:
            self.writer.put([waiting.indexed(vectors) for waiting in self.pending])
        self._account()
        self.pending.clear()

    def _account(self) -> None:
        for each in self.pending:
            if each.again:
                continue
            (self.added if each.new else self.updated).append(each.article_id)
            if each.duplicate_of:
                self.duplicates.append(Duplicate(article_id=each.article_id, duplicate_of=each.duplicate_of))


def _moment(article: Article) -> datetime | None:
    return article.source.updated or article.source.published


def _precedes(one: Article, other: Article) -> bool:
    first, second = one.source.published, other.source.published
    return first is not None and second is not None and first < second

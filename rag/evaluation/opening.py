"""Opens the corpus of a suite: a library as it is, or a folder of articles read once into a library of its own.

The composition root of evaluation: here suites, settings, ingest and answering come together.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import ingest as ingesting
from ingest.files import find
from ingest.names import path_text
from ingest.report import report_text
from ingest.split import LIMIT
from rag import invisible, sentences
from rag.answer import Desk
from rag.compose import Newsroom, make_chat, make_embedder, newsroom
from rag.errors import ConfigurationError
from rag.evaluation.corpus import corpus_digest, manifest
from rag.evaluation.runs.directory import writing
from rag.evaluation.runs.order import Order
from rag.evaluation.suites.cases import Suite
from rag.library.connections import FORMAT
from rag.library.lock import taking_turns
from rag.protocols import ChatModel
from rag.provider.recorded import RecordingChat, ReplayedChat
from rag.question import periods
from rag.settings import Settings, default_cache, read_settings
from rag.terminal import working
from rag.types import digest

PASSAGE_SIZE = LIMIT
"""Most characters of a passage, unless another size is asked for."""
_LIBRARY, _REMARKS = "library", "remarks.json"
_KEPT_SECONDS = 14 * 24 * 3600
"""How long the library of a folder that has changed since is kept unasked."""
_READINGS = 3
"""How often a folder is read that changes meanwhile."""
READERS = (invisible, sentences, periods)
"""The modules of `rag` that have a part in turning files into passages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Articles(Newsroom):
    """The articles of a suite, opened."""

    unread: tuple[str, ...] = ()
    """What of a folder could not be read, and why."""


@contextmanager
def corpus_of(
    suite: Suite,
    path: Path,
    settings: Settings,
    *,
    cache: Path,
    library: Path | None = None,
    passage_limit: int = PASSAGE_SIZE,
) -> Iterator[Articles]:
    """Open the articles that a suite file at `path` was written for; `library` goes before what it names.

    A folder is read into `cache` when its files, the embedding model or our way of reading them are new; processes that
    want the same wait for the first one. Raises ConfigurationError (also where passages of another size are wanted of
    what is read already), LibraryError or ProviderError.
    """
    place, unread = library or settings.library, list[str]()
    if passage_limit != PASSAGE_SIZE and (library is not None or suite.corpus.folder is None):
        raise ConfigurationError("Passages of another size need articles to read: a suite that has `corpus.folder`.")
    if library is None and suite.corpus.library is not None:
        place = path.parent / suite.corpus.library
    elif library is None and suite.corpus.folder is not None:
        # What may be deleted at any time leaves nothing on a server.
        settings = settings.model_copy(update={"chroma_url": None})
        with writing(cache):
            made = _read_once(path.parent / suite.corpus.folder, settings, cache.absolute(), passage_limit)
            place, unread = made / _LIBRARY, json.loads((made / _REMARKS).read_text(encoding="utf-8"))
    settings = settings.model_copy(update={"library": place})
    with newsroom(settings) as room:
        yield Articles(settings=settings, embedder=room.embedder, library=room.library, unread=tuple(unread))


@contextmanager
def corpora_of(
    order: Order, suites: Sequence[Suite], *, cache: Path | None = None, passage_limit: int = PASSAGE_SIZE
) -> Iterator[list[Articles]]:
    """Open the articles of each of the suites that are ordered; folders are read into the user's cache by default."""
    settings, cache = settings_of(order), cache or default_cache() / "corpora"
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                corpus_of(suite, path, settings, cache=cache, library=order.library, passage_limit=passage_limit)
            )
            for suite, path in zip(suites, order.suites, strict=True)
        ]


def measured(room: Newsroom, model: ChatModel | None = None, **tuned: float) -> Desk:
    """Return the desk of a room whose answers are to be measured.

    Nothing stands in for a model that fails: what the embedded reader answers would be counted as the model's.
    """
    return replace(room.desk(model, **tuned), fallback=None)


def chat_model(order: Order) -> ChatModel | None:
    """Return the model that writes answers, recorded or replayed where that is ordered; None for the reader."""
    settings = settings_of(order)
    return _taped(order, settings) if settings.generative else None


def judge_model(order: Order, *, session: str) -> ChatModel | None:
    """Return the model that judges answers, recorded or replayed in the same way; None where none is ordered.

    `session` names the run, whose votes are not asked for twice, see `RecordingChat`.
    """
    return _taped(order, read_settings(chat_model=order.judge), session) if order.judge else None


def _taped(order: Order, settings: Settings, session: str | None = None) -> ChatModel:
    if order.replay:
        return ReplayedChat(order.replay, settings.chat_model)
    model = make_chat(settings)
    return RecordingChat(model, order.record, session=session) if order.record else model


def settings_of(order: Order) -> Settings:
    """Return the settings of a run; replies that are replayed stand for a model, so none needs to be configured."""
    answerer = order.answerer
    if order.replay and answerer == "extractive" and not order.judge:
        raise ConfigurationError("--replay gives a chat model's replies; leave out --answerer extractive.")
    if order.replay and answerer != "extractive":
        answerer = "generative"
    settings = read_settings(library=order.library, answerer=answerer, chat_model=order.model)
    if order.record and not (settings.generative or order.judge):
        raise ConfigurationError("--record keeps a chat model's replies; set OPENAI_API_KEY or OPENAI_BASE_URL.")
    return settings


def corpus_remarks(suite: Suite, room: Articles) -> list[str]:
    """Return what whoever reads figures should know about the articles they were made over."""
    now, then = corpus_digest(manifest(room.library)), suite.corpus.digest
    changed = f"The articles changed since {suite.suite} was written: their digest was {then}, and is {now}."
    return [changed] * (then is not None and then != now) + [f"Not read: {failure}" for failure in room.unread]


def _read_once(folder: Path, settings: Settings, cache: Path, passage_limit: int) -> Path:
    """Return where the library of a folder's articles lies; it is built aside, so that nobody meets half of it.

    What was saved while it was built may be in it or not, so its name must still be right when it is done.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            f"The suite's corpus {folder} is not a folder; mend `corpus.folder`, or use --library."
        )
    cache.mkdir(parents=True, exist_ok=True)
    embedder = make_embedder(settings).name
    for _ in range(_READINGS):
        place = cache / _name(folder, embedder, passage_limit)
        with taking_turns(place.with_suffix(".lock")):
            if not place.exists():
                building = place.with_suffix(".building")
                _build(folder, settings, building, passage_limit)
                if place.name != _name(folder, embedder, passage_limit):
                    shutil.rmtree(building)
                    continue
                building.rename(place)
                _forget_older(place)
            place.touch()
        return place
    raise ConfigurationError(f"The articles in {folder} change while they are read; run again when they are at rest.")


def _build(folder: Path, settings: Settings, building: Path, passage_limit: int) -> None:
    shutil.rmtree(building, ignore_errors=True)
    aside = settings.model_copy(update={"library": building / _LIBRARY})
    with newsroom(aside, create=True) as room, working(f"Reading the articles in {folder.name}"):
        report = ingesting.ingest([folder], room.library, room.embedder, passage_limit=passage_limit)
        if not room.library.count():
            raise ConfigurationError(f"No article could be read in {folder}: {report_text(report)}.")
    (building / _REMARKS).write_text(json.dumps([str(failure) for failure in report.failed]), encoding="utf-8")


def _forget_older(place: Path) -> None:
    """Remove what the same folder once held and nobody has asked for of late."""
    for other in place.parent.glob(f"{place.name.partition('-')[0]}-*"):
        if other.is_dir() and time.time() - other.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(other, ignore_errors=True)


def _name(folder: Path, embedder: str, passage_limit: int) -> str:
    """Return what names the library: a digest of the folder's path, which names articles without an address; and of
    all that its content depends on.
    """
    files = [found for found in find([folder]) if isinstance(found, Path)]
    parts = [f"{path_text(file.relative_to(folder))}\x1f{_digest(file)}" for file in files]
    return f"{digest(path_text(folder.resolve()))}-{digest(embedder, str(passage_limit), _reader(), *parts)}"


def _reader() -> str:
    """Return a digest of the code that turns files into a library."""
    ours = [*sorted(Path(ingesting.__file__).parent.rglob("*.py")), *(Path(str(each.__file__)) for each in READERS)]
    return digest(str(FORMAT), *map(_digest, ours))


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        return str(error.strerror)  # reading it as an article will tell of it

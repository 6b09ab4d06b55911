"""What several test folders share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

import app
from ingest.split import split
from rag.library import LocalLibrary, open_library
from rag.protocols import Embedder, Indexed
from rag.sentences import sentences
from rag.testing import HashingEmbedder
from rag.types import Article, Passage, Source, Span, digest

SEEDS = Path(__file__).parents[1] / "seeds" / "articles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str


Dateline = Callable[..., Ran]


@pytest.fixture
def dateline(capfd: pytest.CaptureFixture[str]) -> Dateline:
    """Run the command line in this process, as the installed command would."""

    def run(*words: str | Path) -> Ran:
        capfd.readouterr()
        try:
            app.main([str(word) for word in words])
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capfd.readouterr()
        return Ran(code=code, out=captured.out, err=captured.err)

    return run


@pytest.fixture(scope="session")
def ingested_seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the seed articles, made once; copy it before changing it."""
    place = tmp_path_factory.mktemp("seeds") / "library"
    with pytest.raises(SystemExit) as stop:
        app.main(["ingest", str(SEEDS), "--library", str(place)])
    assert stop.value.code == 0
    return place


@pytest.fixture
def seed_library(ingested_seeds: Path, tmp_path: Path) -> Path:
    """A library of the seed articles that the test may change."""
    return Path(shutil.copytree(ingested_seeds, tmp_path / "library"))


MakePassage = Callable[..., Passage]


@pytest.fixture
def passage() -> MakePassage:
    """Make a passage that is the whole text of its article."""

    def make(
        text: str, article: str = "a", *, publisher: str | None = None, day: str | None = None, start: int = 0
    ) -> Passage:
        published = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
        source = Source(article_id=article, title=f"Title of {article}", publisher=publisher, published=published)
        spans = tuple(Span(span.start + start, span.end + start) for span in sentences(text))
        return Passage(source=source, version="v1", start=start, end=start + len(text), text=text, sentences=spans)

    return make


MakeLibrary = Callable[..., LocalLibrary]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[MakeLibrary]:
    """Make a library of articles, each a source and its text."""
    opened: list[LocalLibrary] = []

    def make(*articles: tuple[Source, str], embedder: Embedder | None = None) -> LocalLibrary:
        embedder = embedder or HashingEmbedder()
        made = open_library(tmp_path / "library", model=embedder.name, dimension=embedder.dimension, create=True)
        opened.append(made)
        with made.writing() as writer:
            writer.put([_indexed(Article(source=source, text=text), embedder) for source, text in articles])
        return made

    yield make
    for each in opened:
        each.close()


def _indexed(article: Article, embedder: Embedder) -> Indexed:
    passages = split(article)
    return Indexed(
        article=article,
        location=article.source.article_id,
        passages=passages,
        keys=tuple(digest(passage.text) for passage in passages),
        vectors=tuple(embedder.embed_documents([passage.text for passage in passages])),
    )

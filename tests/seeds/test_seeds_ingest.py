"""The seeds go through the real pipeline as intended: versions, a duplicate, and no date where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest import Report, ingest
from rag.library import LocalLibrary, open_library
from rag.testing import HashingEmbedder
from rag.types import Scope

SEEDS = Path(__file__).parents[2] / "seeds" / "articles"
FILES = len(list(SEEDS.glob("*.md")))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalLibrary, Report]]:
    embedder = HashingEmbedder()
    directory = tmp_path_factory.mktemp("seeds") / "library"
    with closing(open_library(directory, model=embedder.name, dimension=embedder.dimension, create=True)) as library:
        yield library, ingest([SEEDS], library, embedder)


def test_every_file_becomes_an_article_or_a_version(seeded: tuple[LocalLibrary, Report]) -> None:
    library, report = seeded
    assert report.failed == ()
    assert library.count() == FILES - 1
    assert all(not summary.source.title_derived for summary in library.articles())


def test_the_correction_is_the_current_version_of_one_article(seeded: tuple[LocalLibrary, Report]) -> None:
    library, report = seeded
    (corrected,) = report.updated
    first, second = library.versions(corrected)
    assert (first.source.title, first.current) == ("Three hurt in fire at Marrable Seafoods", False)
    assert (second.source.title, second.current) == ("Two hurt in fire at Marrable Seafoods", True)
    assert second.source.updated == datetime(2024, 4, 11, 8, tzinfo=UTC)


def test_the_wire_story_in_the_second_paper_is_a_duplicate(seeded: tuple[LocalLibrary, Report]) -> None:
    library, report = seeded
    (duplicate,) = report.duplicates
    pair = [library.article(name).source for name in (duplicate.article_id, duplicate.duplicate_of)]
    assert [source.publisher for source in pair] == ["Harbour Post (fictional)", "Tidewater Courier (fictional)"]
    assert {source.author for source in pair} == {"Coastline Wire (fictional)"}


def test_one_article_has_no_date_and_gets_none(seeded: tuple[LocalLibrary, Report]) -> None:
    library, _ = seeded
    undated = [summary.source.title for summary in library.articles() if summary.source.published is None]
    assert undated == ["Museum shows the lens that lit Pellhaven Head"]


def test_outlets_and_periods_can_be_told_apart(seeded: tuple[LocalLibrary, Report]) -> None:
    library, _ = seeded
    assert library.publishers() == ["Dateline Sample Desk", "Harbour Post (fictional)", "Tidewater Courier (fictional)"]
    assert library.count(Scope(publishers=("Dateline Sample Desk",))) == 5
    assert library.count(Scope(until=datetime(2024, 1, 1, tzinfo=UTC))) == 5

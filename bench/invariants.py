"""A library whose every state is known beforehand: what is written into it step by step, and what must then hold."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rag.library import LocalLibrary, Neighbours, open_library
from rag.protocols import Indexed
from rag.testing import HashingEmbedder
from rag.testing.library import paragraphs
from rag.types import Article, Scope, Source, digest

DIMENSION = 128
BATCH = 20
EMBEDDER = HashingEmbedder(DIMENSION)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
QUERIES = ("harbour strike vote", "river flood town", "minister denied the report", "price of bread", "school roof")
WORDS = (
    "harbour strike vote river flood town minister denied report price bread school roof council budget train delay "
    "storm power line nurse ward judge appeal farm wheat grain port bridge toll museum theatre fire brigade mayor "
    "court union wage pension tax rate bank loan rent house street park tree dog bird fish boat ferry island coast"
)


def write(directory: Path, articles: int, target: int) -> None:
    """Bring the library to the target; what is there already is left alone."""
    print("ready", flush=True)
    library = open_library(directory, model=EMBEDDER.name, dimension=DIMENSION, create=True)
    with library.writing() as writer:
        batch: list[Indexed] = []
        for number in range(articles):
            wanted = wanted_revision(number, target)
            name = f"article{number}"
            if wanted is None:
                if writer.current_version(name):
                    writer.remove(name)
                continue
            article = made(number, wanted)
            if writer.current_version(name) != article.version:
                batch.append(indexed(article))
            if len(batch) == BATCH:
                writer.put(batch)
                batch = []
        writer.put(batch)


def check(directory: Path, articles: int, target: int) -> dict[str, list[str]]:
    """Return broken invariants, and what is not yet at its target."""
    try:
        library = opened(directory, exact_up_to=0)
    except Exception as error:  # noqa: BLE001  any error is a finding
        missing = type(error).__name__ == "LibraryMissingError"
        return {"broken": [] if missing else [repr(error)], "unfinished": ["everything"]}
    broken = [*_whole(library, target), *_tables(directory), *_searched(library, directory)]
    wanted = {f"article{n}": wanted_revision(n, target) for n in range(articles)}
    is_there = {each.source.article_id: each.version for each in library.articles(limit=1_000_000)}
    should = {name: made(int(name[7:]), revision).version for name, revision in wanted.items() if revision is not None}
    unfinished = sorted(name for name in wanted if is_there.get(name) != should.get(name))
    library.close()
    return {"broken": broken, "unfinished": unfinished}


def opened(directory: Path, *, exact_up_to: int) -> LocalLibrary:
    """Open the library to be searched through its index above so many passages."""
    return open_library(
        directory, model=EMBEDDER.name, dimension=DIMENSION, neighbours=Neighbours(exact_up_to=exact_up_to)
    )


def wanted_revision(number: int, target: int) -> int | None:
    """Return which text an article should have, None if it should be gone."""
    return None if (number + target) % 11 == 0 else sum((number + step) % 3 == 0 for step in range(1, target + 1))


def made(number: int, revision: int) -> Article:
    """Return an article of some ten paragraphs, of which a revision changes about a third."""
    paragraphs = []
    for part in range(8 + (number + revision) % 5):
        chance = random.Random(f"{number} {part} {revision if part % 3 == 0 else 0}")
        paragraphs.append(" ".join(chance.choices(WORDS.split(), k=60)).capitalize() + ".")
    source = Source(
        article_id=f"article{number}",
        title=f"Report {number}",
        publisher=f"Paper {number % 7}",
        published=FIRST + timedelta(hours=number),
        updated=FIRST + timedelta(hours=number, days=revision),
    )
    return Article(source=source, text="\n\n".join(paragraphs))


def indexed(article: Article) -> Indexed:
    """Return the article ready to be stored, one passage for each paragraph."""
    passages = tuple(paragraphs(article))
    return Indexed(
        article=article,
        location=f"{article.source.article_id}.txt",
        passages=passages,
        keys=tuple(digest(passage.text) for passage in passages),
        vectors=tuple(EMBEDDER.embed_documents([passage.text for passage in passages])),
    )


def _whole(library: LocalLibrary, target: int) -> Iterator[str]:
    """Every article is, to the last passage, one of its revisions."""
    for listed in library.articles(limit=1_000_000):
        name = listed.source.article_id
        known = {made(int(name[7:]), revision).version: revision for revision in range(target + 2)}
        if listed.version not in known:
            yield f"{name}: unknown version"
            continue
        article = made(int(name[7:]), known[listed.version])
        if library.article(name) != article or listed.passages != len(indexed(article).passages):
            yield f"{name}: not whole"
        found = library.dense(EMBEDDER.embed_query("port"), Scope(article_ids=(name,)), 100)
        expected = {passage.id for passage in indexed(article).passages}
        if {each.passage.id for each in found} != expected:
            yield f"{name}: search shows {len(found)} of {len(expected)} passages"


def _tables(directory: Path) -> Iterator[str]:
    """The tables of the catalog agree, and nothing is there twice."""
    connection = sqlite3.connect(directory / "catalog.sqlite")
    numbers = {
        "sums": "SELECT (SELECT coalesce(sum(passages), 0) FROM version) - (SELECT count(*) FROM passage)",
        "words": "SELECT (SELECT count(*) FROM lexical) - (SELECT count(*) FROM passage)",
        "words of nothing": "SELECT count(*) FROM lexical WHERE rowid NOT IN (SELECT number FROM passage)",
        "vectors nobody uses": "SELECT count(*) FROM vector WHERE number NOT IN (SELECT vector FROM passage)",
        "places twice": "SELECT count(*) - count(DISTINCT article_id) FROM location",
        "passages twice": "SELECT count(*) - count(DISTINCT version || ':' || start) FROM passage",
    }
    for name, query in numbers.items():
        if connection.execute(query).fetchone()[0]:
            yield f"tables disagree: {name}"
    if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
        yield "integrity_check"
    connection.close()


def _searched(library: LocalLibrary, directory: Path) -> Iterator[str]:
    """Search by the index, where it may be used, gives what exact scoring gives."""
    exact = opened(directory, exact_up_to=1_000_000)
    for query in QUERIES:
        vector = EMBEDDER.embed_query(query)
        by_index, by_all = (each.dense(vector, Scope(), 10) for each in (library, exact))
        twice = [name for name, times in Counter(each.passage.id for each in by_index).items() if times > 1]
        if twice or len(by_index) != len(by_all):
            yield f"search: {len(by_index)} of {len(by_all)}, twice: {twice}"
        elif len({each.passage.id for each in by_index} & {each.passage.id for each in by_all}) < len(by_all) - 1:
            yield "search: the index finds other passages than exact scoring"
    exact.close()

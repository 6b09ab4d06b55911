"""Kill a writer at random instants, again and again, and see whether the library ever shows the wound.

    python -m bench.crash --rounds 100 --out crash.json

Each round starts a process that brings a library to a known state (new articles, changed ones, removed ones), kills it
with SIGKILL, every other time in the moment in which the vector index writes its files, and then, in a further
process, opens the library as a reader and checks every invariant. A writer that got to its end moves the target on.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rag.library import LocalLibrary, open_library
from rag.protocols import Indexed
from rag.testing import HashingEmbedder
from rag.types import Article, Passage, Scope, Source, Span, digest

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


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the rounds showed."""

    rounds: int = 0
    killed: int = 0
    killed_while_index_was_written: int = 0
    finished: int = 0
    recoveries: int = 0
    rebuilt_or_mended_messages: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--articles", type=int, default=160)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--target", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write(given.write, given.articles, given.target)
    elif given.check:
        print(json.dumps(check(given.check, given.articles, given.target)))
    else:
        tally = run(given.rounds, given.articles, given.seed, lambda so_far: _save(so_far, given.out))
        print(json.dumps(asdict(tally), indent=2))
        raise SystemExit(1 if tally.failures else 0)


def run(rounds: int, articles: int, seed: int, progress: Callable[[Tally], None] = lambda _: None) -> Tally:
    """Kill and check so many times."""
    tally, chance, target = Tally(), random.Random(seed), 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crash-") as place:
        directory = Path(place) / "library"
        for number in range(rounds):
            tally.rounds += 1
            done = _round(directory, articles, target, chance, tally, at_flush=bool(number % 2))
            _account(tally, f"round {number}", _ask("--check", directory, articles, target))
            if number % 5 == 4 or done:
                _finish(directory, articles, target, tally)
                target += 1
            tally.seconds = round(time.monotonic() - began, 1)
            progress(tally)
        _finish(directory, articles, target, tally)
    tally.seconds = round(time.monotonic() - began, 1)
    progress(tally)
    return tally


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
        library = _opened(directory, exact_up_to=0)
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
    passages = tuple(_passages(article))
    return Indexed(
        article=article,
        location=f"{article.source.article_id}.txt",
        passages=passages,
        keys=tuple(digest(passage.text) for passage in passages),
        vectors=tuple(EMBEDDER.embed_documents([passage.text for passage in passages])),
    )


def _save(tally: Tally, out: Path | None) -> None:
    if out:
        out.write_text(json.dumps(asdict(tally), indent=2) + "\n", encoding="utf-8")


def _round(directory: Path, articles: int, target: int, chance: random.Random, tally: Tally, *, at_flush: bool) -> bool:
    """Start a writer and kill it; tell whether it had finished before."""
    child = subprocess.Popen(_command("--write", directory, articles, target), stdout=subprocess.PIPE, text=True)
    assert child.stdout
    child.stdout.readline()
    if at_flush and _index_is_written(directory, child, chance):
        tally.killed_while_index_was_written += 1
    else:
        time.sleep(chance.uniform(0, 4))
    child.send_signal(signal.SIGKILL)
    code = child.wait()
    child.stdout.close()
    tally.killed += code == -signal.SIGKILL
    return code == 0


def _index_is_written(directory: Path, child: subprocess.Popen[str], chance: random.Random) -> bool:
    """Wait until the files of neighbours change, then a few milliseconds more at most."""
    before = _times(directory)
    deadline = time.monotonic() + 20
    while child.poll() is None and time.monotonic() < deadline:
        after = _times(directory)
        if any(before.get(path, moment) != moment for path, moment in after.items()):
            time.sleep(chance.choice((0, 0, 0.001, 0.003, 0.01)))
            return child.poll() is None
        before = after
        time.sleep(0.001)
    return False


def _times(directory: Path) -> dict[str, int]:
    found = {}
    for path in directory.glob("vectors-*/*/*.bin"):
        try:
            found[str(path)] = path.stat().st_mtime_ns
        except FileNotFoundError:
            continue
    return found


def _finish(directory: Path, articles: int, target: int, tally: Tally) -> None:
    """Let a writer run to its end; then nothing may be missing and the index must agree."""
    done = subprocess.run(
        _command("--write", directory, articles, target), capture_output=True, text=True, check=False, timeout=600
    )
    tally.finished += 1
    tally.rebuilt_or_mended_messages += done.stderr.count("rebuilding") + done.stderr.count("will be")
    tally.recoveries += "did not finish" in done.stderr
    if done.returncode:
        tally.failures.append(f"target {target}: the rerun failed: {done.stderr[-300:]}")
    found = _ask("--check", directory, articles, target)
    _account(tally, f"target {target}", found)
    if found.get("unfinished"):
        tally.failures.append(f"target {target}: unfinished after a full run: {found['unfinished'][:3]}")
    library = _opened(directory, exact_up_to=0)
    tally.failures += [f"target {target}: {each.what}" for each in library.check() if not each.ok]
    library.close()


def _ask(mode: str, directory: Path, articles: int, target: int) -> dict[str, list[str]]:
    done = subprocess.run(_command(mode, directory, articles, target), capture_output=True, text=True, check=False)
    if done.returncode:
        return {"broken": [f"the reader ended with {done.returncode}: {done.stderr[-300:]}"]}
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def _account(tally: Tally, when: str, found: dict[str, list[str]]) -> None:
    tally.failures += [f"{when}: {each}" for each in found.get("broken", [])]


def _command(mode: str, directory: Path, articles: int, target: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "bench.crash",
        mode,
        str(directory),
        "--articles",
        str(articles),
        "--target",
        str(target),
    ]


def _opened(directory: Path, *, exact_up_to: int) -> LocalLibrary:
    return open_library(directory, model=EMBEDDER.name, dimension=DIMENSION, exact_up_to=exact_up_to)


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
    exact = _opened(directory, exact_up_to=1_000_000)
    for query in QUERIES:
        vector = EMBEDDER.embed_query(query)
        by_index, by_all = (each.dense(vector, Scope(), 10) for each in (library, exact))
        twice = [name for name, times in Counter(each.passage.id for each in by_index).items() if times > 1]
        if twice or len(by_index) != len(by_all):
            yield f"search: {len(by_index)} of {len(by_all)}, twice: {twice}"
        elif len({each.passage.id for each in by_index} & {each.passage.id for each in by_all}) < len(by_all) - 1:
            yield "search: the index finds other passages than exact scoring"
    exact.close()


def _passages(article: Article) -> Iterator[Passage]:
    start = 0
    for paragraph in article.text.split("\n\n"):
        end = start + len(paragraph)
        spans = (Span(start, end),)
        yield Passage(
            source=article.source, version=article.version, start=start, end=end, text=paragraph, sentences=spans
        )
        start = end + 2


if __name__ == "__main__":
    main()

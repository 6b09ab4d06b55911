"""Ask an open library without pause while another process changes it: does every change show at once, and nothing fail?

    python -m bench.live --articles FILE.jsonl --seconds 30 --out live.json

Threads of one process ask a desk. Meanwhile `dateline` runs again and again, as a process of its own: it ingests new
articles, turns them into other versions, and removes them. After each run the next search must show the change.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rag.answer import Desk
from rag.compose import Newsroom, newsroom
from rag.question.requests import make_question
from rag.settings import read_settings
from rag.types import Answer, Scope

QUESTIONS = (
    "What did the president say?",
    "How many people were killed?",
    "Who won the election?",
    "What did the court decide in March?",
    "Which company was fined?",
)
NAMES = ("Ostrava", "Quillmere", "Brandywine", "Zanzibar", "Thessaly", "Umbria")


@dataclass(slots=True, kw_only=True)
class Tally:
    """What happened; times in seconds."""

    asks: int = 0
    ask_median: float = 0.0
    ask_95th: float = 0.0
    ask_longest: float = 0.0
    changes: int = 0
    change_median: float = 0.0
    articles: int = 0
    late: list[str] = field(default_factory=list)
    """Changes that the first search after them did not show."""
    errors: list[str] = field(default_factory=list)


def main() -> None:
    """Run the command line; exit with 1 if anything failed or was late."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, required=True, help="articles that are there from the start")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="live-") as place:
        tally = run(Path(place), options.articles, options.seconds, options.threads)
    told = json.dumps(asdict(tally), indent=2)
    print(told)
    if options.out:
        options.out.write_text(told + "\n", encoding="utf-8")
    raise SystemExit(1 if tally.errors or tally.late or not tally.changes else 0)


def run(place: Path, articles: Path, seconds: float, threads: int) -> Tally:
    """Ask and change for so long."""
    tally, library, stop = Tally(), place / "library", threading.Event()
    _dateline(tally, "ingest", str(articles), "--library", str(library))
    with newsroom(read_settings(library=library)) as room:
        desk = room.desk()
        desk.ask(make_question(QUESTIONS[0], Scope()))
        times: list[float] = []
        asking = [threading.Thread(target=_ask, args=(room, desk, stop, times, tally.errors)) for _ in range(threads)]
        for thread in asking:
            thread.start()
        try:
            _change(place, desk, time.monotonic() + seconds, tally)
        finally:
            stop.set()
            for thread in asking:
                thread.join()
        tally.articles = room.library.count()
    ordered = sorted(times) or [0.0]
    tally.asks, tally.ask_longest = len(times), round(ordered[-1], 3)
    tally.ask_median = round(statistics.median(ordered), 3)
    tally.ask_95th = round(ordered[int(len(ordered) * 0.95)], 3)
    return tally


def _ask(room: Newsroom, desk: Desk, stop: threading.Event, times: list[float], errors: list[str]) -> None:
    chance = random.Random(threading.get_ident())
    while not stop.is_set():
        began = time.monotonic()
        try:
            answer = desk.ask(make_question(chance.choice(QUESTIONS), Scope()))
            times.append(time.monotonic() - began)
            errors.extend(_false_quotes(room, answer))
        except Exception as error:  # noqa: BLE001  every one counts
            errors.append(f"ask: {error!r}")
            return


def _false_quotes(room: Newsroom, answer: Answer) -> Iterator[str]:
    for each in answer.citations:
        if room.library.article(each.source.article_id, each.version).text[each.start : each.end] != each.quote:
            yield f"a quotation that is not in its article: {each.quote[:80]}"


def _change(place: Path, desk: Desk, until: float, tally: Tally) -> None:
    """Take each article through its life: new, changed, removed."""
    took: list[float] = []
    round_ = 0
    while time.monotonic() < until:
        file, name = place / f"story{round_}.md", f"{NAMES[round_ % len(NAMES)]}{round_}"
        for figure in (17, 18, None):
            began = time.monotonic()
            if figure is None:
                _dateline(tally, "articles", "remove", _found(desk, name)[0][0], *_at(place))
            else:
                text = f"Officials in {name} counted {figure} herons on the frozen lake."
                file.write_text(f"---\ntitle: Herons of {name}\n---\n{text}\n", encoding="utf-8")
                _dateline(tally, "ingest", str(file), *_at(place))
            took.append(time.monotonic() - began)
            tally.changes += 1
            shown = [text for _, text in _found(desk, name)]
            expected = [] if figure is None else [f"Officials in {name} counted {figure} herons on the frozen lake."]
            if shown != expected:
                tally.late.append(f"{name}, {figure or 'removed'}: {shown}")
        round_ += 1
    tally.change_median = round(statistics.median(took), 3)


def _at(place: Path) -> Sequence[str]:
    return "--library", str(place / "library")


def _found(desk: Desk, name: str) -> list[tuple[str, str]]:
    """Return (article id, text) of the passages that name it, as one search shows them."""
    hits = desk.search(make_question(f"How many herons were counted in {name}?", Scope()), 5)
    return [(hit.passage.source.article_id, hit.passage.text) for hit in hits if name in hit.passage.text]


def _dateline(tally: Tally, *words: str) -> None:
    command = [sys.executable, "-c", "import app; app.main()", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        tally.errors.append(f"{' '.join(words[:2])} ended with {done.returncode}: {done.stderr[-300:]}")


if __name__ == "__main__":
    main()

"""How good answers are on public question sets, measured as a user would: imported, run and scored.

    python -m bench.evaluation --data DIR --out evaluation.json [--sample N]

DIR holds a folder for each set (`bench/questions.py` describes their files). With a sample, that many questions of each
set are asked, chosen by the hash of their ids, over all of its articles. One question at a time, so that latencies are
those of one user. Intervals take the questions about one article as one. Answers come from what the environment
configures; without anything, from the embedded default.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ingest import ingest
from rag.compose import newsroom
from rag.evaluation.evaluate import evaluate, report_of
from rag.evaluation.importers import FORMS
from rag.evaluation.reports.figures import amount, interval, samples
from rag.evaluation.reports.json_form import estimate_object
from rag.evaluation.results import Estimate
from rag.evaluation.runs.order import Order
from rag.evaluation.suites.suitefile import read_suite
from rag.settings import read_settings
from rag.wire import Json

SETS = ("newsqa", "onestop", "followups", "squad2")
LEFT_OUT = ("tokens", "cost")
"""Metrics that say nothing of a reader without a model."""


def main() -> None:
    """Import, run and score every set; print the metrics, and write them as JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="folder of question sets")
    options.add_argument("--sets", nargs="+", default=SETS, help="which of them")
    options.add_argument("--sample", type=int, help="questions of each set; all if not given")
    options.add_argument("--out", type=Path, help="JSON file to write")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        measured = {name: measure(given.data / name, Path(place) / name, given.sample) for name in given.sets}
    if given.out:
        written = {"sample": given.sample, "sets": measured}
        given.out.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measure(data: Path, place: Path, sample: int | None) -> dict[str, Json]:
    """Return the metrics of one set, how long it took, and what of it could not be imported."""
    imported = FORMS["rows"]([data], place, limit=sample)
    for failure in imported.failed:
        print(failure, file=sys.stderr)
    library = place / "library"
    with newsroom(read_settings(library=library), create=True) as room:
        ingest([place / "articles"], room.library, room.embedder)
    started = time.perf_counter()
    order = Order(suites=(imported.suite,), library=library, out=place / "run")
    run = evaluate(order, [read_suite(imported.suite)])
    seconds = time.perf_counter() - started
    report = report_of(run)
    estimates = [each for each in report.summary.estimates if each.metric not in LEFT_OUT]
    show(data.name, imported.articles, imported.cases, seconds, estimates)
    return {
        "articles": imported.articles,
        "questions": imported.cases,
        "unreadable": len(imported.failed),
        "seconds": round(seconds, 1),
        "answerer": report.run.answerer,
        "metrics": [estimate_object(each) for each in estimates],
        "outcomes": {outcome.value: count for outcome, count in report.summary.outcomes.items() if count},
    }


def show(name: str, articles: int, questions: int, seconds: float, estimates: Sequence[Estimate]) -> None:
    """Print one set as rows of a table."""
    print(f"\n{name}: {questions:,} questions over {articles:,} articles, {seconds:.0f} s\n")
    print("| Metric | Value | 95 % interval | n |\n| --- | ---: | ---: | ---: |")
    for each in estimates:
        value, ends = amount(each.metric, each.value), interval(each.metric, each.low, each.high)
        print(f"| {each.metric} | {value} | {ends} | {samples(each)} |", flush=True)


if __name__ == "__main__":
    main()

"""What a question costs from a cold start, beside the least that the same vector store costs in bare Python.

    python -m bench.cold --articles FILE.jsonl --question "…" --out cold.json

Both run as whole processes, in turn, after one uncounted run of each; the figure to quote is the median of the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

BARE = """
import sys
import chromadb
client = chromadb.PersistentClient(sys.argv[1], settings=chromadb.Settings(anonymized_telemetry=False))
print(client.list_collections()[0].count())
"""
MAIN = "import app; app.main()"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, required=True, help="articles to ask")
    parser.add_argument("--question", default="What did the president say?")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        library = Path(directory) / "library"
        seconds([sys.executable, "-c", MAIN, "ingest", str(options.articles), "--library", str(library)])
        index = next(library.glob("vectors-*"))
        result = compare(
            [sys.executable, "-c", MAIN, "ask", options.question, "--library", str(library), "--json"],
            [sys.executable, "-c", BARE, str(index)],
            options.runs,
        )
    print(json.dumps(result, indent=2))
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def compare(ask: Sequence[str], bare: Sequence[str], runs: int) -> dict[str, float]:
    """Return the medians of both in seconds, and the median of their ratio pair by pair."""
    seconds(ask), seconds(bare)
    pairs = [(seconds(ask), seconds(bare)) for _ in range(runs)]
    return {
        "runs": runs,
        "ask_seconds_median": round(statistics.median(one for one, _ in pairs), 3),
        "bare_chroma_seconds_median": round(statistics.median(other for _, other in pairs), 3),
        "ratio_median": round(statistics.median(one / other for one, other in pairs), 3),
        "ratio_max": round(max(one / other for one, other in pairs), 3),
    }


def seconds(command: Sequence[str]) -> float:
    """Return how long a process took from start to end; raise CalledProcessError when it failed."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

"""Runs every benchmark, or those that are named, each in a process of its own.

    python -m bench --data DIR [--out DIR] [NAME …]

DIR is a folder of question sets (`bench/questions.py` describes them). Results go to OUT/NAME.json.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Arguments = Callable[[Path, Path], list[Path | str]]

BENCHMARKS: dict[str, Arguments] = {
    "retrieval": lambda data, out: ["--data", data, "--out", out],
    "reader": lambda data, out: ["--data", data, "--out", out],
    "verify": lambda data, out: ["--data", data, "--out", out],
    "followups": lambda data, out: ["--data", data / "followups", "--out", out],
    "evaluation": lambda data, out: ["--data", data, "--out", out],
    "embedding": lambda data, out: [data / "newsqa" / "articles.jsonl", "--out", out],
    "segmenters": lambda data, out: [data / "newsqa" / "articles.jsonl", "--out", out],
    "offsets": lambda data, out: [data / "newsqa" / "articles.jsonl", "--out", out],
    "cold": lambda data, out: ["--articles", data / "newsqa" / "articles.jsonl", "--out", out],
    "live": lambda data, out: ["--articles", data / "newsqa" / "articles.jsonl", "--out", out],
    "planted": lambda data, out: ["--data", data, "--out", out],
    "report": lambda _, out: ["--out", out],
    "conformance": lambda _, out: ["--out", out],
    "load": lambda _, out: ["--out", out],
    "crash": lambda _, out: ["--rounds", "100", "--out", out],
    "first_text": lambda _, out: ["--out", out],
}


def main() -> None:
    """Run the command line; exit with 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--data", type=Path, required=True, help="folder of question sets")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"), help="folder for the results")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    codes = [_run(name, options.data, options.out / f"{name}.json") for name in options.names or BENCHMARKS]
    sys.exit(1 if any(codes) else 0)


def _run(name: str, data: Path, out: Path) -> int:
    words = [str(word) for word in BENCHMARKS[name](data, out)]
    print(f"== {name} {' '.join(words)}", flush=True)
    return subprocess.run([sys.executable, "-m", f"bench.{name}", *words], check=False).returncode


if __name__ == "__main__":
    main()

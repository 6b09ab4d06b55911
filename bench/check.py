"""How `dateline check` judges true and wrong sentences about articles that it has to find itself.

    python -m bench.check [--articles seeds/articles] [--show] FILE…

A line of a file is "T words" or "F words". What stands before " | " in the files of `bench/verify_claims.py` is
skipped: nothing tells where the evidence is. --show prints what was judged wrongly.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ingest import ingest
from rag.check import Checker
from rag.embed import EmbeddedModel, RememberingEmbedder
from rag.library import open_library
from rag.retrieval.hybrid import hybrid
from rag.types import Verdict

_LINE = re.compile(r"([TF]) (?:.* \| )?(.+)")


def main() -> None:
    """Judge every sentence and print the shares and the time that one takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--articles", type=Path, default=Path("seeds/articles"))
    parser.add_argument("--show", action="store_true", help="print what was judged wrongly")
    options = parser.parse_args()
    embedder = RememberingEmbedder(EmbeddedModel())
    with tempfile.TemporaryDirectory() as place:
        opened = open_library(Path(place) / "library", model=embedder.name, dimension=embedder.dimension, create=True)
        with closing(opened) as library:
            ingest([options.articles], library, embedder)
            checker = Checker(library=library, embedder=embedder, retriever=hybrid(library, embedder))
            for file in options.files:
                _judge(file, checker, show=options.show)


def _judge(file: Path, checker: Checker, *, show: bool) -> None:
    counts, started = {"T": Counter[Verdict](), "F": Counter[Verdict]()}, time.perf_counter()
    for label, sentence in _sentences(file):
        for claim in checker.check(sentence).claims:
            counts[label][claim.verdict] += 1
            if show and (claim.verdict in {Verdict.SUPPORTED, Verdict.PARTIAL}) == (label == "F"):
                sys.stdout.write(f"{label} {claim.verdict} {claim.missing}\n  {sentence}\n")
    total = sum(each.total() for each in counts.values())
    each = (time.perf_counter() - started) / max(1, total)
    sys.stdout.write(f"{file.stem}, {1000 * each:.0f} ms for a sentence\n")
    for label, name in (("T", "true"), ("F", "wrong")):
        counted = counts[label]
        shares = "  ".join(f"{verdict} {counted[verdict] / max(1, counted.total()):6.1%}" for verdict in Verdict)
        sys.stdout.write(f"  {name:6} {counted.total():4}  {shares}\n")


def _sentences(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if found := _LINE.fullmatch(line):
            yield found[1], found[2]


if __name__ == "__main__":
    main()

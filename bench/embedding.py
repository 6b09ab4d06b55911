"""Time the embedded model on real articles, beside Chroma's default embedding function where its files are at hand.

    python -m bench.embedding ARTICLES.jsonl --out embedding.json

Each row of the file has an `id` and a `text`. Passages are cut as ingest cuts them. Speeds come with the processor time
that they took, which a busy machine disturbs less than it does the clock; `load` tells how busy it was.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ingest.split import split
from rag.embed import EmbeddedModel
from rag.types import Article, Source

Embed = Callable[[list[str]], object]

OURS = "from rag.embed import EmbeddedModel; EmbeddedModel().embed_query('x')"
CHROMA = "from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2 as M; M()(['x'])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Texts per second by the clock, and milliseconds of processor time per text."""

    texts: int
    per_second: float
    cpu_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one embedder did; a cold start lasts from a new process to its first vector."""

    passages: Speed
    sentences: Speed
    query_p50_ms: float
    query_p95_ms: float
    cold_s: float


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--passages", type=int, default=600)
    parser.add_argument("--sentences", type=int, default=3000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    passages, sentences = texts(given.articles)
    kept = (passages[: given.passages], sentences[: given.sentences], sentences[-given.queries :])
    report = json.dumps(
        {
            "python": platform.python_version(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "load": os.getloadavg()[0],
            "characters_per_passage": statistics.mean(map(len, kept[0])),
            "embedded": asdict(measure(EmbeddedModel().embed_documents, *kept, OURS)),
            "chroma": chroma(*kept),
        },
        indent=2,
    )
    print(report)
    if given.out:
        given.out.write_text(report + "\n")


def texts(path: Path) -> tuple[list[str], list[str]]:
    """Return all passages and all sentences of the articles, each distinct."""
    passages: dict[str, None] = {}
    sentences: dict[str, None] = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        for passage in split(Article(source=Source(article_id=row["id"], title="-"), text=row["text"])):
            passages[passage.text] = None
            sentences.update((passage.slice(span), None) for span in passage.sentences)
    return list(passages), list(sentences)


def measure(
    embed: Embed, passages: Sequence[str], sentences: Sequence[str], queries: Sequence[str], cold: str
) -> Figures:
    """Time one embedder, after a first vector that loads it."""
    embed(["warm"])
    waits = sorted(seconds(lambda query=query: embed([query])) * 1000 for query in queries)  # type: ignore[misc]
    return Figures(
        passages=speed(embed, passages),
        sentences=speed(embed, sentences),
        query_p50_ms=round(statistics.median(waits), 2),
        query_p95_ms=round(waits[int(len(waits) * 0.95)], 2),
        cold_s=round(statistics.median(seconds(lambda: run_cold(cold)) for _ in range(7)), 3),
    )


def chroma(passages: Sequence[str], sentences: Sequence[str], queries: Sequence[str]) -> object:
    """Return Chroma's figures, or why there are none; nothing is downloaded."""
    from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2  # noqa: PLC0415 - slow to import

    function = ONNXMiniLM_L6_V2()
    folder = Path(function.DOWNLOAD_PATH) / function.EXTRACTED_FOLDER_NAME
    if not (folder / "model.onnx").is_file():
        return {"skipped": "its model is not on this machine"}
    return asdict(measure(function, passages[:100], sentences[:300], queries[:100], CHROMA))


def speed(embed: Embed, given: Sequence[str]) -> Speed:
    """Time one call."""
    used = time.process_time()
    wall = seconds(lambda: embed(list(given)))
    used = time.process_time() - used
    return Speed(texts=len(given), per_second=round(len(given) / wall, 1), cpu_ms=round(used / len(given) * 1000, 2))


def seconds(act: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def run_cold(script: str) -> None:
    """Run a script in a new process."""
    subprocess.run([sys.executable, "-c", script], check=True)


if __name__ == "__main__":
    main()

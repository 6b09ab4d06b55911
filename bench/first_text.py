"""When a client of OpenAI's API sees the first text and the last: text held back until it stands, and live text.

    python -m bench.first_text [--pieces 60] [--pause 0.05] [--runs 9] --out first_text.json

A model server on the loopback writes an answer in even pieces; the embedded reader answers the same question.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from openai import OpenAI

from ingest.pipeline import ingest
from rag.compose import newsroom
from rag.generate.answerer import GenerativeAnswerer
from rag.provider.chat import OpenAIChat
from rag.records import open_records
from rag.settings import Settings
from rag.testing.server import DONE, Pause, Reply, ScriptedServer, chunk, streamed
from rag.testing.serving import serving
from rag.web.service import make_service

QUESTION = "How much will the Arl Bridge repair cost?"
SEEDS = Path(__file__).parents[1] / "seeds" / "articles"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=60, help="pieces of the model's answer")
    parser.add_argument("--pause", type=float, default=0.05, help="seconds before each")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    reply = written(options.pieces, options.pause)
    result: dict[str, object] = {"pieces": options.pieces, "pause_seconds": options.pause, "runs": options.runs}
    with tempfile.TemporaryDirectory() as directory:
        for name, replies, live in (
            ("reader, held back", None, False),
            ("model, held back", [reply] * (options.runs + 1), False),
            ("model, live", [reply] * (options.runs + 1), True),
        ):
            with served(Path(directory), replies) as base_url:
                result[name] = medians(base_url, live=live, runs=options.runs)
    print(json.dumps(result, indent=2))
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def written(pieces: int, pause: float) -> Reply:
    """Return an answer that cites its first sentence, in pieces of a word each."""
    words = ["The repair will cost £4.1 million [1.1]. ", *["Of this the report says more. "] * (pieces - 1)]
    parts = [part for word in words for part in (Pause(seconds=pause), chunk(word))]
    return streamed(*parts, chunk(finish="stop"), DONE)


@contextmanager
def served(directory: Path, replies: list[Reply] | None) -> Iterator[str]:
    """Serve the sample articles, answered by a model that gives these replies, or by the embedded reader."""
    settings = Settings(library=directory / "library", answerer="extractive")
    records = open_records(directory / "records")
    with closing(records), newsroom(settings, create=True) as room, ScriptedServer(*(replies or ())) as server:
        ingest([SEEDS], room.library, room.embedder)
        model = OpenAIChat(model="scripted", base_url=server.base_url, api_key="none", timeout=60, retries=0)
        desk = room.desk(model) if replies else room.desk()
        assert isinstance(desk.answerer, GenerativeAnswerer) is bool(replies)
        with serving(make_service(desk, records)) as address:
            yield f"{address}/v1"


def medians(base_url: str, *, live: bool, runs: int) -> dict[str, float]:
    """Return the median seconds to the first text and to the end of the stream, after one uncounted run."""
    with OpenAI(base_url=base_url, api_key="none", max_retries=0) as client:
        times = [seconds(client, live=live) for _ in range(runs + 1)][1:]
    first, last = zip(*times, strict=True)
    return {"first_text_seconds": round(statistics.median(first), 3), "end_seconds": round(statistics.median(last), 3)}


def seconds(client: OpenAI, *, live: bool) -> tuple[float, float]:
    """Return the seconds to the first text and to the end of one stream."""
    started, first = time.perf_counter(), 0.0
    for event in client.chat.completions.create(
        model="dateline",
        messages=[{"role": "user", "content": QUESTION}],
        stream=True,
        extra_body={"dateline": {"live": live}},
    ):
        if not first and event.choices and event.choices[0].delta.content:
            first = time.perf_counter() - started
    return first, time.perf_counter() - started


if __name__ == "__main__":
    main()

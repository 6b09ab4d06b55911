"""Ask a running server from many clients at once: how fast, how long at the slowest, and what is refused?

    python -m bench.load [--seconds 60] [--clients 1 10 50 200] [--soak SECONDS] [--out FILE]

`dateline serve` runs as a process of its own over the articles of `seeds/`, on the loopback, once with the embedded
reader and once with a model server that takes a second (`bench/slow_model.py`, a process too). Each client asks the
next question as soon as it has an answer; when it is refused it waits as long as `Retry-After` says. Meanwhile a third
process asks for the server's health twenty times a second. Times are seconds, as the clients see them; memory is MiB.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from rag.evaluation.suites.suitefile import read_suite

ROOT = Path(__file__).parents[1]
WRITERS = ("extractive", "generative")
LATENCY = 1.0
"""Seconds that the model server takes."""
HEALTH_EVERY = 0.05
SOAK_CLIENTS = 4
SOAK_SAMPLES = 60
Json = dict[str, object]


@dataclass(slots=True)
class Tally:
    """What one round of asking met."""

    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    overheads: list[float] = field(default_factory=list)
    """Each answer's time beyond the stages that it accounts for itself."""
    statuses: Counter[str] = field(default_factory=Counter)


def main() -> None:
    """Run the command line; exit with 1 where anything else came back than an answer or a refusal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 10, 50, 200])
    parser.add_argument("--writers", nargs="+", choices=WRITERS, default=WRITERS)
    parser.add_argument(
        "--soak", type=float, default=0, help=f"seconds of {SOAK_CLIENTS} clients, with memory over time"
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--probe", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        print(json.dumps(probe(options.probe[0], float(options.probe[1]))))
        return
    questions = [case.question for case in read_suite(ROOT / "seeds" / "suite.yaml").cases if case.question]
    found: Json = {"cores": os.cpu_count(), "seconds": options.seconds, "model_latency": LATENCY}
    with tempfile.TemporaryDirectory(prefix="load-") as place:
        _dateline("ingest", str(ROOT / "seeds" / "articles"), "--library", f"{place}/library")
        for writer in options.writers:
            with served(Path(place), generative=writer == "generative") as server:
                found[writer] = [_round(server, questions, clients, options.seconds) for clients in options.clients]
                if options.soak:
                    found[f"{writer}_soak"] = _soak(server, questions, options.soak)
    print(json.dumps(found, indent=2))
    if options.out:
        options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if '"other"' not in json.dumps(found) else 1)


@dataclass(frozen=True, slots=True)
class Server:
    """A running `dateline serve`."""

    address: str
    pid: int

    def memory(self) -> float:
        """Return resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return round(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024, 1)  # type: ignore[index]


@contextmanager
def served(place: Path, *, generative: bool) -> Iterator[Server]:
    """Serve the library at a place for as long as the block runs."""
    with ExitStack() as stack:
        settings = {name: value for name, value in os.environ.items() if not name.startswith(("DATELINE_", "OPENAI_"))}
        if generative:
            model = stack.enter_context(_process(sys.executable, "-m", "bench.slow_model", str(LATENCY), env=settings))
            settings |= {"OPENAI_BASE_URL": _line(model).strip(), "DATELINE_CHAT_MODEL": "slow"}
        settings |= {name: value for name, value in os.environ.items() if name in PASSED_ON}
        words = ("serve", "--port", "0", "--library", str(place / "library"))
        with (place / "server.log").open("a") as log:
            server = stack.enter_context(_process(*_COMMAND, *words, env=settings, stderr=log))
        address = re.search(r"http://\S+?(?=/ )", _line(server))
        assert address, "the server did not start"
        yield Server(address[0], server.pid)


PASSED_ON = ("DATELINE_AT_ONCE", "DATELINE_WAITING", "DATELINE_LOG_FORMAT")
"""Settings of the server that may be given in the environment, to compare."""
_COMMAND = (sys.executable, "-c", "import app; app.main()")


def _round(server: Server, questions: Sequence[str], clients: int, seconds: float) -> Json:
    """Ask for so long with so many clients, and return what that gave."""
    before = server.memory()
    command = [sys.executable, "-m", "bench.load", "--probe", server.address, str(seconds)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as prober:
        began = time.perf_counter()
        tally = asyncio.run(_ask(server.address, questions, clients, seconds))
        took = time.perf_counter() - began  # the last answers come after the last questions
        health = json.loads(prober.communicate()[0])
    found: Json = {
        "clients": clients,
        "answers_per_second": round(len(tally.answered) / took, 2),
        "answered": _spread(tally.answered),
        "refused": _spread(tally.refused),
        "statuses": dict(tally.statuses),
        "health": health,
        "memory": [before, server.memory()],
    }
    if clients == 1:
        found["overhead_median"] = round(statistics.median(tally.overheads), 5)
    print(json.dumps(found), file=sys.stderr, flush=True)
    return found


async def _ask(address: str, questions: Sequence[str], clients: int, seconds: float) -> Tally:
    tally, queue, place = Tally(), itertools.cycle(questions), urlsplit(address)
    async with connection(place) as wire:
        await wire.ask(questions[0])  # what is loaded once is loaded now
    until = time.perf_counter() + seconds

    async def client() -> None:
        async with connection(place) as wire:
            while time.perf_counter() < until:
                await _question(wire, next(queue), tally, until)

    # A failure is one of what is measured: the server has to answer every client.
    ended = await asyncio.gather(*(client() for _ in range(clients)), return_exceptions=True)
    failed = [repr(each) for each in ended if each is not None]
    tally.statuses.update({"other": len(failed)} if failed else {})
    print(*failed[:3], sep="\n", file=sys.stderr)
    return tally


async def _question(wire: Wire, question: str, tally: Tally, until: float) -> None:
    began = time.perf_counter()
    status, headers, body = await wire.ask(question)
    took = time.perf_counter() - began
    if status == 200:
        tally.answered.append(took)
        tally.overheads.append(took - sum(json.loads(body)["timings"].values()))
        tally.statuses["200"] += 1
    elif status in {429, 503} and headers["content-type"] == "application/problem+json":
        tally.refused.append(took)
        tally.statuses[str(status)] += 1
        await asyncio.sleep(min(float(headers["retry-after"]), max(0.0, until - time.perf_counter())))
    else:
        raise AssertionError(f"{status} {body[:300]!r}")


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection, kept open. An HTTP library would take more of the machine than the server that is measured."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, question: str) -> tuple[int, dict[str, str], bytes]:
        """Return the status, headers and body of the reply to a question."""
        body = json.dumps({"question": question}).encode()
        head = f"POST /v1/answers HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
        self.writer.write(f"{head}content-type: application/json\r\n\r\n".encode() + body)
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), headers, await self.reader.readexactly(int(headers["content-length"]))


@asynccontextmanager
async def connection(place: SplitResult) -> AsyncIterator[Wire]:
    """Open a connection for as long as the block runs."""
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


def _soak(server: Server, questions: Sequence[str], seconds: float) -> Json:
    """Ask with few clients for long, and return the memory on the way."""
    memory, counts = [server.memory()], Counter[str]()
    for _ in range(SOAK_SAMPLES):
        tally = asyncio.run(_ask(server.address, questions, SOAK_CLIENTS, seconds / SOAK_SAMPLES))
        counts.update(tally.statuses)
        memory.append(server.memory())
    return {"clients": SOAK_CLIENTS, "seconds": seconds, "statuses": dict(counts), "memory": memory}


def probe(address: str, seconds: float) -> Json:
    """Ask for the server's health again and again."""
    place, times = urlsplit(address), []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()
        times.append(time.perf_counter() - began)
        time.sleep(HEALTH_EVERY)
    return _spread(times)


def _spread(times: Sequence[float]) -> Json:
    ordered = sorted(times)
    if not ordered:
        return {"count": 0}
    at = {f"p{share}": round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 4) for share in (50, 95, 99)}
    return {"count": len(ordered), **at, "longest": round(ordered[-1], 4)}


@contextmanager
def _process(*words: str, env: dict[str, str], stderr: object = None) -> Iterator[subprocess.Popen[str]]:
    """Run a process for as long as the block runs, then stop it and insist that it ended well."""
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, env=env, stdin=pipe, stdout=pipe, stderr=stderr, text=True) as process:  # type: ignore[call-overload]  # a file or nothing
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.terminate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def _dateline(*words: str) -> None:
    subprocess.run([*_COMMAND, *words], cwd=ROOT, check=True, capture_output=True)


if __name__ == "__main__":
    main()

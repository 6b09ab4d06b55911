"""`dateline serve` as a process: told to stop under load, killed, and started again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.testing.server import Pause, ScriptedServer, streamed

ROOT = Path(__file__).parents[2]
QUESTION = "How much will the Arl Bridge repair cost?"


@contextmanager
def served(library: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command, and give its process and address."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DATELINE_", "OPENAI_"))}
    words = [sys.executable, "-c", "import app; app.main()", "serve", "--port", "0", "--library", str(library)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, env={**clean, **settings}, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            found = re.search(r"http://\S+(?=/ )", process.stdout.readline())
            assert found
            yield process, found[0]
        finally:
            process.kill()


def ask(address: str, accept: str = "application/json") -> tuple[int, str, str]:
    headers = {"content-type": "application/json", "accept": accept}
    request = urllib.request.Request(f"{address}/v1/answers", json.dumps({"question": QUESTION}).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.headers["content-type"], response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["content-type"], error.read().decode()


def asked_for(address: str) -> int:
    """Return how many answers were begun or made since the first one."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=60) as response:
        told = dict(re.findall(r"^(\w+)(?:\{.*\})? ([\d.]+)$", response.read().decode(), re.MULTILINE))
    names = ("dateline_work_under_way", "dateline_work_waiting", "dateline_answers_total")
    return int(sum(float(told[name]) for name in names)) - 1


def wait_for(holds: object) -> None:
    until = time.monotonic() + 30
    while not (callable(holds) and holds()) and time.monotonic() < until:
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]], ids=["once", "twice"])
def test_a_stop_fails_cleanly_what_does_not_end(ingested_seeds: Path, signals: list[int]) -> None:
    # A second signal does not wait for the grace, which here outlasts the test.
    settings = {"DATELINE_GRACE": "0.5" if len(signals) == 1 else "1000", "DATELINE_AT_ONCE": "2"}
    with ScriptedServer(*[streamed(Pause(seconds=300))] * 9) as model, ThreadPoolExecutor(6) as pool:
        settings |= {"OPENAI_BASE_URL": model.base_url, "DATELINE_MODEL_TIMEOUT": "300"}
        with served(ingested_seeds, **settings) as (process, address):
            plain = [pool.submit(ask, address) for _ in range(4)]
            wait_for(lambda: len(model.requests) == 2)
            events = pool.submit(ask, address, "text/event-stream")
            time.sleep(0.2)
            for number in signals:
                process.send_signal(number)
                time.sleep(0.3)
            told = [each.result() for each in plain]
            status, kind, body = events.result()
            assert process.wait(20) == 0
            assert process.stderr
            log = process.stderr.read()
    assert {(code, form) for code, form, _ in told} == {(503, "application/problem+json")}
    assert {json.loads(each)["type"] for _, _, each in told} == {"urn:dateline:problem:closing"}
    assert (status, kind.partition(";")[0]) in {(200, "text/event-stream"), (503, "application/problem+json")}
    assert "urn:dateline:problem:closing" in body
    assert "Traceback" not in log


_HANGING = """
import asyncio, time
from types import SimpleNamespace
from rag.web.api.readiness import Readiness
library = SimpleNamespace(generation=lambda: 1, count=lambda: 1)
desk = SimpleNamespace(library=library, embedder=SimpleNamespace(embed_query=lambda _: time.sleep(1000)))
print(asyncio.run(Readiness(desk, patience=0.1).state()).problems["model"])
"""


@pytest.mark.slow
def test_a_look_that_hangs_does_not_keep_the_process_alive() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _HANGING], cwd=ROOT, check=False, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stdout.strip()) == (0, "slow"), ended.stderr


@pytest.mark.slow
def test_a_server_that_was_killed_starts_again_and_answers_the_same(ingested_seeds: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        with served(ingested_seeds) as (process, address):
            before = json.loads(ask(address)[2])
            under_way = [pool.submit(ask, address) for _ in range(4)]
            process.kill()
            assert process.wait(20) == -signal.SIGKILL
            for each in under_way:
                assert each.exception() is not None or json.loads(each.result()[2])["text"] == before["text"]
        with served(ingested_seeds) as (process, address):
            after = json.loads(ask(address)[2])
            under_way = [pool.submit(ask, address) for _ in range(4)]
            wait_for(lambda: asked_for(address) >= 4)
            process.terminate()
            assert [each.result()[0] for each in under_way] == [200] * 4, "what was begun is ended"
            assert process.wait(20) == 0
    assert (after["text"], after["citations"]) == (before["text"], before["citations"])
    assert before["status"] == "conflicting"

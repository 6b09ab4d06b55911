"""The real server as a process of its own: killed in the middle of a job, and with no space left."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from rag.records import open_records
from rag.records.jobs import Jobs, JobStatus
from tests.conftest import Dateline

ROOT = Path(__file__).parents[3]


@contextmanager
def server(library: Path, limit: int | None = None) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """Run the server over a library; `limit` is the most bytes that a file may have."""

    def limited() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    process = subprocess.Popen(
        [sys.executable, str(ROOT / "app.py"), "serve", "--port", "0", "--library", str(library)],
        env={**os.environ, "DATELINE_ANSWERER": "extractive"},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=limited,  # noqa: PLW1509 - no thread of the tests holds a lock now
    )
    assert process.stdout is not None
    try:
        told = process.stdout.readline()
        with httpx.Client(base_url=told.split()[3], timeout=30) as client:
            yield client, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()


def rows(number: int, first: int = 0) -> dict[str, Any]:
    words = "The ferry struck the pier, and the harbour master told passenger number {n} of it on the {n}th of May. "
    return {"articles": [{"id": str(n), "text": words.format(n=n) * 2} for n in range(first, first + number)]}


def until(client: httpx.Client, job: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    while True:
        told: dict[str, Any] = client.get(f"/v1/jobs/{job}").raise_for_status().json()
        if holds(told):
            return told


def stored(library: Path, dateline: Dateline) -> int:
    return int(json.loads(dateline("articles", "list", "--limit", "1", "--json", "--library", library).out)["total"])


def test_a_server_killed_in_the_middle_of_a_job(seed_library: Path, dateline: Dateline, tmp_path: Path) -> None:
    with server(seed_library) as (client, process):
        reply = client.post("/v1/articles", json=rows(300), headers={"Prefer": "respond-async"})
        job = reply.raise_for_status().json()["id"]
        until(client, job, lambda told: told["articles"] > 70)
        process.kill()
        process.wait(30)
    with closing(open_records(seed_library)) as records:
        found = Jobs(records).get(job)
    assert found is not None
    assert (found.status, found.articles < 300) == (JobStatus.INTERRUPTED, True)
    assert 32 <= stored(seed_library, dateline) < 32 + 300
    goes_on(seed_library, dateline, tmp_path)


def goes_on(library: Path, dateline: Dateline, folder: Path) -> None:
    """What was committed is whole, and the next writer finishes what was begun."""
    before = stored(library, dateline)
    (folder / "more.jsonl").write_text("\n".join(map(json.dumps, rows(5, first=1000)["articles"])), encoding="utf-8")
    assert dateline("ingest", folder / "more.jsonl", "--library", library).code == 0
    assert stored(library, dateline) == before + 5
    assert dateline("doctor", "--library", library).code == 0


def test_no_space_left(seed_library: Path, dateline: Dateline, tmp_path: Path) -> None:
    room = max(path.stat().st_size for path in seed_library.rglob("*") if path.is_file()) + 60_000
    with server(seed_library, room) as (client, _):
        reply = client.post("/v1/articles", json=rows(100), headers={"Prefer": "wait=30"})
        if reply.status_code == 202:
            problem = until(client, reply.json()["id"], lambda told: told["ended"])["problem"]
        else:
            problem = reply.json()
        assert (problem["status"], problem["type"]) == (507, "urn:dateline:problem:storage")
        total = client.get("/v1/articles", params={"limit": 1}).json()["total"]
        asked = {"question": "How much will the Arl Bridge repair cost?"}
        assert client.post("/v1/answers", json=asked).json()["citations"]
    assert stored(seed_library, dateline) == total >= 32
    goes_on(seed_library, dateline, tmp_path)

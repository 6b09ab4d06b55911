"""`dateline mcp` as a process: what it prints, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.web.mcp.conftest import ROOT

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


@contextmanager
def started(library: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "app", "mcp", "--library", str(library)]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str], *messages: object) -> dict[str, object]:
    assert process.stdin
    assert process.stdout
    for message in messages:
        process.stdin.write(f"{message if isinstance(message, str) else json.dumps(message)}\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    reply: dict[str, object] = json.loads(line)
    return reply


def test_nothing_but_the_protocol_is_printed_and_the_end_of_input_ends_it(seed_library: Path) -> None:
    with started(seed_library) as process:
        assert said(process, "no message", "{}", HELLO)["id"] == 1
        call = {"name": "search_articles", "arguments": {"query": "ferry", "limit": 1}}
        reply = said(process, {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call})
        assert reply["id"] == 2
        assert "result" in reply
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert not list(seed_library.glob("service.sqlite3*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(ingested_seeds: Path, number: signal.Signals) -> None:
    with started(ingested_seeds) as process:
        assert said(process, HELLO)["id"] == 1
        process.send_signal(number)
        assert process.wait(60) == -number
        assert process.stderr
        assert not process.stderr.read()


def test_a_missing_library_is_said_in_a_line(tmp_path: Path) -> None:
    with started(tmp_path / "none") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.count("\n")) == (1, "", 1)
    assert "run `dateline ingest PATH` first" in err

"""The examples for other assistants and for Gradio's client do what they say."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from rag.compose import newsroom
from rag.records import open_records
from rag.records.keys import Keys, KeyScope
from rag.settings import Settings
from rag.testing.serving import serving
from rag.web.options import Options
from rag.web.service import make_service
from tests.examples.conftest import EXAMPLES, Example

# Gradio sums up its events with pandas, in words that pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

BRIDGE = "How much will the Arl Bridge repair cost?"
QUOTE = "Repairs will cost £3.4 million, Mayor Oriel Tamsworth said."
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def address(ingested_seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        closing(open_records(tmp_path_factory.mktemp("records"))) as records,
        newsroom(Settings(library=ingested_seeds, answerer="extractive")) as room,
        serving(make_service(room.desk(), records)) as served,
    ):
        yield served


def test_mcp_client_over_http(example: Example, address: str) -> None:
    printed = example("mcp_client.py", BRIDGE, f"{address}/mcp")
    assert f"“{QUOTE}”" in printed
    assert printed.endswith("\nTrue\nTrue\n")


def test_mcp_client_over_standard_input_and_output(example: Example, ingested_seeds: Path) -> None:
    printed = example("mcp_client.py", BRIDGE, ingested_seeds)
    assert f"“{QUOTE}”" in printed
    assert printed.endswith("\nTrue\nTrue\n")


def test_where_keys_are_needed(example: Example, ingested_seeds: Path, tmp_path: Path) -> None:
    with (
        closing(open_records(tmp_path / "records")) as records,
        newsroom(Settings(library=ingested_seeds, answerer="extractive")) as room,
        serving(make_service(room.desk(), records, Options(keys_needed=True))) as served,
    ):
        _, key = Keys(records).create("asks", {KeyScope.ASK})
        assert f"“{QUOTE}”" in example("mcp_client.py", BRIDGE, f"{served}/mcp", DATELINE_KEY=key)
        assert QUOTE in example("gradio_ask.py", BRIDGE, served, DATELINE_KEY=key)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gradio_ask.py", ["Why?", NOWHERE]),
        ("langchain_chat.py", ["Why?", f"{NOWHERE}/v1"]),
        ("mcp_client.py", ["Why?", f"{NOWHERE}/mcp"]),
        ("openai_chat.py", ["Why?", f"{NOWHERE}/v1"]),
        ("openai_responses.py", ["Why?", f"{NOWHERE}/v1"]),
        ("stream.py", ["Why?"]),
        ("upload.py", [str(EXAMPLES / "ask.py")]),
    ],
)
def test_without_a_server_examples_end_in_a_line(name: str, words: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *words],
        env={**os.environ, "DATELINE_URL": NOWHERE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1), ran.stderr


def test_gradio_ask(example: Example, address: str) -> None:
    printed = example("gradio_ask.py", BRIDGE, address)
    assert f"[2] {QUOTE} (Arl Bridge shut after crack found in bearing)\n" in printed
    assert "'unsupported': 0" in printed


def test_the_configuration_on_the_page_starts_the_tools(ingested_seeds: Path) -> None:
    page = (EXAMPLES.parent / "mcp.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"<!-- stdio -->\n```json\n(.*?)```", page, re.DOTALL)
    started = json.loads(shown)["mcpServers"]["dateline"]
    command = started["command"].replace("/path/to/.venv/bin", str(Path(sys.executable).parent))
    words = [word.replace("/path/to/library", str(ingested_seeds)) for word in started["args"]]

    async def names() -> list[str]:
        async with Client(StdioServerParameters(command=command, args=words)) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    assert asyncio.run(names()) == re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)


def test_the_program_on_the_page_on_gradio_runs(example: Example, address: str, tmp_path: Path) -> None:
    page = (EXAMPLES.parent / "gradio.md").read_text(encoding="utf-8")
    [program] = re.findall(r"<!-- example -->\n```python\n(.*?)```", page, re.DOTALL)
    shown = tmp_path / "shown.py"
    shown.write_text(program.replace("http://127.0.0.1:7860", address), encoding="utf-8")
    answered, found, checked = example(str(shown)).splitlines()
    assert answered.startswith("conflicting ['Mending the cracked Arl Bridge")
    assert "Arl Ferries to raise fares" in found
    assert checked == "{'supported': 0, 'partial': 0, 'unsupported': 1, 'uncited': 0}"

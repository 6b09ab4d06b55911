"""The tools over both transports, asked by the official client library."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from rag.compose import newsroom
from rag.records import open_records
from rag.settings import read_settings
from rag.testing.serving import serving
from rag.web.service import make_service

ROOT = Path(__file__).parents[3]
Connect = Callable[[], Client]


@pytest.fixture(scope="module")
def address(ingested_seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the tools of a server over the sample articles."""
    with (
        newsroom(read_settings(library=ingested_seeds)) as room,
        closing(open_records(tmp_path_factory.mktemp("records"))) as records,
        serving(make_service(room.desk(), records)) as served,
    ):
        yield f"{served}/mcp"


@pytest.fixture(params=["http", "http as before 2026", "stdio"])
def connect(request: pytest.FixtureRequest, address: str, ingested_seeds: Path) -> Connect:
    """Connect a client: over HTTP in both of the protocol's forms, or to a process of its own."""
    match request.param:
        case "http":
            return lambda: Client(address)
        case "stdio":
            words = ["-m", "app", "mcp", "--library", str(ingested_seeds)]
            return lambda: Client(StdioServerParameters(command=sys.executable, args=words, cwd=ROOT))
        case _:
            return lambda: Client(address, mode="legacy")

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import rag
from rag.generate.answerer import GenerativeAnswerer
from rag.provider.chat import OpenAIChat
from rag.testing.server import Pause, Reply, ScriptedServer, chunk, streamed


@pytest.fixture(scope="session")
def seeds(ingested_seeds: Path) -> Iterator[rag.Library]:
    """The seed articles, read by the embedded reader."""
    with rag.open(ingested_seeds, answerer="extractive") as opened:
        yield opened


@pytest.fixture(scope="session")
def written_by(seeds: rag.Library) -> Callable[[ScriptedServer], rag.Library]:
    """Have the answers over the seed articles written by a model on a server, without loading everything again."""

    def make(server: ScriptedServer) -> rag.Library:
        model = OpenAIChat(model="scripted", base_url=server.base_url, retries=0)
        desk = seeds.desk
        return seeds.with_desk(replace(desk, answerer=GenerativeAnswerer(model=model), fallback=desk.answerer))

    return make


@pytest.fixture
def slow_server() -> Iterator[ScriptedServer]:
    """A model that writes for a minute, and a server that notices when nobody listens any more."""
    with ScriptedServer(*[_slow() for _ in range(4)]) as server:
        yield server


def _slow() -> Reply:
    words = [part for _ in range(1200) for part in (Pause(seconds=0.05), chunk(" more"))]
    return streamed(chunk("", role="assistant"), *words)

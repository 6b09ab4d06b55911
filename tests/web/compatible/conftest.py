from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from openai import OpenAI

from rag.answer import Desk
from rag.compose import newsroom
from rag.generate.answerer import GenerativeAnswerer
from rag.provider.chat import OpenAIChat
from rag.settings import Settings
from rag.testing.server import Reply, ScriptedServer
from rag.testing.serving import serving
from rag.types import Answer, Question
from rag.web.service import Service

COST = "How much will the Arl Bridge repair cost?"
UNKNOWN = "Who won the 1998 chess championship in Reykjavik?"

Speaking = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="session")
def seeds_desk(ingested_seeds: Path) -> Iterator[Desk]:
    """A desk over the seed articles whose answers the embedded reader writes."""
    with newsroom(Settings(library=ingested_seeds, answerer="extractive")) as room:
        yield room.desk()


@pytest.fixture(scope="session")
def address(seeds_desk: Desk, make_service: Callable[..., Service]) -> Iterator[str]:
    with serving(make_service(seeds_desk)) as served:
        yield served


@pytest.fixture(scope="session")
def expected(seeds_desk: Desk) -> Answer:
    """What the desk answers to the question of these tests, whatever door it comes through."""
    return seeds_desk.ask(Question(text=COST))


@pytest.fixture
def client(address: str) -> Iterator[OpenAI]:
    with client_of(address) as made:
        yield made


def client_of(address: str) -> OpenAI:
    return OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, timeout=30)


@pytest.fixture
def speaking(make_desk: Callable[..., Desk], make_service: Callable[..., Service]) -> Speaking:
    """Serve a desk over one article whose chat model gives the scripted replies."""

    @contextmanager
    def served(*replies: Reply, **options: object) -> Iterator[str]:
        with ScriptedServer(*replies) as server:
            model = OpenAIChat(model="scripted", base_url=server.base_url, api_key="k", timeout=10, retries=0)
            answerer = GenerativeAnswerer(model=model, budget_tokens=4000)
            with serving(make_service(replace(make_desk(), answerer=answerer), **options)) as address:
                yield address

    return served

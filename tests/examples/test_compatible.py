"""The examples for clients of OpenAI's API do what they say, against a server of the seed articles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.compose import newsroom
from rag.records import open_records
from rag.settings import Settings
from rag.testing.serving import serving
from rag.types import Answer, Question
from rag.web.service import Service, make_service
from tests.examples.conftest import Example

# Gradio sums up its events with pandas, in words that pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

BRIDGE = "How much will the Arl Bridge repair cost?"


@pytest.fixture(scope="module")
def service(ingested_seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    records = open_records(tmp_path_factory.mktemp("records"))
    with closing(records), newsroom(Settings(library=ingested_seeds, answerer="extractive")) as room:
        yield make_service(room.desk(), records)


@pytest.fixture(scope="module")
def base_url(service: Service) -> Iterator[str]:
    with serving(service) as address:
        yield f"{address}/v1"


@pytest.fixture(scope="module")
def expected(service: Service) -> Answer:
    return service.desk.ask(Question(text=BRIDGE))


def test_openai_chat(example: Example, base_url: str, expected: Answer) -> None:
    printed = example("openai_chat.py", BRIDGE, base_url)
    assert printed.startswith(expected.text)
    for citation in expected.citations:
        assert f"[{citation.marker}] {citation.source.title} {citation.source.url}\n" in printed
    assert printed.endswith("\nconflicting\n")


def test_openai_responses(example: Example, base_url: str, expected: Answer) -> None:
    printed = example("openai_responses.py", BRIDGE, base_url)
    assert printed.startswith(expected.text)
    for citation in expected.citations:
        assert f"\n[{citation.marker}] “{citation.quote}” {base_url}/articles/{citation.source.article_id}?" in printed
    assert printed.endswith("\nconflicting\n")


def test_langchain_chat(example: Example, base_url: str, expected: Answer) -> None:
    printed = example("langchain_chat.py", BRIDGE, base_url)
    assert printed.startswith(expected.text)
    for citation in expected.citations:
        assert f"{citation.source.title}: {citation.quote}\n" in printed

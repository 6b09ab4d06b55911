"""What the page on the answer API shows, and its examples, does what it says, against a server of the seed articles."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from pydantic import BaseModel

from rag.compose import newsroom
from rag.records import open_records
from rag.settings import Settings
from rag.testing.serving import serving
from rag.types import Answer, Question
from rag.web.api.schemas import AnswerSent, ArticleSent, HealthSent, HitsSent, PageSent, RangeSent, VersionsSent
from rag.web.service import Service, make_service
from tests.examples.conftest import EXAMPLES, Example

# Gradio sums up its events with pandas, in words that pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

PAGE = (EXAMPLES.parent / "api.md").read_text(encoding="utf-8")
SHOWN = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "curl" in block]
ANSWERS: dict[str, type[BaseModel]] = {
    "answers": AnswerSent,
    "search": HitsSent,
    "articles?": PageSent,
    "?version=": RangeSent,
    "/versions": VersionsSent,
    "/v1/articles/": ArticleSent,
    "healthz": HealthSent,
}
STAND_IN = """#!{python}
import sys
import httpx

words, headers, address, body = sys.argv[1:], dict(), "", None
while words:
    match words.pop(0):
        case "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        case "--json" | "--data-binary" as kind:
            body = words.pop(0)
            if kind == "--json":
                headers.update({{"Content-Type": "application/json", "Accept": "application/json"}} | headers)
        case option if not option.startswith("-"):
            address = option
reply = httpx.request("GET" if body is None else "POST", address, content=body, headers=headers)
sys.stdout.buffer.write(reply.content)
sys.exit(22 if reply.is_error else 0)
"""
"""What these commands need of curl, for a machine that has none."""


@pytest.fixture(scope="module")
def service(ingested_seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    records = open_records(tmp_path_factory.mktemp("records"))
    with closing(records), newsroom(Settings(library=ingested_seeds, answerer="extractive")) as room:
        yield make_service(room.desk(), records)


@pytest.fixture(scope="module")
def address(service: Service) -> Iterator[str]:
    with serving(service) as address:
        yield address


@pytest.fixture(scope="module")
def expected(service: Service) -> Answer:
    return service.desk.ask(Question(text="How much will the Arl Bridge repair cost?"))


@pytest.fixture(params=["curl", "stand-in"])
def shell(request: pytest.FixtureRequest, address: str, tmp_path: Path) -> Callable[..., str]:
    """Run words in an environment that has curl, or what stands in for it."""
    variables = {**os.environ, "DATELINE_URL": address}
    if request.param == "stand-in" or shutil.which("curl") is None:
        stand_in = tmp_path / "curl"
        stand_in.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
        stand_in.chmod(0o700)
        variables["PATH"] = f"{tmp_path}{os.pathsep}{variables['PATH']}"
    return partial(ran, variables)


def ran(variables: dict[str, str], *words: str) -> str:
    told = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout


@pytest.mark.parametrize("block", SHOWN, ids=range(len(SHOWN)))
def test_commands_of_the_page_do_what_it_says(block: str, shell: Callable[..., str]) -> None:
    for command in re.split(r"\n(?=curl)", block.strip()):
        told = shell("sh", "-c", command)
        if "event-stream" in command:
            assert re.findall(r"^event: (\w+)$", told, re.MULTILINE)[-1] == "answer"
        elif "readyz" not in command:
            model = next(model for part, model in ANSWERS.items() if part in command)
            model.model_validate(json.loads(told))


def test_the_page_names_every_event() -> None:
    assert len(SHOWN) == 6
    names = ("searching", "hits", "delta", "restart", "answer", "error")
    assert not [name for name in names if f"| `{name}` |" not in PAGE]


def test_curl(shell: Callable[..., str], expected: Answer) -> None:
    told = shell("sh", str(EXAMPLES / "curl.sh"), expected.question.text)
    assert told == f"{expected.text}\n[1] {expected.citations[0].quote} - {expected.citations[0].source.title}\n"


def test_stream(example: Example, address: str, expected: Answer) -> None:
    told = example("stream.py", expected.question.text, DATELINE_URL=address)
    assert told.startswith(f"{expected.text}\n")
    assert all(f"[{each.marker}] “{each.quote}” {each.source.title}\n" in told for each in expected.citations)

"""The README's example is what the command prints, and its commands exist."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from rag.compose import newsroom
from rag.records import open_records
from rag.settings import Settings
from rag.testing.serving import serving
from rag.web.service import make_service
from tests.conftest import Dateline

# Gradio sums up its events with pandas, in words that pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
DOCS = sorted((Path(__file__).parents[1] / "docs").glob("*.md"))


def test_the_example_is_real(dateline: Dateline, ingested_seeds: Path) -> None:
    example = re.search(r"<!-- example -->\n```console\n\$ (.*?)\n(.*?)\n```\n<!-- /example -->", README, re.DOTALL)
    assert example
    command, output = example.groups()
    ran = dateline(*shlex.split(command)[1:], "--library", ingested_seeds)
    assert ran.out.strip() == output.strip()


def test_the_example_over_http_is_real(ingested_seeds: Path, tmp_path: Path) -> None:
    shown = re.search(r"<!-- http -->\n```console\n\$ (.*?)\n(.*?)\n```\n<!-- /http -->", README, re.DOTALL)
    assert shown
    command, pieces = shlex.split(shown[1]), shown[2].split(" … ")
    with (
        newsroom(Settings(library=ingested_seeds, answerer="extractive")) as room,
        closing(open_records(tmp_path)) as records,
        serving(make_service(room.desk(), records)) as address,
    ):
        body, kind = command[command.index("-d") + 1], command[command.index("-H") + 1].split(": ")
        url = command[1].replace("localhost:7860", address)
        told = httpx.post(url, content=body, headers=[(kind[0], kind[1])]).raise_for_status().text
    assert re.match(".*?".join(map(re.escape, (piece.removesuffix(" …") for piece in pieces))), told)


def test_the_example_in_python_is_real(
    ingested_seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.search(r"<!-- python -->\n```python\n(.*?)```\n\n```text\n(.*?)```\n<!-- /python -->", README, re.DOTALL)
    assert shown
    (tmp_path / "library").symlink_to(ingested_seeds)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATELINE_ANSWERER", "extractive")
    exec(compile(shown[1], "README.md", "exec", dont_inherit=True), {})
    assert capsys.readouterr().out == shown[2]


def test_what_is_asked_at_the_command_line_is_answered(dateline: Dateline, ingested_seeds: Path) -> None:
    asked = re.findall(r"^dateline (ask \".*?\" --json)$", README, re.MULTILINE)
    assert asked
    for words in asked:
        ran = dateline(*shlex.split(words), "--library", ingested_seeds)
        assert json.loads(ran.out)["status"] == "answered"


def commands() -> list[str]:
    found = {
        match[1]
        for text in (README, *(path.read_text(encoding="utf-8") for path in DOCS))
        for match in re.finditer(r"(?:^|`)dateline ((?:articles )?[a-z]+)", text, re.MULTILINE)
    }
    return sorted(found)


@pytest.mark.parametrize("words", commands())
def test_every_command_that_the_docs_name_exists(dateline: Dateline, words: str) -> None:
    ran = dateline(*words.split(), "--help")
    assert ran.code == 0
    assert "Usage:" in ran.out


@pytest.mark.parametrize("path", [Path(__file__).parents[1] / "README.md", *DOCS], ids=lambda path: path.name)
def test_links_lead_to_files(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []

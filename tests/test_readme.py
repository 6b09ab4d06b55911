"""The README's example is what the command prints, and its commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import Dateline

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
DOCS = sorted((Path(__file__).parents[1] / "docs").glob("*.md"))


def test_the_example_is_real(dateline: Dateline, ingested_seeds: Path) -> None:
    example = re.search(r"<!-- example -->\n```console\n\$ (.*?)\n(.*?)\n```\n<!-- /example -->", README, re.DOTALL)
    assert example
    command, output = example.groups()
    ran = dateline(*shlex.split(command)[1:], "--library", ingested_seeds)
    assert ran.out.strip() == output.strip()


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

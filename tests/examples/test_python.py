"""The examples for Python do what they say, over the seed articles."""

from __future__ import annotations

import ast
import csv
import inspect
import json
from pathlib import Path
from types import CodeType

import pytest

import rag
from tests.examples.conftest import EXAMPLES, Example

BRIDGE = "How much will the Arl Bridge repair cost?"


@pytest.fixture
def library(ingested_seeds: Path) -> rag.Library:
    return rag.open(ingested_seeds, answerer="extractive")


def test_ask(example: Example, ingested_seeds: Path, library: rag.Library) -> None:
    with library:
        expected = f"{library.ask(BRIDGE).text}\n"
    assert example("ask.py", BRIDGE) == expected
    assert example("ask.py", BRIDGE, ingested_seeds, DATELINE_LIBRARY="/nowhere") == expected


def test_batch_to_csv(example: Example, library: rag.Library, tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text(f"{BRIDGE}\n\n=Who won the lottery?\n{'x' * 9000}\n", encoding="utf-8")
    example("batch_to_csv.py", "questions.txt", "answers.csv")
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["conflicting", "conflicting", "not_in_sources", "error"]
    assert [row["marker"] for row in rows[:2]] == ["1", "2"]
    with library:
        for row in rows[:2]:
            text = library.article(row["article_id"], row["version"]).text
            assert text[int(row["start"]) : int(row["end"])] == row["quote"]
    assert rows[2]["question"] == "'=Who won the lottery?"
    assert rows[3]["answer"].startswith("The question has 9,000 characters")


def test_langchain_retriever(example: Example, library: rag.Library) -> None:
    *answer, first, second, third = example("langchain_retriever.py", BRIDGE).splitlines()
    with library:
        assert "\n".join(answer) == f"{library.ask(BRIDGE).text} (conflicting)"
        hits = library.search(BRIDGE, 3)
    assert [first, second, third] == [f"{hit.passage.source.publisher}: {hit.passage.source.title}" for hit in hits]


async def test_notebook(
    ingested_seeds: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATELINE_LIBRARY", str(ingested_seeds))
    monkeypatch.setenv("DATELINE_ANSWERER", "extractive")
    cells = json.loads((EXAMPLES / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    names: dict[str, object] = {}
    printed = []
    for cell in code:
        await run_cell("".join(cell["source"]), names)
        printed.append(capsys.readouterr().out)
    assert printed[0].startswith("conflicting\n\nHarbour Post")
    assert printed[1].count("\n") == 2
    assert printed[2].count("\n") == 3
    assert "Who won the lottery? not_in_sources" in printed[3]
    assert printed[4].startswith("supported Repairs will cost £3.4 million.")


async def run_cell(source: str, names: dict[str, object]) -> None:
    code = compile(source, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(code, CodeType)
    made = eval(code, names)
    if inspect.isawaitable(made):
        await made

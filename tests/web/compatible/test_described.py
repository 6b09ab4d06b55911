"""What docs/openai.md says is so: its table of parameters, and its example."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from pydantic import BaseModel

from rag.types import Answer
from rag.web.compatible.asked import CompletionAsked, ResponseAsked
from tests.web.compatible import test_completions, test_responses
from tests.web.compatible.conftest import COST

# Gradio sums up its events with pandas, in words that pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

PAGE = (Path(__file__).parents[3] / "docs" / "openai.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.partition("## Parameters")[2].partition("\n## ")[0].splitlines()
    if line.startswith("| `")
]
BOTH = pytest.mark.parametrize(
    ("column", "asked", "tested"),
    [(1, CompletionAsked, test_completions), (2, ResponseAsked, test_responses)],
    ids=["completions", "responses"],
)


def told(column: int, *beginnings: str) -> set[str]:
    return {row[0].strip("`") for row in ROWS if row[column].startswith(beginnings) and row[column]}


@BOTH
def test_the_table_has_every_parameter(column: int, asked: type[BaseModel], tested: ModuleType) -> None:
    assert told(column, "") == set(asked.model_fields)
    ignored = {name for name, field in asked.model_fields.items() if (field.description or "").startswith("Ignored")}
    assert told(column, "ignored") == ignored
    assert told(column, "refused", "only ") - {"metadata"} <= set(tested.REFUSED)


@BOTH
def test_whatever_an_ignored_parameter_says_is_ignored(
    address: str, expected: Answer, column: int, asked: type[BaseModel], tested: ModuleType
) -> None:
    path, question = (
        ("chat/completions", {"messages": [{"role": "user", "content": COST}]})
        if asked is CompletionAsked
        else ("responses", {"input": COST})
    )
    odd = {name: {"any": ["thing", 1.5, None]} for name in told(column, "ignored")}
    reply = httpx.post(f"{address}/v1/{path}", json={"model": "dateline", **question, **odd}, timeout=30)
    assert reply.raise_for_status().json()["dateline"]["text"] == expected.text


def test_the_example_does_what_it_says(address: str, expected: Answer, capsys: pytest.CaptureFixture[str]) -> None:
    [code] = re.findall(r"<!-- example -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    exec(f"{code.replace('http://127.0.0.1:7860', address)}\nclient.close()", {})
    printed = capsys.readouterr().out
    assert printed.startswith(expected.text)
    assert printed.endswith("\nconflicting\n")
    for citation in expected.citations:
        assert f"[{citation.marker}] {citation.source.title} {citation.source.url}\n" in printed

"""What docs/openai.md and the OpenAPI document say is so: parameters and examples."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from pydantic import BaseModel

from rag.answer import Desk
from rag.types import Answer
from rag.web.api.documenting import recorded
from rag.web.compatible import schemas
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

MESSAGES = {"messages": [{"role": "user", "content": COST}]}
RECORDED: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "completion.json": ("chat/completions", MESSAGES),
    "completion.txt": ("chat/completions", {**MESSAGES, "stream": True}),
    "response.json": ("responses", {"input": COST}),
    "response.txt": ("responses", {"input": COST, "stream": True}),
}
CHANGING = re.compile(
    r'"(?:created|created_at|completed_at|generation)": \d+|"timings": {[^}]*}|"score": [\d.]+|[_-][0-9a-f]{32}'
)


def as_recorded(address: str, name: str) -> str:
    """Ask for an example of the OpenAPI document anew."""
    path, body = RECORDED[name]
    reply = httpx.post(f"{address}/v1/{path}", json={"model": "dateline", **body}, timeout=30).raise_for_status()
    text = reply.text if name.endswith(".txt") else json.dumps(reply.json(), ensure_ascii=False, indent=2) + "\n"
    return text.replace(address, "http://127.0.0.1:7860")


def settled(text: str) -> str:
    """Leave out what differs from run to run and from machine to machine."""
    return CHANGING.sub("", text)


@pytest.mark.parametrize("name", RECORDED)
def test_examples_are_what_is_sent(address: str, name: str) -> None:
    assert settled(as_recorded(address, name)) == settled(recorded(name))


def test_what_is_sent_has_the_keys_that_are_described(address: str, seeds_desk: Desk) -> None:
    with httpx.Client(base_url=f"{address}/v1", timeout=30) as client:
        schemas.ModelsSent.model_validate(client.get("/models").json())
        schemas.ModelSent.model_validate(client.get("/models/dateline").json())
        for form in ("float", "base64"):
            body = {"model": seeds_desk.embedder.name, "input": COST, "encoding_format": form}
            schemas.EmbeddingsSent.model_validate(client.post("/embeddings", json=body).json())
    for name, sent in (("completion.json", schemas.CompletionSent), ("response.json", schemas.ResponseSent)):
        told = json.loads(as_recorded(address, name))
        assert sent.model_validate(told).model_dump(by_alias=True) == told


def test_the_document_describes_what_is_sent(address: str) -> None:
    paths = httpx.get(f"{address}/openapi.json").json()["paths"]
    for path, method, name in (
        ("/v1/models", "get", "ModelsSent"),
        ("/v1/models/{name}", "get", "ModelSent"),
        ("/v1/embeddings", "post", "EmbeddingsSent"),
        ("/v1/chat/completions", "post", "CompletionSent"),
        ("/v1/responses", "post", "ResponseSent"),
    ):
        schema = paths[path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{name}"}


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
    path, question = RECORDED["completion.json" if asked is CompletionAsked else "response.json"]
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

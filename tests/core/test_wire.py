"""The JSON contract: what docs/json.md shows is what is written, key for key."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rag.check import Checked
from rag.protocols import VersionSummary
from rag.question.requests import rows
from rag.types import (
    Answer,
    Article,
    Citation,
    Claim,
    Delta,
    Event,
    Found,
    Hit,
    Passage,
    PromptUse,
    Question,
    Restart,
    Scope,
    Searching,
    Source,
    Span,
    Status,
    Timing,
    Usage,
    Verdict,
)
from rag.wire import (
    Json,
    answer_object,
    article_object,
    articles_object,
    checked_object,
    event_object,
    hits_object,
    page_object,
    range_object,
    versions_object,
)

DOC = Path(__file__).parents[2] / "docs" / "json.md"
SOURCE = Source(
    article_id="a1",
    title="Ferry strikes pier",
    publisher="Harbour Courier",
    published=datetime(2023, 5, 4, tzinfo=UTC),
    url="https://example.org/ferry",
    origin_id="row-17",
    language="en",
)
TEXT = "A ferry struck the pier. Fourteen were hurt."
PASSAGE = Passage(source=SOURCE, version="v1", start=0, end=len(TEXT), text=TEXT)
HIT = Hit(passage=PASSAGE, score=1.8123456789, dense_rank=1, also_in=(Source(article_id="b", title="Ferry hits pier"),))
ANSWER = Answer(
    question=Question(text="How many were hurt?", asked_at=datetime(2023, 5, 5, tzinfo=UTC)),
    standalone="How many were hurt?",
    scope=Scope(since=datetime(2023, 5, 1, tzinfo=UTC), publishers=("Harbour Courier",)),
    text="Fourteen were hurt. [1]",
    status=Status.ANSWERED,
    claims=(Claim(start=0, end=19, markers=(1,), verdict=Verdict.SUPPORTED, missing=("4 May",)),),
    citations=(Citation(marker=1, source=SOURCE, version="v1", start=25, end=44, quote="Fourteen were hurt."),),
    rejected=("[9.1]",),
    hits=(HIT,),
    model="extractive",
    prompts=(PromptUse(name="answer.system", version="1", digest="d"),),
    generation=3,
    usage=Usage(input_tokens=1, output_tokens=2),
    timings=tuple(Timing(stage=stage, seconds=0.5) for stage in ("standalone", "scope", "retrieve", "answer")),
)
SUMMARY = VersionSummary(source=SOURCE, version="v1", current=True, characters=44, passages=1)
CHECKED = Checked(
    text="Many were hurt.",
    scope=Scope(),
    generation=3,
    claims=(Claim(start=0, end=15, markers=(1,), verdict=Verdict.UNSUPPORTED, missing=("many",)),),
    citations=ANSWER.citations,
)
WRITTEN: dict[str, Mapping[str, Json]] = {
    "dateline ask": answer_object(ANSWER),
    "dateline search": hits_object([HIT]),
    "dateline check": checked_object(CHECKED),
    "dateline articles show": article_object(Article(source=SOURCE, text=TEXT)),
    "dateline articles list": articles_object([SUMMARY], 1),
    "GET /v1/articles`": page_object([SUMMARY], 2, "cursor"),
    "GET /v1/articles/{article_id}/versions": versions_object([SUMMARY]),
    "GET /v1/articles/{article_id}?": range_object(Article(source=SOURCE, text=TEXT), Span(0, 8), [Span(0, 24)]),
}
EVENTS: list[Event] = [
    Searching(standalone="How many?", scope=Scope()),
    Found(hits=(HIT,)),
    Delta(text="Fourteen were hurt. [1]", citations=ANSWER.citations),
    Restart(reason="No."),
]
CONTRACT = {
    "dateline ask": "status text standalone claims citations rejected hits model usage timings",
    "dateline search": "hits",
    "dateline check": "text generation verdicts claims citations",
    "dateline articles show": "article_id version title publisher published url text origin_id",
}


def documented(command: str, mark: str = "## `") -> Mapping[str, Json]:
    section = DOC.read_text(encoding="utf-8").split(f"{mark}{command}", 1)[1]
    found = re.search(r"```json\n(.*?)```", section, re.DOTALL)
    assert found
    example: dict[str, Json] = json.loads(found[1])
    return example


def keys(value: Json, path: str = "") -> set[str]:
    """Every key with the path to it; the entries of a list share one path."""
    if isinstance(value, Mapping):
        return {f"{path}.{key}" for key in value} | {
            found for key, inner in value.items() for found in keys(inner, f"{path}.{key}")
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {found for inner in value for found in keys(inner, f"{path}[]")}
    return set()


@pytest.mark.parametrize("command", WRITTEN)
def test_every_key_is_documented_and_every_documented_key_is_written(command: str) -> None:
    written = keys(WRITTEN[command])
    prompts = {".prompts[].name", ".prompts[].version", ".prompts[].digest"}
    assert keys(documented(command)) == written - prompts


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event_object(event)[0])
def test_every_event_is_documented(event: Event) -> None:
    name, told = event_object(event)
    assert keys(documented(f"{name}`:", "\n`")) == keys(told)


def test_the_last_event_is_the_answer() -> None:
    assert event_object(ANSWER) == ("answer", answer_object(ANSWER))


@pytest.mark.parametrize("command", CONTRACT)
def test_the_promised_keys_are_there(command: str) -> None:
    assert set(CONTRACT[command].split()) <= WRITTEN[command].keys()


def test_an_answer_is_written_with_its_proof() -> None:
    written = json.loads(json.dumps(answer_object(ANSWER)))
    assert written["status"] == "answered"
    assert written["scope"]["since"] == "2023-05-01T00:00:00Z"
    assert written["claims"] == [
        {"start": 0, "end": 19, "markers": [1], "verdict": "supported", "missing": ["4 May"]},
    ]
    [citation] = written["citations"]
    assert TEXT[citation["start"] : citation["end"]] == citation["quote"]
    assert citation["published"] == "2023-05-04T00:00:00Z"
    assert written["hits"] == [{"article_id": "a1", "version": "v1", "start": 0, "end": 44, "score": 1.812346}]
    assert written["timings"] == {"standalone": 0.5, "scope": 0.5, "retrieve": 0.5, "answer": 0.5}
    assert written["usage"] == {"input_tokens": 1, "output_tokens": 2}


def test_a_hit_is_written_with_its_text_and_the_other_articles_that_carry_it() -> None:
    [hit] = json.loads(json.dumps(hits_object([HIT])))["hits"]
    assert (hit["text"], hit["dense_rank"], hit["lexical_rank"]) == (TEXT, 1, None)
    assert [other["article_id"] for other in hit["also_in"]] == ["b"]


def test_the_documented_row_is_understood() -> None:
    section = DOC.read_text(encoding="utf-8").split("## `--batch", 1)[1]
    found = re.search(r"```json\n(.*?)```", section, re.DOTALL)
    assert found
    [row] = rows([json.dumps(json.loads(found[1]))])
    assert row.id == "q1"
    assert row.question is not None
    assert row.question.scope.article_ids == ("8f2c9a01d3b4e5f6",)
    assert len(row.question.history) == 1

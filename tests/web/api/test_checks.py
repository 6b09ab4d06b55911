"""Drafts over HTTP."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from rag.compose import newsroom
from rag.records import open_records
from rag.settings import read_settings
from rag.testing.serving import serving
from rag.web.api.schemas import CheckedSent, ProblemDocument
from rag.web.service import make_service
from tests.conftest import Dateline


def test_a_check_is_what_the_command_line_gives(ingested_seeds: Path, dateline: Dateline, tmp_path: Path) -> None:
    text = "Drivers face a detour of 41 miles. Repairs will cost £3.4 million, Mayor Oriel Tamsworth said. Who pays?"
    draft = tmp_path / "draft.txt"
    draft.write_text(text, encoding="utf-8")
    told = dateline("check", draft, "--json", "--until", "May 2024", "--library", ingested_seeds).out
    with (
        newsroom(read_settings(library=ingested_seeds)) as room,
        closing(open_records(tmp_path)) as records,
        serving(make_service(room.desk(), records)) as address,
    ):
        reply = httpx.post(f"{address}/v1/checks", json={"text": text, "scope": {"until": "May 2024"}})
    assert reply.json() == json.loads(told)
    CheckedSent.model_validate(reply.json())
    assert [claim["verdict"] for claim in reply.json()["claims"]] == ["unsupported", "supported"]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({}, 422, "text: Field required"),
        ({"text": ""}, 422, "text: String should have at least 1 character"),
        ({"text": "a" * 20_001}, 422, "text: String should have at most 20000 characters"),
        ({"text": "It rained.", "model": "x"}, 422, "model: Extra inputs are not permitted"),
        ({"text": "It \ud83d rained."}, 422, "text: "),
        ({"text": " "}, 400, "The draft is empty; write what is to be checked."),
        ({"text": "It ran. " * 301}, 400, "The draft has 301 sentences; check it in parts of 300 or fewer."),
        ({"text": "It rained.", "scope": {"since": "someday"}}, 400, "since"),
    ],
)
def test_what_cannot_be_checked_is_a_problem(
    api: httpx.Client, body: dict[str, object], status: int, told: str
) -> None:
    # As escapes, which may name half a character.
    sent = json.dumps(body).encode()
    reply = api.post("/v1/checks", content=sent, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
    assert told in ProblemDocument.model_validate(reply.json()).detail

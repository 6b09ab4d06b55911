"""`dateline feedback`: what readers said, listed, and turned into cases that pass."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from rag.evaluation.suites.suitefile import read_suite
from rag.records import open_records
from rag.records.feedback import Feedback, FeedbackStore
from tests.conftest import Dateline

BRIDGE = "How much will the Arl Bridge repair cost?"


@pytest.fixture
def said(seed_library: Path, dateline: Dateline) -> Path:
    """A library with feedback: twice right on one answer, wrong on another, and right on a bare text."""
    answer = json.loads(dateline("ask", BRIDGE, "--since", "2024", "--json", "--library", seed_library).out)
    kept = {name: answer[name] for name in ("question", "text", "status", "citations")}
    kept["scope"] = {name: value for name, value in answer["scope"].items() if value}
    articles = [each["article_id"] for each in answer["citations"]]
    with closing(open_records(seed_library)) as records:
        store = FeedbackStore(records)
        for _ in range(2):
            store.add(Feedback(rating="up", answer=kept), articles)
        wrong = {**kept, "question": "\x1b[31mWho?"}
        store.add(Feedback(rating="down", kind="wrong", comment="No.", answer=wrong), articles)
        store.add(Feedback(rating="up", answer={"question": "Why?", "text": "So.", "citations": []}), [])
    return seed_library


def test_what_was_found_right_becomes_a_case_that_passes(said: Path, dateline: Dateline, tmp_path: Path) -> None:
    suite = tmp_path / "suite.yaml"
    for added in (1, 0):
        ran = dateline("feedback", "export", "--suite", suite, "--library", said)
        assert (ran.code, ran.out) == (0, f"{added} added to {suite}\n")
    [case] = read_suite(suite).cases
    assert (case.question, case.tags, case.since) == (BRIDGE, ("feedback",), "2024-01-01")
    assert dateline("eval", suite, "--library", said, "--out", tmp_path / "runs").code == 0


def test_feedback_is_listed(said: Path, dateline: Dateline) -> None:
    lines = dateline("feedback", "list", "--library", said).out.splitlines()
    assert len(lines) == 4
    assert "\x1b" not in lines[1]
    assert lines[1].endswith("No.")
    told = json.loads(dateline("feedback", "list", "--rating", "down", "--json", "--library", said).out)
    assert [each["kind"] for each in told["feedback"]] == ["wrong"]


def test_what_was_said_of_a_removed_article_is_gone(said: Path, dateline: Dateline) -> None:
    told = json.loads(dateline("feedback", "list", "--json", "--library", said).out)["feedback"]
    [first, *_] = told[1]["answer"]["citations"]
    assert dateline("articles", "remove", first["article_id"], "--library", said).code == 0
    lines = dateline("feedback", "list", "--library", said).out.splitlines()
    assert sum("(its article was removed)" in line for line in lines) == 3
    assert not [path for path in said.glob("service.sqlite3*") if first["quote"].encode() in path.read_bytes()]

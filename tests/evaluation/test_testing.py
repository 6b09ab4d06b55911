"""What test frameworks ask is answered by whom they name, and by nobody in that one's place."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from rag.evaluation.results import Outcome
from rag.evaluation.suites.cases import Case, Corpus, Suite
from rag.evaluation.testing import Corpora, failure_text, tried
from rag.testing.server import ScriptedServer, fails, says

CASE = Case.model_validate(
    {"id": "c", "question": "When did the bridge open?", "expect": {"contains": "Saturday", "cites": "Bridge opens"}}
)
SUITE = Suite(suite="s", corpus=Corpus(folder="articles"), cases=(CASE,))


def test_the_reader_does_not_answer_for_a_model_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "articles").mkdir()
    article = "---\ntitle: Bridge opens\npublisher: Post\n---\nThe bridge opened on Saturday.\n"
    (tmp_path / "articles" / "bridge.md").write_text(article, encoding="utf-8")
    monkeypatch.setenv("DATELINE_MODEL_RETRIES", "0")
    with ScriptedServer(says("The bridge opened on Saturday [1.1]."), fails(503, "It is down.")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        with closing(Corpora(tmp_path / "cache", answerer="generative")) as corpora:
            opened = corpora.of(SUITE, tmp_path / "suite.yaml")
            (answered,), (failed,) = tried(SUITE, CASE, opened), tried(SUITE, CASE, opened)
    assert (answered.outcome, failed.outcome) == (Outcome.PASSED, Outcome.ERROR)
    assert "It is down." in str(failure_text([failed]))

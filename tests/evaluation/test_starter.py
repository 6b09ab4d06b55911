"""A first suite says what the desk answers today, and passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from rag.compose import Newsroom, newsroom
from rag.errors import ConfigurationError
from rag.evaluation.corpus import corpus_digest, manifest
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Outcome
from rag.evaluation.runs.runner import ask_case
from rag.evaluation.scoring import score_case
from rag.evaluation.suites.cases import Corpus
from rag.evaluation.suites.starter import UNCHECKED, starter
from rag.evaluation.suites.suitefile import read_suite
from rag.evaluation.suites.writing import append_case
from rag.library import LocalLibrary
from rag.settings import read_settings
from rag.testing import HashingEmbedder
from rag.types import Source, Status

NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def room(ingested_seeds: Path) -> Iterator[Newsroom]:
    with newsroom(read_settings(library=ingested_seeds, answerer="extractive")) as opened:
        yield opened


def test_every_case_of_a_first_suite_passes(room: Newsroom, tmp_path: Path) -> None:
    desk, path = room.desk(), tmp_path / "first.yaml"
    path.write_text(starter(desk, name="first", corpus=Corpus(library="lib"), asked_at=NOW), encoding="utf-8")
    suite = read_suite(path)
    assert suite.corpus == Corpus(library="lib", digest=corpus_digest(manifest(room.library)))
    evidence = Evidence(room.library, room.embedder)
    for case in suite.cases:
        samples = list(ask_case(suite, case, desk, evidence=evidence))
        assert [result.outcome for result in score_case(suite, case, samples, evidence)] == [Outcome.PASSED], case.id
    answered = [case for case in suite.cases if case.expect.cites]
    assert len(answered) >= 6
    assert len({case.expect.cites[0].article for case in answered}) == len(answered)
    assert [case.as_of is not None for case in suite.cases].count(True) == 1
    assert Status.NOT_IN_SOURCES in suite.cases[-1].expect.statuses
    assert {case.tags for case in suite.cases} == {(UNCHECKED,)}


def test_a_title_cannot_leave_its_comment(library: Callable[..., LocalLibrary], tmp_path: Path) -> None:
    title = "Bridge\u2028cases: \x85\nsuite: stolen \x1b[31m"
    made = library((Source(article_id="a", title=title), "The Bridge cases suite was stolen on Monday by a seal."))
    room = Newsroom(settings=read_settings(answerer="extractive"), embedder=HashingEmbedder(), library=made)
    path, text = tmp_path / "s.yaml", starter(room.desk(), name="no: 'x'", corpus=Corpus(folder="a"), asked_at=NOW)
    path.write_text(text, encoding="utf-8")
    suite = read_suite(path)
    assert (suite.suite, suite.corpus.folder) == ("no: 'x'", "a")
    assert title in str(suite.cases[0].question)
    assert [case["id"] for case in yaml.safe_load(text)["cases"]] == [case.id for case in suite.cases]


def test_a_first_suite_can_be_added_to(library: Callable[..., LocalLibrary], tmp_path: Path) -> None:
    made = library((Source(article_id="a", title="The Bridge"), "The Bridge was stolen on Monday by a seal."))
    room = Newsroom(settings=read_settings(answerer="extractive"), embedder=HashingEmbedder(), library=made)
    path, text = tmp_path / "s.yaml", starter(room.desk(), name="s", corpus=Corpus())
    path.write_text(text, encoding="utf-8")
    append_case(path, read_suite(path).cases[0].model_copy(update={"id": "another"}))
    assert read_suite(path).cases[-1].id == "another"
    assert path.read_text(encoding="utf-8").startswith(text)


def test_an_empty_library_has_no_first_suite(library: Callable[..., LocalLibrary]) -> None:
    room = Newsroom(settings=read_settings(answerer="extractive"), embedder=HashingEmbedder(), library=library())
    with pytest.raises(ConfigurationError, match="Nothing in this library was answered"):
        starter(room.desk(), name="s", corpus=Corpus())

"""Each planted fault moves the one defect metric that names it, and a comparison with the good run says so."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.pipeline import ingest
from rag.compose import Newsroom, newsroom
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Direction, Result
from rag.evaluation.runs.runner import ask_case
from rag.evaluation.scoring import score_case
from rag.evaluation.statistics.comparing import compare
from rag.evaluation.suites.cases import Case, Cited, Expectation, Suite
from rag.sentences import sentences
from rag.settings import Settings
from rag.testing.faults import FAULTS, damaged
from rag.types import Article, Status

SEEDS = Path(__file__).parents[2] / "seeds" / "articles"
DAMAGED = 20
"""Samples with the fault, among the good ones."""
DENIES = re.compile(r"\b(?:not|never|no)\b")

UNANSWERABLE = (
    "What is the boiling point of water on Mount Everest?",
    "Who composed the opera about the miller's daughter?",
    "How many moons does Saturn have?",
    "Which chess opening did the champion play in Reykjavik?",
    "What is the capital of Burkina Faso?",
    "How is a goose best roasted?",
    "Who invented the sewing machine?",
    "When did the last mammoth die?",
    "Which mountain is the highest in the Andes?",
    "What colour is the blood of an octopus?",
    "Who won the tennis final in Melbourne?",
    "How many strings does a harp have?",
    "What does a beekeeper do in winter?",
    "Which planet has the shortest day?",
    "Who painted the ceiling of the chapel in Rome?",
    "How deep is Lake Baikal?",
    "When was the printing press brought to Mexico?",
    "What is the melting point of tungsten?",
    "Which bird lays the smallest egg?",
    "Who translated the Iliad into Icelandic?",
    "Which metal melts in the hand?",
    "Who discovered the structure of benzene?",
    "How are violins varnished?",
    "Which grape is used for sherry?",
)

COMPOSITES = {
    "wrong_source": {"pass", "citation.expected", "citation.recall", "citation.precision"},
    "wrong_version": {"pass"},
    "wrong_span": {"citation.exact"},
    "surplus_citation": {"citation.precision"},
    "negation": {"citation.recall", "citation.precision"},
    "figure": {"citation.recall", "citation.precision"},
    "unsupported_sentence": {"citation.recall", "citation.precision"},
    "needless_abstention": {"pass", "citation.expected", "abstention.precision", "abstention.f1"},
    "missing_abstention": {"pass", "abstention.recall", "abstention.f1"},
}
"""What else gets worse, beside the defect: the metrics that say that something is wrong, but not what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """Answers in which nothing is wrong (the first test says so), and where they come from."""

    suite: Suite
    room: Newsroom
    evidence: Evidence
    results: tuple[Result, ...]


@pytest.fixture(scope="module")
def good(ingested_seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Good]:
    """Ask for sentences of the seeds that deny something, for some with figures, and for what is not in them.

    The newest articles have an earlier version, which lacks the first sentence.
    """
    place = tmp_path_factory.mktemp("faults")
    shutil.copytree(ingested_seeds, place / "library")
    later = place / "later"
    later.mkdir()
    for file in sorted(SEEDS.glob("2024-0[4-6]*.md")):
        head, _, body = file.read_text(encoding="utf-8").partition("\n---\n")
        (later / file.name).write_text(f"{head}\n---\n\nThis was changed.\n{body}", encoding="utf-8")
    with newsroom(Settings(library=place / "library")) as room:
        ingest([later], room.library, room.embedder)
        evidence = Evidence(room.library, room.embedder)
        suite = Suite(suite="faults", cases=(*_answerable(room), *_unanswerable()))
        desk = room.desk()
        asked = [(case, list(ask_case(suite, case, desk, evidence=evidence))) for case in suite.cases]
        results = [result for case, samples in asked for result in score_case(suite, case, samples, evidence)]
        yield Good(suite=suite, room=room, evidence=evidence, results=tuple(results))


def test_nothing_is_found_in_good_answers(good: Good) -> None:
    found = [
        (result.case.id, score.metric, score.reason)
        for result in good.results
        for score in result.scores
        if score.metric.startswith("defect.") and score.value
    ]
    assert found == []
    assert [(result.case.id, result.failed) for result in good.results if result.failed] == []
    assert len(good.results) == 63


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_moves_the_defect_that_names_it_and_no_other(good: Good, fault: str) -> None:
    after, planted = _with_fault(good, fault)

    comparison = compare(good.results, after, baseline="good", corpus_before={}, corpus_after={})

    found = [score for result in after for score in result.scores if score.metric == f"defect.{fault}" and score.value]
    assert len(found) == planted == DAMAGED
    moved = {change.metric for change in comparison.changes if change.after != change.before}
    assert {name for name in moved if name.startswith("defect.")} == {f"defect.{fault}"}
    worse = {change.metric for change in comparison.changes if change.direction is Direction.WORSE}
    assert worse == {f"defect.{fault}"} | COMPOSITES[fault]


def test_faults_leave_alone_what_they_cannot_damage(good: Good) -> None:
    abstention = next(result.sample for result in good.results if not result.asked.expect.answerable)

    planted = {name: damaged(abstention, fault, good.room.library) for name, fault in FAULTS.items()}

    assert {name for name, sample in planted.items() if sample} == {"missing_abstention"}


def _answerable(room: Newsroom) -> Iterator[Case]:
    articles = [room.library.article(summary.source.article_id) for summary in room.library.articles()]
    denying = [(article, words) for article in articles for words in _sentences(article) if DENIES.search(words)]
    counting = [
        (article, words) for article in articles for words in _sentences(article)[1:3] if re.search(r"\d", words)
    ]
    for number, (article, words) in enumerate([*denying[:25], *counting[:14]], 1):
        place = Cited(article=article.source.article_id, quote=words)
        expect = Expectation(status=(Status.ANSWERED, Status.CONFLICTING), cites=(place,))
        # Asked on the day, so that "yesterday" in its words limits the search to where the article is.
        yield Case(id=f"answerable-{number}", question=words, asked_at=article.source.published, expect=expect)


def _unanswerable() -> Iterator[Case]:
    for number, question in enumerate(UNANSWERABLE, 1):
        yield Case(id=f"unanswerable-{number}", question=question, expect=Expectation(status=Status.NOT_IN_SOURCES))


def _sentences(article: Article) -> list[str]:
    return [article.text[span.start : span.end] for span in sentences(article.text)]


def _with_fault(good: Good, fault: str) -> tuple[list[Result], int]:
    """Return the good results with a fault in some, and in how many."""
    results: list[Result] = []
    count = 0
    for result in good.results:
        apt = fault != "needless_abstention" or result.asked.expect.answerable
        sample = damaged(result.sample, FAULTS[fault], good.room.library) if apt and count < DAMAGED else None
        results += score_case(good.suite, result.case, [sample], good.evidence) if sample else [result]
        count += sample is not None
    return results, count

"""What must be cited, exactness to the character, and ALCE's recall and precision against its published rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.split import split
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.citations import alce, proved, score
from rag.evaluation.suites.cases import Asked, Cited, Expectation
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.testing.drafting import drafted
from rag.types import Answer, Hit, Source, Status, Verdict
from rag.verify import Quote

BRIDGE = Source(article_id="bridge", title="Bridge", publisher="Harbour Post")
FERRY = Source(article_id="ferry", title="Ferry", publisher="Courier")
TEXTS = {
    "bridge": "The bridge was closed on Monday. Repairs will cost £3 million. Nobody was hurt.",
    "ferry": "The ferry runs twice a day. A ticket costs £4.",
}


@pytest.fixture
def evidence(library: Callable[..., LocalLibrary]) -> Evidence:
    return Evidence(library((BRIDGE, TEXTS["bridge"]), (FERRY, TEXTS["ferry"])), HashingEmbedder())


def hits(evidence: Evidence) -> list[Hit]:
    articles = [evidence.library.article(name) for name in TEXTS]
    return [Hit(passage=passage, score=1.0) for article in articles for passage in split(article)]


def found(evidence: Evidence, answer: Answer, **expect: object) -> list[Check | Score]:
    asked = Asked(question="?", expect=Expectation.model_validate(expect))
    return list(score(asked, Sample(suite="s", case_id="c", asked="d", answer=answer), evidence))


def scores(found: Sequence[Check | Score]) -> dict[str, float | None]:
    return {each.metric: each.value for each in found if isinstance(each, Score)}


@pytest.fixture
def answer(evidence: Evidence) -> Answer:
    return drafted(
        "The bridge was closed on Monday [1.1]. A ticket costs £4 [2.2].", hits(evidence), evidence.similarity
    )


@pytest.mark.parametrize(
    ("expect", "passed", "share"),
    [
        ({"cites": [{"article": "bridge"}]}, [True], 1.0),
        ({"cites": [{"article": "bridge", "quote": "on Monday"}, {"article": "ferry"}]}, [True, True], 1.0),
        ({"cites": [{"article": "bridge", "quote": "Nobody was hurt."}, {"article": "ferry"}]}, [False, True], 0.5),
        ({"cites": [{"article": "bridge", "start": 0, "end": 5}]}, [True], 1.0),
        ({"cites": [{"article": "bridge", "start": 33, "end": 62}]}, [False], 0.0),
        ({"cites_any": [{"article": "bridge", "quote": "Nobody"}, {"article": "ferry"}]}, [True], 1.0),
        ({"cites_any": [{"article": "bridge", "quote": "Nobody"}]}, [False], 0.0),
        ({"cites": [{"article": "no such article"}]}, [False], 0.0),
        ({"cites_none": [{"article": "bridge", "quote": "Nobody was hurt."}]}, [True], None),
        ({"cites_none": [{"article": "ferry"}]}, [False], None),
        ({"cites_none": [{"article": "no such article"}]}, [None], None),
    ],
)
def test_places_that_must_and_must_not_be_cited(
    evidence: Evidence, answer: Answer, expect: dict[str, object], passed: list[bool | None], share: float | None
) -> None:
    told = found(evidence, answer, **expect)
    assert [each.passed for each in told if isinstance(each, Check)] == passed
    assert scores(told).get("citation.expected") == share


def test_a_failed_check_says_what_is_cited_instead(evidence: Evidence, answer: Answer) -> None:
    told = found(evidence, answer, cites=[Cited(article="bridge", quote="Nobody was hurt.")])
    check = next(each for each in told if isinstance(each, Check))
    assert check.expected == "bridge: “Nobody was hurt.”"
    assert check.got == "[1] bridge: “The bridge was closed on Monday.”; [2] ferry: “A ticket costs £4.”"


def test_a_check_of_an_unknown_article_says_so(evidence: Evidence, answer: Answer) -> None:
    told = found(evidence, answer, cites=[Cited(article="brigde")])
    assert "There is no article 'brigde'" in next(each.got for each in told if isinstance(each, Check))


@pytest.mark.parametrize(
    ("start", "end", "quote", "exact"),
    [
        (0, 32, None, 1.0),
        (0, 62, None, 1.0),  # two whole sentences
        (1, 32, None, 0.0),
        (0, 31, None, 0.0),
        (0, 33, None, 0.0),
        (0, 32, "The bridge was closed on Sunday.", 0.0),
        (0, 500, "The bridge", 0.0),
    ],
)
def test_a_quote_is_exact_when_it_is_whole_sentences_of_the_stored_text(
    evidence: Evidence, answer: Answer, start: int, end: int, quote: str | None, exact: float
) -> None:
    words = TEXTS["bridge"][start:end] if quote is None else quote
    moved = replace(answer.citations[0], start=start, end=end, quote=words)
    told = found(evidence, replace(answer, citations=(moved,)))
    assert scores(told)["citation.exact"] == exact


def test_borders_come_from_the_article_where_no_passage_knows_them(evidence: Evidence, answer: Answer) -> None:
    assert scores(found(evidence, replace(answer, hits=())))["citation.exact"] == 1.0


def test_a_version_that_is_not_stored_is_not_exact(evidence: Evidence, answer: Answer) -> None:
    lost = replace(answer.citations[0], version="0" * 16)
    told = found(evidence, replace(answer, citations=(lost, answer.citations[1])))
    exact = next(each for each in told if isinstance(each, Score) and each.metric == "citation.exact")
    assert exact.value == 0.5
    assert exact.reason == f"[1] version {'0' * 16} is not stored"


def test_an_abstention_has_no_citations_to_measure(evidence: Evidence, answer: Answer) -> None:
    silent = replace(answer, text="The articles do not say.", status=Status.NOT_IN_SOURCES, claims=(), citations=())
    assert scores(found(evidence, silent, cites=[Cited(article="bridge")])) == {"citation.expected": 0.0}


def test_verdicts_are_found_afresh(evidence: Evidence, answer: Answer) -> None:
    assert scores(found(evidence, answer))["citation.recall"] == 1.0
    wrong = answer.text.replace("£4", "£9")
    told = scores(found(evidence, replace(answer, text=wrong)))
    assert all(claim.verdict is Verdict.SUPPORTED for claim in answer.claims)
    assert told["citation.recall"] == told["citation.precision"] == 0.5


def test_a_lead_in_needs_no_citation(evidence: Evidence) -> None:
    draft = "This is known so far:\n\nThe bridge was closed on Monday [1.1]. Nobody was hurt [1.3]."
    told = scores(found(evidence, drafted(draft, hits(evidence), evidence.similarity)))
    assert told["citation.recall"] == 1.0


def test_an_uncited_statement_lowers_recall_and_not_precision(evidence: Evidence) -> None:
    draft = "The bridge was closed on Monday [1.1]. The mayor apologised to everyone."
    told = scores(found(evidence, drafted(draft, hits(evidence), evidence.similarity)))
    assert told["citation.recall"] == 0.5
    assert told["citation.precision"] == 1.0


def test_another_judge_of_entailment_has_a_prefix_of_its_own(evidence: Evidence, answer: Answer) -> None:
    def nli(words: str, quotes: Sequence[Quote]) -> Verdict:
        return Verdict.SUPPORTED if "£4" in words and quotes[0].text.startswith("A ticket") else Verdict.UNSUPPORTED

    assert scores(list(proved(answer, evidence, nli, prefix="nli"))) == {"nli.recall": 0.5, "nli.precision": 0.5}


def test_a_partial_verdict_is_not_borne_out(evidence: Evidence, answer: Answer) -> None:
    assert scores(list(proved(answer, evidence, lambda _, __: Verdict.PARTIAL)))["citation.recall"] == 0.0


MARKERS = (1, 2, 3, 4)
Sets = frozenset[frozenset[int]]
SUBSETS = [frozenset(each) for each in chain.from_iterable(combinations(MARKERS, size) for size in range(1, 5))]


@given(
    cited=st.lists(st.lists(st.sampled_from(MARKERS), unique=True, max_size=4), min_size=1, max_size=4),
    borne_out=st.lists(st.frozensets(st.sampled_from(SUBSETS)), min_size=4, max_size=4),
)
def test_recall_and_precision_are_those_of_alce(cited: list[list[int]], borne_out: list[Sets]) -> None:
    statements = [(str(number), tuple(markers)) for number, markers in enumerate(cited)]

    told = scores(list(alce(statements, lambda words, markers: frozenset(markers) in borne_out[int(words)])))

    recall, precision = published(cited, borne_out)
    assert told["citation.recall"] == pytest.approx(recall)
    assert told.get("citation.precision") == (precision if precision is None else pytest.approx(precision))


def published(cited: Sequence[Sequence[int]], borne_out: Sequence[Sets]) -> tuple[float, float | None]:
    """ALCE's measures as its paper describes them, written out statement by statement."""
    recalled = precise = total = 0
    for number, markers in enumerate(cited):
        total += len(markers)
        if frozenset(markers) not in borne_out[number]:
            continue
        recalled += 1
        for marker in markers:
            alone = frozenset([marker]) in borne_out[number]
            without = frozenset(markers) - {marker} in borne_out[number]
            precise += not (not alone and without)
    return recalled / len(cited), precise / total if total else None

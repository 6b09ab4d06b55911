"""What must be cited, in which version, exactness to the character, and what counts as a sentence to be borne out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ingest.split import split
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.citations import proved, score
from rag.evaluation.suites.cases import Asked, Cited, Expectation
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.testing.drafting import drafted
from rag.types import Answer, Article, Citation, Claim, Hit, Question, Scope, Source, Status, Verdict
from rag.verify import Quote

BRIDGE = Source(article_id="bridge", title="Bridge", publisher="Harbour Post")
FERRY = Source(article_id="ferry", title="Ferry", publisher="Courier", published=datetime(2024, 2, 16, tzinfo=UTC))
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


HURT = Source(article_id="fire", title="Fire", publisher="Post", published=datetime(2024, 4, 9, tzinfo=UTC))
CORRECTED = replace(HURT, updated=datetime(2024, 4, 11, tzinfo=UTC))
THREE = "Three workers were hurt. The plant employs 412 people."
TWO = "Two workers were hurt. The plant employs 214 people."
OLD, NEW = (Article(source=source, text=text).version for source, text in ((HURT, THREE), (CORRECTED, TWO)))


@pytest.mark.parametrize("found_in", [OLD, NEW])
@pytest.mark.parametrize(
    ("limits", "place", "touched"),
    [
        # Without a version it is the one that could be read.
        ({}, {"quote": "workers were hurt"}, NEW),
        ({}, {"start": 0, "end": 20}, NEW),
        ({}, {}, NEW),
        ({"as_of": "2024-04-10"}, {"quote": "workers were hurt"}, OLD),
        ({"as_of": "2024-04-10"}, {"quote": "Two workers"}, None),
        ({"as_of": "2024-04-11"}, {}, NEW),
        ({"as_of": "2024-04-08"}, {}, None),
        ({"since": "2024-04-09", "until": "2024-04-09"}, {}, NEW),
        ({"until": "2024-04-08"}, {}, None),
        ({"publishers": "Post", "articles": "Fire"}, {}, NEW),
        ({"publishers": "Courier"}, {}, None),
        ({"articles": "bridge"}, {}, None),
        # A version that is named is that one, whatever the limits.
        ({}, {"version": OLD}, OLD),
        ({"as_of": "2024-04-10"}, {"version": NEW}, NEW),
    ],
)
def test_a_place_is_one_of_the_version_that_could_be_read(
    corrected: Evidence, found_in: str, limits: dict[str, str], place: dict[str, object], touched: str | None
) -> None:
    asked = Asked.model_validate(
        {"question": "?", **limits, "expect": {"cites": {"article": "fire", **place}, "cites_any": "fire"}}
    )
    told = score(asked, hurt(corrected, found_in), corrected)
    assert [each.passed for each in told if isinstance(each, Check) and each.name == "cites"] == [touched == found_in]


@pytest.mark.parametrize("found_in", [OLD, NEW])
def test_what_must_not_be_cited_must_not_be_in_any_version(corrected: Evidence, found_in: str) -> None:
    expect = Expectation.model_validate({"cites_none": {"article": "fire", "quote": "workers were hurt"}})
    told = score(Asked(question="?", as_of="2024-04-10", expect=expect), hurt(corrected, found_in), corrected)
    assert [each.passed for each in told if isinstance(each, Check)] == [False]


def test_after_the_library_changed_any_stored_version_may_have_been_read(
    corrected: Evidence, library: Callable[..., LocalLibrary]
) -> None:
    sample = hurt(corrected, NEW)
    later = replace(CORRECTED, updated=datetime(2024, 4, 20, tzinfo=UTC))
    library((later, "Two workers were hurt, one of them badly."))
    expect = Expectation.model_validate({"cites": "fire"})
    told = score(Asked(question="?", expect=expect), sample, corrected)
    assert [each.passed for each in told if isinstance(each, Check)] == [True]


@pytest.fixture
def corrected(library: Callable[..., LocalLibrary]) -> Evidence:
    """An article and its correction, two days later."""
    library((BRIDGE, TEXTS["bridge"]), (HURT, THREE))
    return Evidence(library((CORRECTED, TWO)), HashingEmbedder())


def hurt(evidence: Evidence, version: str) -> Sample:
    """An answer that cites the first sentence of a version, and does not say within what it was searched."""
    article = evidence.library.article("fire", version)
    end = article.text.index(".") + 1
    quote = article.text[:end]
    citation = Citation(marker=1, source=article.source, version=version, start=0, end=end, quote=quote)
    answer = Answer(
        question=Question(text="?"),
        standalone="?",
        scope=Scope(),
        text=f"{quote} [1]",
        status=Status.ANSWERED,
        claims=(Claim(start=0, end=end, markers=(1,), verdict=Verdict.SUPPORTED),),
        citations=(citation,),
        generation=evidence.library.generation(),
    )
    return Sample(suite="s", case_id="c", asked="d", answer=answer)


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


def test_an_answer_that_cites_nothing_has_no_precision(evidence: Evidence, answer: Answer) -> None:
    bare = replace(answer, text="The bridge was closed on Monday.", claims=(), citations=())
    told = found(evidence, bare)
    assert scores(told) == {"citation.recall": 0.0, "citation.precision": 0.0}
    assert [each.reason for each in told if isinstance(each, Score)][1] == "nothing is cited"


def test_an_abstention_has_no_citations_to_measure(evidence: Evidence, answer: Answer) -> None:
    silent = replace(answer, text="The articles do not say.", status=Status.NOT_IN_SOURCES, claims=(), citations=())
    assert scores(found(evidence, silent, cites=[Cited(article="bridge")])) == {"citation.expected": 0.0}
    refused = drafted("The bridge was closed on Monday.", hits(evidence), evidence.similarity)
    assert (refused.status, len(refused.claims)) == (Status.NOT_IN_SOURCES, 1)
    assert scores(found(evidence, refused)) == {}


def test_verdicts_are_found_afresh(evidence: Evidence, answer: Answer) -> None:
    assert scores(found(evidence, answer))["citation.recall"] == 1.0
    wrong = answer.text.replace("£4", "£9")
    told = scores(found(evidence, replace(answer, text=wrong)))
    assert all(claim.verdict is Verdict.SUPPORTED for claim in answer.claims)
    assert told["citation.recall"] == told["citation.precision"] == 0.5


CLOSED = "The bridge was closed on Monday"


@pytest.mark.parametrize(
    ("draft", "recall"),
    [
        # What makes no statement is no sentence to be borne out.
        (f"This is known so far:\n\n{CLOSED} [1.1]. Nobody was hurt [1.3].", 1.0),
        (f"다음과 같다：\n\n{CLOSED} [1.1].", 1.0),
        ("Courier, 16 February 2024:\n\nA ticket costs £4 [2.2].", 1.0),
        (f"{CLOSED} [1.1].\n\nThe articles do not say.", 1.0),
        # Anything else is, also where a quote behind another sentence carries it.
        (f"It closed on 12 May:\n\n{CLOSED} [1.1].", 0.5),
        (f"The reports disagree. {CLOSED} [1.1].", 0.5),
        (f"{CLOSED} [1.1]. Nobody was hurt [1.3]. {CLOSED}. Nobody was hurt.", 0.5),
    ],
)
def test_a_statement_needs_a_citation_of_its_own(evidence: Evidence, draft: str, recall: float) -> None:
    told = scores(found(evidence, drafted(draft, hits(evidence), evidence.similarity)))
    assert told["citation.recall"] == recall
    assert told["citation.precision"] == 1.0


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

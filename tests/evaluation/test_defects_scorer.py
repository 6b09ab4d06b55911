"""Each mistake in an answer is called by one name, by a stated order of causes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ingest.split import split
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample
from rag.evaluation.scorers.defects import score
from rag.evaluation.suites.cases import Asked, Expectation
from rag.library import LocalLibrary
from rag.protocols import Indexed
from rag.testing import HashingEmbedder
from rag.testing.drafting import drafted
from rag.types import Answer, Article, Hit, Scope, Source, Status, digest

BRIDGE = Source(
    article_id="bridge", title="Bridge shut", publisher="Courier", published=datetime(2024, 2, 15, tzinfo=UTC)
)
REPORT = Source(
    article_id="report", title="Bridge report", publisher="Post", published=datetime(2024, 2, 16, tzinfo=UTC)
)
BEFORE = "The bridge was closed on Wednesday night. Repairs will cost £3.4 million, the mayor said."
TEXTS = {
    "bridge": f"{BEFORE} The mayor did not say how long they would take. Pedestrians may use the ferry.",
    "report": "Mending the cracked bridge will cost £4.1 million, the county’s engineer said. "
    "The bearing weighs 18 tonnes. Fares on the island ferry rose by 6.5 percent. "
    "More than 300 people took the ferry on Thursday. Exactly 341 people took the ferry on Thursday. "
    "The bearing weighs 18 tonnes and will be lifted out by crane.",
}


@pytest.fixture
def evidence(library: Callable[..., LocalLibrary]) -> Evidence:
    """Two articles, of which the first has an earlier version."""
    made = library((BRIDGE, BEFORE), (REPORT, TEXTS["report"]))
    embedder = HashingEmbedder()
    article = Article(source=BRIDGE, text=TEXTS["bridge"])
    passages = split(article)
    indexed = Indexed(
        article=article,
        location="bridge",
        passages=passages,
        keys=tuple(digest(passage.text) for passage in passages),
        vectors=tuple(embedder.embed_documents([passage.text for passage in passages])),
    )
    with made.writing() as writer:
        writer.put([indexed])
    return Evidence(made, embedder)


def drafted_over(evidence: Evidence, draft: str) -> Answer:
    articles = [evidence.library.article(name) for name in TEXTS]
    hits = [Hit(passage=passage, score=1.0) for article in articles for passage in split(article)]
    return drafted(draft, hits, evidence.similarity, generation=evidence.library.generation())


def defects(evidence: Evidence, answer: Answer, **expect: object) -> dict[str, float | None]:
    """Return the defects that an answer has, with how much of it has them."""
    asked = Asked(question="?", expect=Expectation.model_validate(expect))
    told = score(asked, Sample(suite="s", case_id="c", asked="d", answer=answer), evidence)
    return {each.metric.removeprefix("defect."): each.value for each in told if each.value}


CLOSED = "The bridge was closed on Wednesday night [1.1]."


@pytest.mark.parametrize(
    ("draft", "found"),
    [
        (CLOSED, {}),
        ("Courier, 15 February 2024: The bridge was closed on Wednesday night. [1.1]", {}),
        ("This is known:\n\n" + CLOSED, {}),
        # The wrong sentence, of the same article or of another.
        ("The bridge was closed on Wednesday night [1.4].", {"wrong_source": 1.0}),
        ("The bridge was closed on Wednesday night [2.2].", {"wrong_source": 1.0}),
        (f"{CLOSED} The bearing weighs 18 tonnes [1.4].", {"wrong_source": 0.5}),
        # A change of the sentence itself.
        ("Repairs will cost £3.9 million, the mayor said [1.2].", {"figure": 1.0}),
        ("The bridge was closed on Friday night [1.1].", {"figure": 1.0}),
        ("The mayor did say how long they would take [1.3].", {"negation": 1.0}),
        ("The bridge was not closed on Wednesday night [1.1].", {"negation": 1.0}),
        ("Fares on the island ferry fell by 6.5 percent [2.3].", {"negation": 1.0}),
        # Nothing like it is stored.
        ("A comet was seen over Lisbon [1.1].", {"unsupported_sentence": 1.0}),
        (f"{CLOSED} A comet was seen over Lisbon.", {"unsupported_sentence": 0.5}),
        # More than is needed.
        ("The bridge was closed on Wednesday night [1.1][1.4][2.2].", {"surplus_citation": pytest.approx(2 / 3)}),
        # Several citations, of which each carries its part, or one does and the others nothing.
        ("The bearing weighs 18 tonnes and pedestrians may use the ferry [1.4][2.2].", {}),
        (
            "The bearing weighs 18 tonnes and pedestrians may use the ferry [1.4][2.2][2.3].",
            {"surplus_citation": pytest.approx(1 / 3)},
        ),
        ("The bearing weighs 18 tonnes and will be lifted out by crane [2.2][1.3].", {"wrong_source": 0.5}),
        # A changed copy is that also where another sentence carries it, but a mere likeness is not.
        ("Exactly 341 people took the ferry on Thursday [2.4].", {"figure": 1.0}),
        ("Mending the bridge will cost £4.1 million [1.2].", {"wrong_source": 1.0}),
        # More than a figure is changed, or all is.
        ("Repairs will cost £3.9 million, the vicar said [1.2].", {"unsupported_sentence": 1.0}),
        ("It was in 1931 [1.4].", {"unsupported_sentence": 1.0}),
        # Right, but for what it cites: no defect, as it could be a matter of degree.
        (f"{CLOSED} The bearing weighs 18 tonnes.", {}),
    ],
)
def test_a_mistake_has_one_name(evidence: Evidence, draft: str, found: dict[str, float]) -> None:
    assert defects(evidence, drafted_over(evidence, draft)) == found


def test_two_mistakes_have_two_names(evidence: Evidence) -> None:
    draft = "The bridge was closed on Wednesday night [2.2]. Repairs will cost £3.9 million, the mayor said [1.2]."
    assert defects(evidence, drafted_over(evidence, draft)) == {"wrong_source": 0.5, "figure": 0.5}


def changed(answer: Answer, **fields: object) -> Answer:
    return replace(answer, citations=tuple(replace(each, **fields) for each in answer.citations))  # type: ignore[arg-type]  # fields of a citation


def test_a_version_out_of_scope_is_the_wrong_version(evidence: Evidence) -> None:
    before, after = (each.version for each in evidence.library.versions("bridge"))
    answer = drafted_over(evidence, CLOSED)
    assert answer.citations[0].version == after
    assert defects(evidence, changed(answer, version=before)) == {"wrong_version": 1.0}


FEBRUARY = datetime(2024, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("limits", "searched", "wrong"),
    [
        # The answer kept what it was asked, or lost it; it cites the newer or the older version.
        ({"as_of": "2024-02-28"}, Scope(as_of=FEBRUARY), {"new"}),
        ({"as_of": "2024-02-28"}, Scope(), {"new"}),
        ({"as_of": "2024-03-02"}, Scope(), {"old"}),
        ({}, Scope(), {"old"}),
        ({}, Scope(as_of=FEBRUARY), {"new"}),
        ({"since": "2024-02-17"}, Scope(), {"old", "new"}),
        ({"until": "2024-02-15"}, Scope(), {"old", "new"}),
        ({"publishers": "Courier"}, Scope(), {"old", "new"}),
        ({"publishers": "Post"}, Scope(), {"old"}),
        ({"articles": "Bridge shut"}, Scope(), {"old", "new"}),
        ({"articles": "Bridge report"}, Scope(publishers=("Courier",)), {"old", "new"}),
    ],
)
def test_a_version_must_lie_within_what_was_asked_and_what_was_searched(
    evidence: Evidence, library: Callable[..., LocalLibrary], limits: dict[str, str], searched: Scope, wrong: set[str]
) -> None:
    old = evidence.library.article("report")
    new = Article(
        source=replace(REPORT, updated=datetime(2024, 3, 1, tzinfo=UTC)), text="The bearing weighs 17 tonnes."
    )
    library((new.source, new.text))
    answer = replace(drafted_over(evidence, "The bearing weighs 17 tonnes [2.1]."), scope=searched)
    asked = Asked.model_validate({"question": "?", **limits})
    versions = {"old": changed(answer, version=old.version), "new": changed(answer, version=new.version)}
    samples = {name: Sample(suite="s", case_id="c", asked="d", answer=each) for name, each in versions.items()}
    told = {name: {each.metric: each.value for each in score(asked, made, evidence)} for name, made in samples.items()}
    assert {name for name, each in told.items() if each["defect.wrong_version"]} == wrong


def test_limits_that_name_no_article_are_those_of_the_question(evidence: Evidence) -> None:
    sample = Sample(suite="s", case_id="c", asked="d", answer=drafted_over(evidence, CLOSED))
    told = score(Asked(question="?", articles=("gone",)), sample, evidence)
    assert {each.metric: each.value for each in told}["defect.wrong_version"] == 0.0


def test_after_the_library_changed_a_stored_version_will_do(evidence: Evidence) -> None:
    before, _ = (each.version for each in evidence.library.versions("bridge"))
    answer = replace(drafted_over(evidence, CLOSED), generation=evidence.library.generation() - 1)
    assert defects(evidence, changed(answer, version=before)) == {}
    assert defects(evidence, changed(answer, version="0" * 16)) == {"wrong_version": 1.0}


def test_what_follows_from_a_misplaced_citation_is_not_counted_again(evidence: Evidence) -> None:
    answer = drafted_over(evidence, CLOSED)
    text = TEXTS["bridge"]
    assert defects(evidence, changed(answer, start=1, end=42, quote=text[1:42])) == {"wrong_span": 1.0}
    assert defects(evidence, changed(answer, quote="The bridge was never closed.")) == {"wrong_span": 1.0}
    assert defects(evidence, changed(answer, version="0" * 16, quote="Another.")) == {"wrong_version": 1.0}


def test_a_citation_that_no_sentence_has_is_surplus(evidence: Evidence) -> None:
    answer = drafted_over(evidence, f"{CLOSED} The bearing weighs 18 tonnes [2.2].")
    silent = replace(answer, text=answer.text[: answer.claims[0].end + 4], claims=answer.claims[:1])
    assert defects(evidence, silent) == {"surplus_citation": 0.5}


@pytest.mark.parametrize(
    ("status", "expected", "found"),
    [
        ("not_in_sources", "answered", {"needless_abstention": 1.0}),
        ("answered", "not_in_sources", {"missing_abstention": 1.0}),
        ("not_in_sources", "not_in_sources", {}),
        ("answered", "conflicting", {}),
    ],
)
def test_answering_and_abstaining(evidence: Evidence, status: str, expected: str, found: dict[str, float]) -> None:
    answer = drafted_over(evidence, CLOSED)
    if status == "not_in_sources":
        answer = replace(answer, text="The articles do not say.", status=Status.NOT_IN_SOURCES, claims=(), citations=())
    assert defects(evidence, answer, status=expected) == found

"""Retrieval metrics against formulas written down again here, against ir_measures itself, and on a real library."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

import ir_measures
import pytest
from ir_measures import RR, R, Success, nDCG

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample, Score
from rag.evaluation.scorers.retrieval import measured, score, wanted
from rag.evaluation.suites.cases import Asked, Cited, Expectation
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.types import Answer, Hit, Passage, Question, Scope, Source, Span, Status

NAMES = ("retrieval.hit@1", "retrieval.hit@5", "retrieval.recall@5", "retrieval.mrr", "retrieval.ndcg@10")
Ranking = list[set[int]]


def by_formula(covered: Ranking, places: int) -> dict[str, float]:
    """The definitions, a place at a time: it gains at the first passage that covers it."""
    first = {
        place: min((at for at, each in enumerate(covered) if place in each), default=None) for place in range(places)
    }
    ranks = [at for at in first.values() if at is not None]
    # Where a passage covers several places, each takes a rank of its own, and what follows moves down.
    gains: list[int] = []
    for at in range(len(covered)):
        gains += [1] * sum(rank == at for rank in ranks) or [0]
    ideal = sum(1 / math.log2(rank + 2) for rank in range(min(places, 10)))
    return {
        "retrieval.hit@1": float(any(at < 1 for at in ranks)),
        "retrieval.hit@5": float(any(at < 5 for at in ranks)),
        "retrieval.recall@5": sum(at < 5 for at in ranks) / places,
        "retrieval.mrr": 1 / (min(ranks) + 1) if ranks else 0.0,
        "retrieval.ndcg@10": sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains[:10])) / ideal,
    }


def rankings(*, several: int) -> Iterable[tuple[Ranking, int]]:
    """Random rankings of up to 15 passages, each covering at most so many of up to 6 places."""
    chance = random.Random(0)
    for _ in range(300):
        places = chance.randint(1, 6)
        passages = chance.randint(0, 15)
        yield (
            [set(chance.sample(range(places), chance.randint(0, min(several, places)))) for _ in range(passages)],
            places,
        )


def test_metrics_follow_their_formulas() -> None:
    for covered, places in rankings(several=3):
        assert measured(covered, places) == pytest.approx(by_formula(covered, places), abs=1e-9), (covered, places)


def test_metrics_are_those_of_ir_measures() -> None:
    # Passages that cover one place at most are documents as they are, but for those that repeat a place.
    qrels, run, ours = {}, {}, {}
    for number, (covered, places) in enumerate(rankings(several=1)):
        seen: set[int] = set()
        documents = []
        for at, each in enumerate(covered):
            documents += [f"d{place}" for place in each - seen] or [f"other {at}"]
            seen |= each
        qrels[str(number)] = {f"d{place}": 1 for place in range(places)}
        run[str(number)] = {document: 100.0 - at for at, document in enumerate(documents)}
        ours[str(number)] = measured(covered, places)
    names = dict(zip([Success @ 1, Success @ 5, R @ 5, RR, nDCG @ 10], NAMES, strict=True))
    for theirs in ir_measures.iter_calc(list(names), qrels, run):
        assert ours[theirs.query_id][names[theirs.measure]] == pytest.approx(theirs.value, abs=1e-9)
    means = ir_measures.calc_aggregate(list(names), qrels, run)
    for measure, name in names.items():
        assert sum(each[name] for each in ours.values()) / len(ours) == pytest.approx(means[measure], abs=1e-9)


@pytest.mark.parametrize(
    ("covered", "recall", "ndcg"),
    [
        ([{0}, {1}], 1.0, 1.0),
        ([{0, 1}], 1.0, 1.0),
        # Repeating one place does not make up for the other, and pushes it down.
        ([{0}, {0}, {0}, {0}, {0}, {1}], 0.5, (1 + 1 / math.log2(7)) / (1 + 1 / math.log2(3))),
        ([set(), set()], 0.0, 0.0),
        ([], 0.0, 0.0),
    ],
)
def test_a_place_counts_once(covered: Ranking, recall: float, ndcg: float) -> None:
    found = measured(covered, 2)
    assert (found["retrieval.recall@5"], found["retrieval.ndcg@10"]) == pytest.approx((recall, ndcg))


def test_recall_counts_passages_where_one_covers_several_places() -> None:
    assert measured([{0, 1, 2}, set(), set(), set(), {3}, {4}], 5)["retrieval.recall@5"] == 0.8


BRIDGE = Source(article_id="bridge", title="Bridge shut", url="https://news.example.com/bridge")
COPY = Source(article_id="copy", title="Bridge closed")
FERRY = Source(article_id="ferry", title="Fares rise")
BRIDGE_TEXT = "The bridge was shut on Thursday.\n\nRepairs will cost £3.4 million.\n\nNobody was hurt."
FERRY_TEXT = "Fares go up by 6.5 percent.\n\nChildren travel free."


@pytest.fixture
def articles(library: Callable[..., LocalLibrary]) -> LocalLibrary:
    return library((BRIDGE, BRIDGE_TEXT), (COPY, BRIDGE_TEXT), (FERRY, FERRY_TEXT))


@pytest.fixture
def evidence(articles: LocalLibrary) -> Evidence:
    return Evidence(articles, HashingEmbedder())


@pytest.fixture
def found(articles: LocalLibrary) -> Callable[..., Hit]:
    """Make a hit of the words of a stored article, perhaps with other articles folded into it."""

    def hit(article_id: str, words: str, *also: Source) -> Hit:
        article = articles.article(article_id)
        start = article.text.index(words)
        span = Span(start, start + len(words))
        passage = Passage(
            source=article.source, version=article.version, start=start, end=span.end, text=words, sentences=(span,)
        )
        return Hit(passage=passage, score=1.0, also_in=also)

    return hit


def answered(hits: Iterable[Hit]) -> Answer:
    return Answer(
        question=Question(text="?"), standalone="?", scope=Scope(), text="", status=Status.ANSWERED, hits=tuple(hits)
    )


def scored(evidence: Evidence, hits: Iterable[Hit], **expect: object) -> dict[str, Score]:
    asked = Asked(question="?", expect=Expectation.model_validate(expect))
    sample = Sample(suite="s", case_id="c", asked="d", answer=answered(hits))
    return {each.metric: each for each in score(asked, sample, evidence) if isinstance(each, Score)}


def values(scores: dict[str, Score]) -> list[float | None]:
    return [scores[name].value for name in NAMES]


SHUT, COST, FARES, FREE = (
    "The bridge was shut on Thursday.", "Repairs will cost £3.4 million.", "Fares go up by 6.5 percent.",
    "Children travel free.",
)  # fmt: skip


def test_a_passage_is_relevant_where_it_overlaps_the_place(evidence: Evidence, found: Callable[..., Hit]) -> None:
    hits = [found("ferry", FARES), found("bridge", SHUT), found("bridge", COST)]
    quote = scored(evidence, hits, relevant=[{"article": "Bridge shut", "quote": "£3.4 million"}])
    assert values(quote) == pytest.approx([0, 1, 1, 1 / 3, 1 / 2])
    whole = scored(evidence, hits, relevant=["https://news.example.com/bridge"])
    assert values(whole) == pytest.approx([0, 1, 1, 1 / 2, 1 / math.log2(3)])
    span = scored(evidence, hits, relevant=[{"article": "bridge", "start": 0, "end": 10}])
    assert values(span) == values(whole)


def test_what_must_be_cited_stands_in_for_what_is_relevant(evidence: Evidence, found: Callable[..., Hit]) -> None:
    hits = [found("ferry", FREE), found("bridge", COST)]
    both = scored(evidence, hits, cites=["bridge"], cites_any=[{"article": "ferry", "quote": "Fares"}, "copy"])
    assert both["retrieval.recall@5"].value == 0.5
    assert "ferry “Fares” or copy" in both["retrieval.recall@5"].reason
    any_of = scored(evidence, hits, cites_any=[{"article": "ferry", "quote": "Fares"}, "bridge"])
    assert any_of["retrieval.recall@5"].value == 1.0
    told = scored(evidence, hits, cites=["copy"], cites_any=["copy"], relevant=["bridge"])
    assert told["retrieval.recall@5"].value == 1.0


def test_a_passage_that_was_folded_into_another_is_found(evidence: Evidence, found: Callable[..., Hit]) -> None:
    hits = [found("bridge", SHUT, COPY)]
    start = BRIDGE_TEXT.index("Repairs")
    for place, recall in (
        ("copy", 1.0),
        ({"article": "copy", "quote": "shut on Thursday"}, 1.0),
        ({"article": "copy", "start": 4, "end": 10}, 1.0),
        ({"article": "copy", "quote": "£3.4 million"}, 0.0),
        ({"article": "copy", "start": start, "end": start + 10}, 0.0),
        ("ferry", 0.0),
    ):
        assert scored(evidence, hits, relevant=[place])["retrieval.recall@5"].value == recall, place


def test_a_passage_is_relevant_in_the_version_that_could_be_read(
    evidence: Evidence, library: Callable[..., LocalLibrary], found: Callable[..., Hit]
) -> None:
    sources = [replace(source, published=datetime(2024, 2, 15, tzinfo=UTC)) for source in (BRIDGE, COPY)]
    library(*((source, BRIDGE_TEXT) for source in sources))
    before = found("bridge", SHUT, COPY)
    corrected = [replace(source, updated=datetime(2024, 5, 1, tzinfo=UTC)) for source in sources]
    library(*((source, f"Corrected: {BRIDGE_TEXT}") for source in corrected))
    after = found("bridge", SHUT)
    answer = replace(answered([before, after]), generation=evidence.library.generation())
    sample = Sample(suite="s", case_id="c", asked="d", answer=answer)
    for limits, place, reciprocal in (
        ({}, "bridge", 1 / 2),
        ({"as_of": "2024-04-01"}, "bridge", 1),
        ({"as_of": "2024-04-01"}, {"article": "bridge", "version": after.passage.version}, 1 / 2),
        ({"as_of": "2024-04-01"}, {"article": "copy", "start": 0, "end": 10}, 1),
        ({"publishers": "No outlet"}, "bridge", 0),
    ):
        asked = Asked.model_validate({"question": "?", **limits, "expect": {"relevant": place}})
        told = {each.metric: each.value for each in score(asked, sample, evidence) if isinstance(each, Score)}
        assert told["retrieval.mrr"] == reciprocal, (limits, place)


@pytest.mark.parametrize(
    "expect",
    [{}, {"contains": "shut"}, {"status": "not_in_sources"}, {"status": "not_in_sources", "relevant": ["bridge"]}],
)
def test_no_relevant_place_no_score(expect: dict[str, object], evidence: Evidence, found: Callable[..., Hit]) -> None:
    assert not scored(evidence, [found("bridge", SHUT)], **expect)


def test_a_place_in_no_article_is_unscored(evidence: Evidence, found: Callable[..., Hit]) -> None:
    scores = scored(evidence, [found("bridge", SHUT)], relevant=["Bridge sold"])
    assert values(scores) == [None] * 5
    assert "no article 'Bridge sold'" in scores["retrieval.mrr"].reason


def test_what_is_wanted() -> None:
    one, two, three = (Cited(article=name) for name in ("one", "two", "three"))
    assert wanted(Expectation(cites=(one,), cites_any=(two, three))) == ((one,), (two, three))
    assert wanted(Expectation(cites=(one,), cites_any=(two, three), relevant=(three,))) == ((three,),)
    assert wanted(Expectation()) == ()

"""Fusing, folding, spreading and reranking of hits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.protocols import Retriever
from rag.retrieval.hybrid import HybridRetriever, SpreadRetriever, fold, fuse
from rag.retrieval.rerank import RerankedRetriever
from rag.testing import HashingEmbedder
from rag.types import Hit, Passage, Scope, Source


def hit(name: str, score: float = 1.0, text: str = "", article: str = "") -> Hit:
    text = text or f"words of {name}"
    source = Source(article_id=article or name, title=f"Title {name}")
    passage = Passage(source=source, version=f"v{name}", start=0, end=len(text), text=text)
    return Hit(passage=passage, score=score)


def by_meaning(hits: Sequence[Hit]) -> list[Hit]:
    return [replace(each, dense_rank=rank) for rank, each in enumerate(hits, 1)]


def by_words(hits: Sequence[Hit]) -> list[Hit]:
    return [replace(each, lexical_rank=rank) for rank, each in enumerate(hits, 1)]


def names(hits: Sequence[Hit]) -> list[str]:
    return [each.passage.source.article_id for each in hits]


@dataclass(frozen=True)
class Given:
    """A retriever that finds what it was given."""

    hits: tuple[Hit, ...]

    def retrieve(self, query: str, scope: Scope, limit: int) -> list[Hit]:
        return list(self.hits[:limit])


def test_fusing_adds_each_lists_shares_of_its_best_and_keeps_both_ranks() -> None:
    dense = by_meaning([hit("a", 0.8), hit("b", 0.4)])
    lexical = by_words([hit("b", 10.0), hit("c", 5.0)])
    fused = fuse(dense, lexical, weight=1.0)
    assert [(*names([each]), each.score, each.dense_rank, each.lexical_rank) for each in fused] == [
        ("b", 1.5, 2, 1),
        ("a", 1.0, 1, None),
        # Found by words alone, it counts as the last by meaning.
        ("c", 1.0, None, 2),
    ]


def test_fusing_with_an_empty_half_is_the_other_half() -> None:
    lexical = by_words([hit("b", 10.0), hit("c", 5.0)])
    assert names(fuse([], lexical, weight=0.8)) == names(fuse(lexical, [], weight=0.8)) == ["b", "c"]
    assert fuse([], [], weight=0.8) == []


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 9)), max_size=8, unique_by=lambda each: each[0]))
def test_the_order_of_fusing_does_not_depend_on_the_order_of_ties(pairs: list[tuple[str, float]]) -> None:
    hits = [hit(name, round(score)) for name, score in pairs]
    assert fuse(hits, [], 1.0) == fuse(hits[::-1], [], 1.0)


def test_copies_of_a_story_become_one_hit_that_names_the_others() -> None:
    story = "The ferry struck the pier on Monday and passengers were hurt"
    hits = [hit("a", text=story), hit("b", text="Something else altogether here"), hit("c", text=f"{story} badly")]
    folded = fold(hits)
    assert names(folded) == ["a", "b"]
    assert [source.article_id for source in folded[0].also_in] == ["c"]


@pytest.mark.parametrize(
    ("text", "article"),
    [
        ("The old ferry struck the north pier on Monday morning and 17 passengers on deck were badly hurt", "c"),
        ("The old ferry struck the north pier on Monday morning and 14 passengers on deck were badly hurt", "a"),
    ],
)
def test_another_figure_or_the_same_article_makes_no_copy(text: str, article: str) -> None:
    story = "The old ferry struck the north pier on Monday morning and 14 passengers on deck were badly hurt"
    assert len(fold([hit("a", text=story), replace(hit("c", text=text, article=article))])) == 2


def test_one_article_leaves_room_for_others_but_nothing_is_lost() -> None:
    hits = tuple(hit(f"p{i}", 9 - i, text=f"different words number {'x' * i}", article="a") for i in range(6))
    spread = SpreadRetriever(inner=Given((*hits, hit("b", 1.0))), most_per_article=2)
    assert names(spread.retrieve("q", Scope(), 10)) == ["a", "a", "b", "a", "a", "a", "a"]
    assert names(spread.retrieve("q", Scope(article_ids=("a",)), 3)) == ["a", "a", "a"]


def test_a_hybrid_looks_deeper_than_it_returns() -> None:
    dense = Given(tuple(hit(name, score) for name, score in (("a", 0.9), ("b", 0.8), ("c", 0.7))))
    lexical = Given((hit("c", 9.0), hit("b", 2.0)))
    retriever: Retriever = HybridRetriever(dense=dense, lexical=lexical)
    assert names(retriever.retrieve("q", Scope(), 1)) == ["c"]


def test_reranking_prefers_the_passage_whose_sentence_answers(passage: Callable[..., Passage]) -> None:
    about = passage("Ferries, piers and mayors. The harbour. The mayor likes the pier.", "about")
    answers = passage("The day was grey. Ruth Amsel opened the new pier. Rain fell.", "answers")
    hits = (Hit(passage=about, score=1.0), Hit(passage=answers, score=0.95), hit("rest", 0.9))
    retriever = RerankedRetriever(inner=Given(hits), embedder=HashingEmbedder(), depth=2)
    found = retriever.retrieve("Who opened the new pier?", Scope(), 3)
    assert names(found) == ["answers", "about", "rest"]
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


def test_reranking_leaves_passages_without_sentences_and_no_passages_alone() -> None:
    retriever = RerankedRetriever(inner=Given((hit("a"), hit("b"))), embedder=HashingEmbedder())
    assert names(retriever.retrieve("q", Scope(), 5)) == ["a", "b"]
    assert RerankedRetriever(inner=Given(()), embedder=HashingEmbedder()).retrieve("q", Scope(), 5) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Fourteen passengers were hurt when the ferry struck", "Forty passengers were hurt when the ferry struck"),
        ("The mayor confirmed that the ferry will sail", "The mayor denied that the ferry will not sail"),
        ("The owner said that the ferry will not sail", "The owner said that the ferry will sail"),
        ("Mayor Ada Brook was on board when the ferry struck", "Mayor Ben Brook was on board when the ferry struck"),
        ("The union rejected the offer when the ferry struck", "The union accepted the offer when the ferry struck"),
    ],
)
def test_a_copy_that_changed_a_fact_is_no_copy(one: str, other: str) -> None:
    rest = (
        "the pier at Dunmarsh on Monday evening during the storm, the coastguard of the northern coast told reporters."
    )
    hits = [hit("a", text=f"{one} {rest}"), hit("b", text=f"{other} {rest}")]
    assert names(fold(hits)) == ["a", "b"]

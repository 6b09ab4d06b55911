from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.split import split
from rag.types import Article, Source

_PIECES = st.sampled_from(
    [
        *("The minister said so. ", "Mr. Smith paid $3.5 million. ", '"No," she said. ', "a.m. Monday. ", "No. 10"),
        *("\n\n", "\n", " ", "\u2028", "\u00a0", "(", "“", "...", "x" * 90),
        *("한국은 말했다. ", "中国说。", "🙂", "é", "שלום. "),
    ]
)
_TEXTS = st.lists(_PIECES | st.text(max_size=20), max_size=60).map("".join)


def _article(text: str) -> Article:
    return Article(source=Source(article_id="a", title="t"), text=text)


@settings(max_examples=150, deadline=None)
@given(text=_TEXTS, limit=st.sampled_from([1, 7, 60, 1000]))
def test_passages_are_exact_complete_ordered_and_within_the_limit(text: str, limit: int) -> None:
    passages = split(_article(text), limit=limit)
    position = 0
    for passage in passages:
        assert passage.text == text[passage.start : passage.end]
        assert 0 < len(passage.text) <= limit
        assert passage.start >= position
        assert not text[position : passage.start].strip()
        position = passage.end
        ends = [passage.start, *(edge for span in passage.sentences for edge in span), passage.end]
        assert ends == sorted(ends)
        assert "".join("".join(passage.slice(span) for span in passage.sentences).split()) == "".join(
            passage.text.split()
        )
    assert not text[position:].strip()
    assert split(_article(text), limit=limit) == passages


def _story(seed: int, paragraphs: int) -> list[str]:
    dice = random.Random(seed)
    words = [
        "the",
        "minister",
        "said",
        "talks",
        "on",
        "trade",
        "would",
        "go",
        "on",
        "after",
        "a",
        "long",
        "night",
        "of",
        "votes",
        "in",
        "parliament",
    ]
    return [
        " ".join(
            " ".join(dice.choices(words, k=dice.randint(6, 25))).capitalize() + "." for _ in range(dice.randint(1, 4))
        )
        for _ in range(paragraphs)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_an_edit_in_one_paragraph_leaves_passages_elsewhere_as_they_are(seed: int) -> None:
    paragraphs = _story(seed, 120)
    before = {passage.text for passage in split(_article("\n\n".join(paragraphs)))}
    dice = random.Random(seed)
    lost = []
    for _ in range(10):
        changed = list(paragraphs)
        place = dice.randrange(len(changed))
        changed[place] = f"Correction of figure {dice.random()}. " + changed[place]
        after = {passage.text for passage in split(_article("\n\n".join(changed)))}
        lost.append(len(before - after))
    assert len(before) > 25
    assert sum(lost) / len(lost) <= 2.5
    assert max(lost) <= 8


def test_a_text_without_words_has_no_passages() -> None:
    assert split(_article(" \n\n \t")) == ()


def test_a_passage_prefers_the_end_of_a_paragraph() -> None:
    text = "\n\n".join(["One sentence here. Another one there."] * 10)
    passages = split(_article(text), limit=100)
    assert all(passage.text.endswith("there.") and passage.text.startswith("One") for passage in passages)


def test_no_limit_below_one_character() -> None:
    with pytest.raises(ValueError, match="limit"):
        split(_article("Text."), limit=0)

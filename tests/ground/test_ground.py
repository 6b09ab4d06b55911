"""Grounding: labels become exact citations while the text streams, and every claim gets its verdict."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.ground import Grounded, Grounder
from rag.sentences import sentences
from rag.testing import HashingEmbedder
from rag.types import Citation, Hit, Passage, Source, Span, Status, Verdict
from rag.verify import by_meaning

BRIDGE = "The Oram Bridge closed on 4 May 2021. Engineers had found cracks. The [3.2] report was not published."
BANK = "The bank held its rate at 4.25 percent. It was not discussing a cut."
SIMILARITY = by_meaning(HashingEmbedder())


def hit(text: str, article: str, publisher: str = "Tidewater Courier", start: int = 100) -> Hit:
    published = datetime(2021, 5, 5, tzinfo=UTC)
    spans = tuple(Span(start + span.start, start + span.end) for span in sentences(text))
    source = Source(article_id=article, title=f"About {article}", publisher=publisher, published=published)
    passage = Passage(source=source, version="v1", start=start, end=start + len(text), text=text, sentences=spans)
    return Hit(passage=passage, score=1.0)


HITS = (hit(BRIDGE, "bridge"), hit(BANK, "bank", publisher="St. Oram Post", start=0))


def ground(*pieces: str, hits: Sequence[Hit] = HITS) -> Grounded:
    """Ground text as it streams, checking that what was streamed is what is returned."""
    grounder = Grounder(hits, SIMILARITY)
    deltas = [*map(grounder.feed, pieces), grounder.flush()]
    grounded = grounder.close()
    assert "".join(delta.text for delta in deltas) == grounded.text
    assert tuple(citation for delta in deltas for citation in delta.citations) == grounded.citations
    return grounded


def places(citations: Sequence[Citation]) -> list[tuple[str, str]]:
    return [(citation.source.article_id, citation.quote) for citation in citations]


def test_a_label_becomes_the_exact_characters_of_its_sentence() -> None:
    grounded = ground("The bridge closed on 4 May 2021. [1.1]")
    (citation,) = grounded.citations
    assert grounded.text == "The bridge closed on 4 May 2021. [1]"
    assert (citation.marker, citation.version, citation.start, citation.end) == (1, "v1", 100, 137)
    assert citation.quote == "The Oram Bridge closed on 4 May 2021."
    assert grounded.status is Status.ANSWERED


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        ("It closed [1.1].", "It closed. [1]"),
        ("It closed.[1.1] More.", "It closed. [1] More."),
        ("It closed [1.1][1.2]. So [2.1].", "It closed. [1][2] So. [3]"),
        ("It closed [1.1] [1.2], they say.", "It closed [1][2], they say."),
        ("It closed [1.1], and cracks [1.2]!", "It closed [1], and cracks! [2]"),
        ('He said "it closed [1.1]." Then', 'He said "it closed." [1] Then'),
        ("A (it closed [1.1]).", "A (it closed). [1]"),
        ("- It closed [1.1]\n- Cracks [1.2]", "- It closed [1]\n- Cracks [2]"),
        ("It closed [1.1] 3.5 percent", "It closed [1] 3.5 percent"),
        ("It closed [9.1]. Cracks [1.9].", "It closed. Cracks."),
        ("It closed [1.1, 1.1].", "It closed. [1]"),
        ("`x[1.1]` is code [1.1].", "`x[1.1]` is code. [1]"),
    ],
)
def test_markers_stand_behind_the_closing_punctuation(draft: str, text: str) -> None:
    assert ground(draft).text == text


def test_the_same_sentence_keeps_its_marker_and_new_ones_count_on() -> None:
    grounded = ground("Held [2.1]. Closed [1.1]. Held [2.1]. Cracks [1.2].")
    assert grounded.text == "Held. [1] Closed. [2] Held. [1] Cracks. [3]"
    assert [citation.marker for citation in grounded.citations] == [1, 2, 3]


def test_a_citation_is_streamed_with_its_marker() -> None:
    grounder = Grounder(HITS, SIMILARITY)
    assert grounder.feed("It closed [1").citations == ()
    assert grounder.feed(".1]").citations == ()
    delta = grounder.feed(". Then")
    assert (delta.text, len(delta.citations)) == (". [1] Then", 1)


def test_pointers_to_nowhere_are_recorded_and_not_shown() -> None:
    grounded = ground("It closed [1.1][7.1][0.2]. Cracks [1.44]. So it [2] is [8].")
    assert grounded.rejected == ("[7.1]", "[0.2]", "[1.44]", "[8]")
    assert "7" not in grounded.text


def test_a_bare_passage_label_finds_the_sentence_that_carries_the_claim() -> None:
    grounded = ground("The bridge closed in 2021. Engineers found cracks [1]. The rate is 4.25 percent. [2]")
    assert places(grounded.citations) == [
        ("bridge", "Engineers had found cracks."),
        ("bank", "The bank held its rate at 4.25 percent."),
    ]
    assert ground("[1]").rejected == ("[1]",)


def test_overlapping_passages_share_the_marker_of_one_sentence() -> None:
    first, again = hit(BRIDGE, "bridge"), hit(BRIDGE[: BRIDGE.index(" The [")], "bridge")
    grounded = ground("It closed [1.1]. It closed [2.1].", hits=[first, again])
    assert grounded.text == "It closed. [1] It closed. [1]"


def test_every_sentence_is_a_claim_with_a_verdict() -> None:
    grounded = ground("The bank held its rate at 4.25 percent [2.1]. It was discussing a cut [2.2]. Dogs sang.")
    found = [(grounded.text[claim.start : claim.end], claim.verdict, claim.markers) for claim in grounded.claims]
    assert found == [
        ("The bank held its rate at 4.25 percent.", Verdict.SUPPORTED, (1,)),
        ("It was discussing a cut.", Verdict.UNSUPPORTED, (2,)),
        ("Dogs sang.", Verdict.UNCITED, ()),
    ]
    assert "not" in grounded.claims[1].missing
    assert grounded.status is Status.PARTIAL


def test_headings_are_no_claims_and_bullets_are_claims_without_their_bullet() -> None:
    grounded = ground(
        "## The bank\n- The bank held its rate at 4.25 percent. [2.1]\n2. It was not discussing a cut. [2.2]"
    )
    texts = [grounded.text[claim.start : claim.end] for claim in grounded.claims]
    assert texts == ["The bank held its rate at 4.25 percent.", "It was not discussing a cut."]


def test_labels_on_a_line_of_their_own_belong_to_the_sentence_before() -> None:
    grounded = ground("The bank held its rate at 4.25 percent.\n[2.1]")
    assert [(claim.markers, claim.verdict) for claim in grounded.claims] == [((1,), Verdict.SUPPORTED)]


def test_sentences_told_with_their_source_are_supported_whatever_the_outlet_is_called() -> None:
    grounded = ground(
        "St. Oram Post, 5 May 2021: The bank held its rate at 4.25 percent. [2.1] It was not discussing a cut. [2.2]"
    )
    assert [claim.verdict for claim in grounded.claims] == [Verdict.SUPPORTED, Verdict.SUPPORTED]
    assert grounded.status is Status.ANSWERED
    wrong = ground("St. Oram Post, 6 May 2021: The bank held its rate at 4.25 percent. [2.1]")
    assert wrong.claims[0].missing == ("6 May 2021",)


@pytest.mark.parametrize(
    ("draft", "status"),
    [
        ("The bank held its rate at 4.25 percent [2.1].", Status.ANSWERED),
        ("In short: The bank held its rate at 4.25 percent [2.1].", Status.ANSWERED),
        ("The articles say this:\nThe bank held its rate at 4.25 percent [2.1].", Status.ANSWERED),
        ("The bank held its rate at 4.25 percent [2.1]. Nothing tells why.", Status.PARTIAL),
        ("The bank held its rate at 4.25 percent [2.1]. It cut its rate [2.1].", Status.PARTIAL),
        ("The bank cut its rate to 3 percent [2.1].", Status.NOT_IN_SOURCES),
        ("The bank held its rate at 4.25 percent.", Status.NOT_IN_SOURCES),
        ("The bank held its rate at 4.25 percent [7.1].", Status.NOT_IN_SOURCES),
        ("", Status.NOT_IN_SOURCES),
    ],
)
def test_the_status_says_how_much_of_the_answer_is_proved(draft: str, status: Status) -> None:
    assert ground(draft).status is status


def test_markup_in_the_draft_is_neutralised_before_it_is_shown() -> None:
    grounded = ground("It closed ![x](http://e.example/?q) <b>now</b> [1.1](http://e.example).")
    assert grounded.text == "It closed  ‹b>now‹/b>. [1]"


def test_a_draft_that_breaks_off_inside_a_label_loses_the_stump() -> None:
    grounded = ground("It closed [1.1]. Cracks [1.")
    assert (grounded.text, grounded.rejected) == ("It closed. [1] Cracks", ("[1.",))


def test_text_that_was_never_flushed_is_part_of_the_result() -> None:
    grounder = Grounder(HITS, SIMILARITY)
    grounder.feed("It closed [1.1]")
    assert grounder.close().text == "It closed [1]"


DRAFTS = st.lists(
    st.sampled_from(
        ["It closed", " on 4 May", ".", " ", "\n", "[1.1]", "[1.2, 2.1]", "【2.1】", "[1]", "[9.9]", "[1.1-3]",
         "[", "1.1", "]", "`", "`[1.1]`", "```\n", "!", "(", ")", '"', "…", ",", "[a](b)", "![", "<i>", "- ", "# ",
         "[2]", "[^1.1]", "한국"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(DRAFTS, st.lists(st.integers(0, 150), max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_cutting_of_a_draft_is_grounded_the_same(draft: str, cuts: list[int]) -> None:
    at = sorted({0, len(draft), *(cut for cut in cuts if cut <= len(draft))})
    assert ground(*(draft[a:b] for a, b in pairwise(at))) == ground(draft)


@given(DRAFTS)
@settings(max_examples=150, deadline=None)
def test_whatever_is_drafted_citations_are_exact_and_markers_count_up(draft: str) -> None:
    grounded = ground(draft)
    passages = {each.passage.source.article_id: each.passage for each in HITS}
    for citation in grounded.citations:
        passage = passages[citation.source.article_id]
        assert citation.quote == passage.slice(Span(citation.start, citation.end))
    assert [citation.marker for citation in grounded.citations] == list(range(1, len(grounded.citations) + 1))
    ends = [0, *(claim.end for claim in grounded.claims)]
    for claim, before in zip(grounded.claims, ends, strict=False):
        assert before <= claim.start < claim.end <= len(grounded.text)
        assert set(claim.markers) <= {citation.marker for citation in grounded.citations}
    if "`" not in draft:
        assert not re.search(r"[\[【]\d+\.\d+[\]】]", grounded.text)

"""Drafts checked against the articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.check import LONGEST_DRAFT, MOST_SENTENCES, Checked, Checker, Checking
from rag.embed import EmbeddedModel, RememberingEmbedder
from rag.errors import ConfigurationError
from rag.library import LocalLibrary, open_library
from rag.plain import checked_text
from rag.question.requests import make_scope
from rag.retrieval.hybrid import hybrid
from rag.testing import HashingEmbedder
from rag.testing.library import EMBEDDER, made_article, put
from rag.types import Verdict

DRAFTS = Path(__file__).parent / "drafts.txt"


@pytest.fixture(scope="module")
def checker(ingested_seeds: Path) -> Iterator[Checker]:
    embedder = RememberingEmbedder(EmbeddedModel())
    with closing(open_library(ingested_seeds, model=embedder.name, dimension=embedder.dimension)) as library:
        yield Checker(library=library, embedder=embedder, retriever=hybrid(library, embedder))


def said(checked: Checked) -> list[tuple[str, Verdict]]:
    return [(checked.text[claim.start : claim.end], claim.verdict) for claim in checked.claims]


def quotes(checked: Checked) -> list[str]:
    return [citation.quote for citation in checked.citations]


def test_each_sentence_gets_its_verdict_and_the_words_that_come_closest(checker: Checker) -> None:
    checked = checker.check(
        "Drivers face a detour of 14 miles by way of Dunmarsh. They face a detour of 41 miles by way of Dunmarsh. "
        "Photosynthesis turns sunlight into sugar."
    )
    assert [verdict for _, verdict in said(checked)] == [Verdict.SUPPORTED, Verdict.UNSUPPORTED, Verdict.UNCITED]
    assert [claim.markers for claim in checked.claims] == [(1,), (1,), ()]
    assert checked.claims[1].missing == ("41 miles",)
    assert quotes(checked) == ["Drivers now face a detour of 14 miles by way of Dunmarsh."]
    assert not checked.borne_out


def test_how_often_true_and_altered_sentences_are_told_apart(checker: Checker) -> None:
    lines = [line.partition(" ") for line in DRAFTS.read_text(encoding="utf-8").splitlines()]
    verdicts: dict[str, Counter[Verdict]] = {"T": Counter(), "F": Counter()}
    for label, _, sentence in lines:
        [claim] = checker.check(sentence).claims
        verdicts[label][claim.verdict] += 1
    true, altered = verdicts["T"], verdicts["F"]
    assert (true.total(), altered.total()) == (25, 25)
    assert altered[Verdict.SUPPORTED] == 0
    assert true[Verdict.SUPPORTED] >= 18
    assert true[Verdict.SUPPORTED] + true[Verdict.PARTIAL] >= 23


def test_offsets_are_those_of_the_draft_as_it_was_given(checker: Checker) -> None:
    draft = (
        "# Cafe\u0301 news\r\n\r\n1. The **bridge**, built in 1931 [4], carries [9,200 vehicles](https://x.example/a_b)"
        " a day.[^2]\n> It was `shut`!\n\n[^2]: https://x.example/\n![a](b.png)"
    )
    checked = checker.check(draft)
    assert checked.text == draft
    first, second = said(checked)
    assert first[0].startswith("The **bridge**, built in 1931 [4], carries [9,200 vehicles](https")
    assert first[1] is Verdict.SUPPORTED
    assert second[0] == "It was `shut`!"


def test_what_the_draft_cites_and_links_is_no_evidence(checker: Checker) -> None:
    plain = checker.check("The ferry sank in 1931.")
    for dressed in (
        "The ferry sank in 1931 [1].",
        "The ferry sank in 1931. [1, 2]",
        "The [ferry sank in 1931](https://courier.example.com/the-ferry-sank-in-1931).",
        "The <b>ferry</b> sank in 1931【3】.",
    ):
        checked = checker.check(dressed)
        assert [claim.verdict for claim in checked.claims] == [claim.verdict for claim in plain.claims]
        assert checked.citations == plain.citations


@pytest.mark.parametrize(
    "nothing",
    ["Who will pay for the bridge?", "“Who will pay?”", "By Nell Ashgrove", "The accounts differ:", "---", "```", "…"],
)
def test_what_claims_nothing_gets_no_verdict(checker: Checker, nothing: str) -> None:
    checked = checker.check(nothing)
    assert (checked.claims, checked.borne_out) == ((), True)
    assert checked_text(checked) == "Nothing in this draft claims anything that could be checked."


@pytest.mark.parametrize(
    "something",
    ["# Arl Bridge repair to cost £4.1 million", "Nobody drowned.", "Asked “Why?”, she left.", "Cost: 14 miles:"],
)
def test_headlines_and_short_sentences_claim_something(checker: Checker, something: str) -> None:
    assert len(checker.check(something).claims) == 1


def test_who_she_is_stands_in_the_sentence_before(checker: Checker) -> None:
    checked = checker.check("Mayor Oriel Tamsworth spoke of the bridge. She could not say how long repairs would take.")
    assert checked.claims[1].verdict is Verdict.SUPPORTED
    assert "She could not say how long they would take." in quotes(checked)


def test_markers_are_numbered_in_reading_order_and_places_cited_once(checker: Checker) -> None:
    sentence = "Drivers now face a detour of 14 miles by way of Dunmarsh."
    checked = checker.check(f"{sentence} The bridge, built in 1931, carries 9,200 vehicles a day. {sentence}")
    assert [claim.markers for claim in checked.claims] == [(1,), (2,), (1,)]
    assert [citation.marker for citation in checked.citations] == [1, 2]


def test_several_sentences_bear_out_a_claim_at_most_in_part(checker: Checker) -> None:
    checked = checker.check("The bridge, built in 1931, was shut, and drivers face a detour of 14 miles.")
    [claim] = checked.claims
    assert (claim.verdict, len(claim.markers)) == (Verdict.PARTIAL, 2)
    assert len({citation.version for citation in checked.citations}) == 1


def test_articles_that_hold_a_half_each_bear_nothing_out_together(checker: Checker) -> None:
    draft = "Drivers face a detour of 14 miles by way of Dunmarsh, and mending the bridge will cost £4.1 million."
    checked = checker.check(draft)
    [claim] = checked.claims
    assert (claim.verdict, claim.missing, len(checked.citations)) == (Verdict.UNSUPPORTED, ("£4.1 million",), 1)


def test_a_nearer_sentence_that_denies_a_claim_lowers_it(checker: Checker) -> None:
    checked = checker.check("The plant itself will close, and the smokehouse will be rebuilt by the end of August.")
    [claim] = checked.claims
    assert (claim.verdict, claim.missing) == (Verdict.PARTIAL, ("close",))
    assert any(quote.startswith("The plant itself will stay open") for quote in quotes(checked))


def test_only_articles_in_the_scope_bear_anything_out(checker: Checker) -> None:
    draft = "Mayor Oriel Tamsworth said that repairs will cost £3.4 million."
    assert checker.check(draft).borne_out
    early = checker.check(draft, make_scope(as_of="2024-01-01"))
    assert not early.borne_out
    assert all(citation.source.published and citation.source.published.year < 2024 for citation in early.citations)


def test_words_that_an_article_only_passes_on_bear_nothing_out(checker: Checker) -> None:
    [claim] = checker.check("The toll on the Arl Bridge is £50, and Mayor Oriel Tamsworth has resigned.").claims
    assert claim.verdict in {Verdict.UNSUPPORTED, Verdict.UNCITED}


@pytest.mark.parametrize(
    ("draft", "told"),
    [
        (" \n\0 ", "The draft is empty; write what is to be checked."),
        ("a" * (LONGEST_DRAFT + 1), "The draft has 20,001 characters; check it in parts of 20,000 or fewer."),
        ("It ran. " * (MOST_SENTENCES + 1), "The draft has 301 sentences; check it in parts of 300 or fewer."),
    ],
)
def test_drafts_that_cannot_be_checked_are_refused_in_a_line(checker: Checker, draft: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        checker.check(draft)
    assert str(refused.value) == told


def test_a_check_tells_how_far_it_is(checker: Checker) -> None:
    *steps, last = checker.stream("The bridge is shut. The ferry is free. Who pays?")
    assert steps == [Checking(done=0, total=2), Checking(done=1, total=2)]
    assert isinstance(last, Checked)


def test_an_empty_library_bears_nothing_out(library: Callable[..., LocalLibrary]) -> None:
    empty, embedder = library(), HashingEmbedder()
    checked = Checker(library=empty, embedder=embedder, retriever=hybrid(empty, embedder)).check("It rained.")
    assert (said(checked), checked.citations) == ([("It rained.", Verdict.UNCITED)], ())
    assert checked_text(checked) == "! uncited: “It rained.”\n  The articles do not say.\n\n1 sentence: 1 uncited."


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checker]:
    place = tmp_path_factory.mktemp("small") / "library"
    opened = open_library(place, model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)
    with closing(opened):
        put(opened, made_article("a", "The bridge opens in 3 days.\n\nTom Reed left 😀 town.\n\n[1] is a marker."))
        yield Checker(library=opened, embedder=EMBEDDER, retriever=hybrid(opened, EMBEDDER))


@settings(max_examples=60, deadline=None)
@given(
    draft=st.lists(
        st.sampled_from(
            ["The bridge ", "opens", "[1]", "](", "*", "<b>", "`", "3 ", ". ", "? ", "\n", "\ud83d", "😀", "#"]
        )
        | st.text(max_size=8),
        max_size=20,
    ).map("".join)
)
def test_any_draft_is_checked_with_exact_places(small: Checker, draft: str) -> None:
    try:
        checked = small.check(draft)
    except ConfigurationError:
        assert not draft.replace("\0", " ").strip()
        return
    checked.text.encode()
    at = 0
    for claim in checked.claims:
        assert at <= claim.start < claim.end <= len(checked.text)
        at = claim.end
        assert all(1 <= marker <= len(checked.citations) for marker in claim.markers)
        assert bool(claim.markers) is (claim.verdict is not Verdict.UNCITED)
    for citation in checked.citations:
        article = small.library.article(citation.source.article_id, citation.version)
        assert article.text[citation.start : citation.end] == citation.quote


def test_sources_are_named_in_the_text_form(checker: Checker) -> None:
    told = checked_text(checker.check("Drivers face a detour of 41 miles. \x1b[31m"))
    assert told.startswith(
        "! unsupported [1]: “Drivers face a detour of 41 miles.”\n  Not in what comes closest: 41 miles."
    )
    assert "Tidewater Courier (fictional), Nell Ashgrove, 15 February 2024" in told
    assert "\x1b" not in told

"""What a suite names in its articles is found, to the article and to the character."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence, found_in, reference
from rag.evaluation.suites.cases import Asked, Cited
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.types import Article, Passage, Scope, Source, Span

MakeLibrary = Callable[..., LocalLibrary]

BRIDGE = Source(
    article_id="a1",
    title="Arl Bridge shut",
    publisher="Post",
    published=datetime(2024, 2, 16, tzinfo=UTC),
    url="https://post.example.com/bridge",
    origin_id="17",
)
TEXT = "The Arl Bridge is shut. It costs £4.1 million.\n\nThe  Café closed. It costs £4.1 million."
FERRY = Source(article_id="a2", title="Ferry fares rise", origin_id="18")
TWIN = Source(article_id="a3", title="Ferry fares rise")


@pytest.fixture
def evidence(library: MakeLibrary) -> Evidence:
    made = library((BRIDGE, TEXT), (FERRY, "Fares rise."), (TWIN, "They rise again."))
    return Evidence(made, HashingEmbedder())


def test_an_article_is_known_by_id_address_row_id_and_title(evidence: Evidence) -> None:
    for named in ("a1", "https://post.example.com/bridge", "17", "Arl Bridge shut", " Arl  Bridge\nshut "):
        assert evidence.article_id(named) == "a1"


def test_an_article_that_is_not_one_is_told(evidence: Evidence) -> None:
    for named, said in {
        "Arl Bridge shot": "There is no article 'Arl Bridge shot' in this library; the nearest are 'Arl Bridge shut'.",
        "zzzz": "There is no article 'zzzz' in this library.",
        "Ferry fares rise": "2 articles are called 'Ferry fares rise': name one of 'a2', 'a3'.",
    }.items():
        with pytest.raises(ConfigurationError) as refused:
            evidence.article_id(named)
        assert str(refused.value) == said


def test_in_the_wrong_library_only_some_names_get_suggestions(evidence: Evidence) -> None:
    told = []
    for number in range(30):
        with pytest.raises(ConfigurationError) as refused:
            evidence.article_id(f"Arl Bridge shut {number}")
        told.append("the nearest are" in str(refused.value))
    assert told == [True] * 20 + [False] * 10


def test_an_empty_library_says_so(library: MakeLibrary) -> None:
    with pytest.raises(ConfigurationError, match="which is empty; ingest"):
        Evidence(library(), HashingEmbedder()).article_id("a1")


def test_an_id_goes_before_a_title_of_the_same_words(library: MakeLibrary) -> None:
    made = library((BRIDGE, TEXT), (replace(FERRY, title="a1"), "Fares rise."))
    assert Evidence(made, HashingEmbedder()).article_id("a1") == "a1"


def test_what_is_ingested_meanwhile_is_seen(library: MakeLibrary, evidence: Evidence) -> None:
    before = evidence.article("a1")
    assert evidence.article("a9") is None
    library((replace(BRIDGE, title="Bridge opens"), "It is open."), (Source(article_id="a9", title="New"), "New."))
    assert evidence.article_id("New") == "a9"
    now = evidence.article("a1")
    assert before is not None
    assert now is not None
    assert (before.text, now.text) == (TEXT, "It is open.")
    assert evidence.article("a1", before.version) == before
    with pytest.raises(ConfigurationError, match="no article 'Arl Bridge shut'"):
        evidence.article_id("Arl Bridge shut")


def test_a_scope_admits_the_version_that_then_stood(library: MakeLibrary, evidence: Evidence) -> None:
    newer = replace(BRIDGE, updated=datetime(2024, 3, 1, tzinfo=UTC))
    library((newer, "The Arl Bridge is open."))
    old, new = Article(source=BRIDGE, text=TEXT).version, Article(source=newer, text="The Arl Bridge is open.").version
    readable = {
        "now": Scope(),
        "then": Scope(as_of=datetime(2024, 2, 20, tzinfo=UTC)),
        "before": Scope(as_of=datetime(2024, 2, 1, tzinfo=UTC)),
        "outlet": Scope(publishers=("Courier",)),
        "article": Scope(article_ids=("a2",)),
        "this article": Scope(article_ids=("a2", "a1")),
    }
    assert {name: evidence.version_readable("a1", scope) for name, scope in readable.items()} == {
        "now": new,
        "then": old,
        "before": None,
        "outlet": None,
        "article": None,
        "this article": new,
    }


FIRST = TEXT.index("It costs")
SECOND = TEXT.rindex("It costs")
OVERLAPS = [
    (Cited(article="17"), Span(0, 1), True),
    (Cited(article="17"), Span(1, 1), False),
    (Cited(article="a2"), Span(0, 1), False),
    (Cited(article="17", version="0" * 16), Span(0, 1), False),
    (Cited(article="17", start=4, end=14), Span(13, 20), True),
    (Cited(article="17", start=4, end=14), Span(14, 20), False),
    (Cited(article="17", start=4, end=14), Span(0, 4), False),
    (Cited(article="17", quote="It costs"), Span(FIRST, FIRST + 1), True),
    (Cited(article="17", quote="It costs"), Span(SECOND, SECOND + 1), True),
    (Cited(article="17", quote="It costs"), Span(0, FIRST), False),
    (Cited(article="17", quote="it costs"), Span(0, len(TEXT)), False),
    (Cited(article="17", quote="(It|costs)"), Span(0, len(TEXT)), False),
    (Cited(article="17", quote="million. The Cafe\u0301"), Span(SECOND - 10, SECOND), True),
]


def test_a_citation_touches_the_place_that_is_named(evidence: Evidence) -> None:
    version = Article(source=BRIDGE, text=TEXT).version
    found = [(cited, span, evidence.overlaps(cited, place(version, span))) for cited, span, _ in OVERLAPS]
    assert found == OVERLAPS


def place(version: str, span: Span) -> Passage:
    return Passage(source=BRIDGE, version=version, start=span.start, end=span.end, text=TEXT[span.start : span.end])


def test_a_version_that_is_not_stored_has_no_places(evidence: Evidence) -> None:
    cited = Cited(article="a1", quote="It costs")
    assert not evidence.overlaps(cited, place("gone", Span(0, 99)))
    with pytest.raises(ConfigurationError):
        evidence.overlaps(Cited(article="nowhere"), place("gone", Span(0, 99)))


def test_limits_are_read_as_of_the_question(evidence: Evidence) -> None:
    asked = Asked(question="?", as_of="yesterday", publishers=("Post",), articles=("17", "Arl Bridge shut"))
    scope = evidence.scope(asked, datetime(2024, 2, 20, 12, tzinfo=UTC))
    assert (scope.as_of or datetime.max).date().isoformat() == "2024-02-19"
    assert (scope.publishers, scope.article_ids) == (("Post",), ("a1", "a1"))
    with pytest.raises(ConfigurationError, match="There is no article 'nowhere'"):
        evidence.scope(Asked(question="?", articles=("nowhere",)), datetime(2024, 2, 20, tzinfo=UTC))


def test_which_version_could_be_read_is_told_while_the_library_is_as_it_was(
    library: MakeLibrary, evidence: Evidence
) -> None:
    old, generation = place(Article(source=BRIDGE, text=TEXT).version, Span(0, 3)), evidence.library.generation()
    assert evidence.meets(Cited(article="a1"), old, scope=Scope(), generation=generation)
    library((replace(BRIDGE, updated=datetime(2024, 3, 1, tzinfo=UTC)), "The Arl Bridge is open."))
    now = evidence.library.generation()
    assert evidence.admits(old, Scope(), generation)
    assert not evidence.admits(place("gone", Span(0, 3)), Scope(), generation)
    assert not evidence.admits(old, Scope(), now)
    assert not evidence.meets(Cited(article="a1"), old, scope=Scope(), generation=now)
    assert evidence.meets(Cited(article="a1", version=old.version), old, scope=Scope(), generation=now)
    assert evidence.admits(old, Scope(as_of=datetime(2024, 2, 20, tzinfo=UTC)), now)


words = st.lists(st.sampled_from(["a", "b.", "é", "(c", "£4", "알"]), min_size=1, max_size=4)


@settings(deadline=None)
@given(before=words, quoted=words, after=words, spaces=st.sampled_from([" ", "\n\n", "  ", "\u00a0"]))
def test_a_quote_is_found_where_it_stands(before: list[str], quoted: list[str], after: list[str], spaces: str) -> None:
    text = " ".join(before) + " " + spaces.join(quoted) + " " + " ".join(after)
    found = found_in(text, "\n  ".join(quoted))
    start = len(" ".join(before)) + 1
    assert all(text[place.start : place.end].split() == quoted for place in found)
    assert any(place.start <= start < place.end for place in found)


def test_a_quote_without_words_is_nowhere() -> None:
    assert found_in("a b", " \n") == ()


@pytest.mark.parametrize(
    ("source", "called"),
    [
        (BRIDGE, "https://post.example.com/bridge"),
        (replace(BRIDGE, url=None), "a1"),
        (replace(BRIDGE, url=None, publisher=None), "17"),
        (replace(BRIDGE, url=None, published=None, origin_id=None), "Arl Bridge shut"),
        (replace(BRIDGE, url=None, title_derived=True, origin_id=None), "a1"),
    ],
)
def test_a_suite_calls_an_article_by_what_outlasts_the_library(source: Source, called: str) -> None:
    assert reference(source) == called


def test_many_threads_may_ask(evidence: Evidence) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(evidence.article_id, ["a1", "18", "a3", "17"] * 50))
    assert found == ["a1", "a2", "a3", "a1"] * 50


def test_more_articles_than_are_kept_in_memory_are_read_again(library: MakeLibrary) -> None:
    made = library(*((Source(article_id=f"a{n}", title=f"Title {n}"), f"Text {n}.") for n in range(600)))
    evidence = Evidence(made, HashingEmbedder())
    for _ in range(2):
        texts = [article.text for n in range(600) if (article := evidence.article(f"a{n}"))]
        assert texts == [f"Text {n}." for n in range(600)]

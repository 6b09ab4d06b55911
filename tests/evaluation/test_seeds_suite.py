"""The suite of the sample articles asks what it promises, and its expectations stand in the articles."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import frontmatter

from rag.evaluation.suites.suitefile import read_suite

SEEDS = Path(__file__).parents[2] / "seeds"
SUITE = read_suite(SEEDS / "suite.yaml")


def texts() -> dict[str, list[str]]:
    """Return the text of every version of an article, by its address."""
    found: dict[str, list[str]] = {}
    for path in sorted((SEEDS / "articles").glob("*.md")):
        post = frontmatter.load(str(path))
        found.setdefault(str(post["url"]), []).append(post.content)
    return found


def test_expected_places_stand_in_the_articles() -> None:
    articles = texts()
    assert [
        (case.id, place.article, place.quote)
        for case in SUITE.cases
        for expect in (turn.expect for turn in case.turns)
        for place in (*expect.cites, *expect.cites_any, *expect.cites_none, *expect.relevant)
        if not any((place.quote or "") in text for text in articles.get(place.article, []))
    ] == []


def test_every_case_about_an_article_says_which() -> None:
    nameless = {
        case.id
        for case in SUITE.cases
        if not case.about
        and not any((*turn.expect.relevant, *turn.expect.cites, *turn.expect.cites_any) for turn in case.turns)
    }
    assert nameless == {"order-to-show-prompt", "far-afield"}
    assert {case.about for case in SUITE.cases if case.about} <= texts().keys()


def test_what_the_readme_counts() -> None:
    told = (SEEDS / "README.md").read_text(encoding="utf-8")
    failing = sum(case.xfail is not None for case in SUITE.cases)
    assert f"It has {len(SUITE.cases)} cases." in told
    assert f"{len(SUITE.cases) - failing} pass, and {failing} fail as expected" in told
    assert not any(case.skip for case in SUITE.cases)


def test_every_kind_of_question_is_asked() -> None:
    tags = Counter(tag for case in SUITE.cases for tag in case.tags)
    assert all(case.tags for case in SUITE.cases)
    assert len(SUITE.cases) >= 80
    assert tags["unanswerable"] >= 15
    assert {
        "who", "what", "when", "where", "why", "how-many", "multi-article", "follow-up", "dates", "as-of", "versions",
        "conflict", "correction", "denial", "injection", "korean", "misspelt", "outlet", "period", "lookalike", "alias",
        "undated", "nested-quotation", "real-events",
    } <= tags.keys()  # fmt: skip


def test_most_of_it_holds_with_the_embedded_reader() -> None:
    assert sum(case.xfail is None and case.skip is None for case in SUITE.cases) >= 80

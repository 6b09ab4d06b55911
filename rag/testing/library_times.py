"""The part of the contract of a library that is about which version of an article stood when."""

# ruff: noqa: D102  the names of the tests say what they are about

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from rag.protocols import Library
from rag.testing.library import NOON, dense, made_article, put, texts
from rag.types import Scope

DAY = timedelta(days=1)

Opener = Callable[[], Library]


class LibraryTimesContract:
    """What every library must do with versions; `LibraryContract` has the rest."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Return a function that opens one and the same, at first empty, library for vectors of EMBEDDER."""
        raise NotImplementedError

    @pytest.fixture
    def library(self, opener: Opener) -> Iterator[Library]:
        """Give the library open."""
        library = opener()
        yield library
        library.close()

    def test_an_article_may_go_back_to_an_earlier_version(self, library: Library) -> None:
        first, second = made_article("a", "It is so."), made_article("a", "It is not so.")
        for article in (first, second, first):
            put(library, article)
        assert library.article("a") == first
        assert texts(dense(library, "so")) == [first.text]
        assert len(library.versions("a")) == 2
        for moment in (NOON, datetime.now(UTC), NOON + 9999 * DAY):
            scope = Scope(as_of=moment)
            assert [each.version for each in library.articles(scope)] == [first.version]
            assert texts(dense(library, "so", scope)) == [first.text]

    def test_as_of_shows_what_stood_before_an_article_went_back(self, library: Library) -> None:
        first, second = made_article("a", "It is so."), made_article("a", "It is not so.", updated=NOON + 2 * DAY)
        later = made_article("a", "It is not so, we think.", updated=NOON + 9999 * DAY)
        for article in (first, second, later, first):
            put(library, article)
        put(library, first)
        now = datetime.now(UTC)
        moments = [(NOON + DAY, first), (NOON + 2 * DAY, second), (now, first), (NOON + 10_000 * DAY, first)]
        for moment, stood in moments:
            assert [each.version for each in library.articles(Scope(as_of=moment))] == [stood.version], moment

    @pytest.mark.parametrize("source", [{"published": None}, {"updated": NOON + DAY}])
    def test_what_was_put_last_stands_whatever_date_it_claims(
        self, library: Library, source: dict[str, datetime | None]
    ) -> None:
        dated = made_article("a", "It rained.", updated=NOON + 2 * DAY)
        put(library, dated)
        put(library, made_article("a", "It rained hard.", **source))
        assert texts(dense(library, "rained", Scope(as_of=NOON + 3 * DAY))) == ["It rained."]
        assert texts(dense(library, "rained", Scope(as_of=datetime.now(UTC) + DAY))) == ["It rained hard."]
        put(library, dated)
        assert texts(dense(library, "rained", Scope(as_of=datetime.now(UTC) + DAY))) == ["It rained."]

    def test_one_change_may_store_a_version_behind_the_current_one(self, library: Library) -> None:
        older, newer = made_article("a", "It is so."), made_article("a", "It is not so.", updated=NOON + DAY)
        put(library, newer)
        put(library, older, newer)
        for moment, stood in ((NOON, older), (NOON + DAY, newer), (datetime.now(UTC) + DAY, newer)):
            assert texts(dense(library, "so", Scope(as_of=moment))) == [stood.text]

    def test_as_of_shows_each_article_as_it_then_stood(self, library: Library) -> None:
        first = made_article("a", "The mayor will resign.")
        corrected = made_article("a", "The mayor will not resign.", updated=NOON + 3 * DAY)
        put(library, first)
        put(library, corrected)
        for moment, stood in ((NOON, first), (NOON + 2 * DAY, first), (NOON + 3 * DAY, corrected)):
            scope = Scope(as_of=moment)
            assert texts(dense(library, "mayor", scope)) == [stood.text]
            assert texts(library.lexical("mayor", scope, 5)) == [stood.text]
            assert [each.version for each in library.articles(scope)] == [stood.version]
        assert dense(library, "mayor", Scope(as_of=NOON - DAY)) == []

    def test_a_change_without_a_date_of_its_own_counts_from_when_it_was_stored(self, library: Library) -> None:
        first, silent = made_article("a", "It rained."), made_article("a", "It rained hard.")
        put(library, first)
        put(library, silent)
        assert texts(dense(library, "rained", Scope(as_of=NOON + DAY))) == [first.text]
        assert texts(dense(library, "rained", Scope(as_of=datetime.now(UTC) + DAY))) == [silent.text]

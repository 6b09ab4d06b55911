"""The contract of `rag.protocols.Library`: subclass `LibraryContract`, say how to open one, run it with pytest."""

# ruff: noqa: D102  the names of the tests say what they are about

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from rag.errors import ArticleNotFoundError, DatelineError, LibraryLockedError
from rag.protocols import Library, Place
from rag.testing.library import NOON, dense, indexed, made_article, put, texts
from rag.testing.library_times import LibraryTimesContract, Opener
from rag.types import Scope

DAY = timedelta(days=1)


class LibraryContract(LibraryTimesContract):
    """What every library must do; `open_again` opens the same store once more."""

    def test_an_empty_library_answers_with_nothing(self, library: Library) -> None:
        assert (library.count(), library.articles(), library.publishers()) == (0, [], [])
        assert dense(library, "anything") == []
        assert library.lexical("anything", Scope(), 5) == []

    def test_an_article_comes_back_as_it_was_given(self, library: Library) -> None:
        article = made_article(
            "a", "Rates rose.\n\n北京 will vote 🗳 today.", author="A. Writer", url="https://x.test/a", language="en",
            origin_id="row-7", updated=NOON + DAY, title_derived=True,
        )  # fmt: skip
        put(library, article)
        assert library.article("a") == article
        assert library.article("a", article.version) == article
        assert library.article("a").version == article.version

    def test_passages_come_back_with_their_offsets_and_sentences(self, library: Library) -> None:
        article = made_article("a", "Rates rose. Banks fell.\n\nRivers froze.")
        put(library, article)
        expected = {passage.id: passage for passage in indexed(article).passages}
        for found in (dense(library, "rates banks rivers"), library.lexical("rates rivers", Scope(), 5)):
            assert {each.passage.id: each.passage for each in found} == expected
            assert all(article.text[each.passage.start : each.passage.end] == each.passage.text for each in found)

    def test_the_nearest_come_first_and_the_limit_holds(self, library: Library) -> None:
        put(library, *(made_article(f"a{i}", f"copper mine number {i} opened {'copper ' * i}") for i in range(1, 8)))
        found = dense(library, "copper copper copper", limit=3)
        assert len(found) == 3
        assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
        assert found[0].passage.source.article_id == "a7"
        assert dense(library, "copper", limit=0) == []

    def test_ties_are_broken_by_passage_id(self, library: Library) -> None:
        names = [f"a{number * 37 % 150:03}" for number in range(150)]
        for some in (names[:6], names[6:]):
            put(library, *(made_article(name, "The same words.", title="One") for name in some))
            for found in (dense(library, "same words", limit=4), library.lexical("same words", Scope(), 4)):
                stored = names if len(some) > 6 else some
                assert [each.passage.source.article_id for each in found] == sorted(stored)[:4]
                assert len({each.score for each in found}) == 1

    def test_lexical_prefers_the_rare_word_and_stems(self, library: Library) -> None:
        put(library, *(made_article(f"a{i}", f"The council met about the budget {i}.") for i in range(6)))
        put(library, made_article("z", "The council banned fireworks."))
        assert texts(library.lexical("council firework banning", Scope(), 1)) == ["The council banned fireworks."]
        assert all(each.score > 0 for each in library.lexical("council fireworks", Scope(), 9))

    def test_lexical_finds_scripts_without_spaces_and_titles(self, library: Library) -> None:
        put(
            library,
            made_article("cjk", "央行宣布降低利率。"),
            made_article("t", "No such word here.", title="Zeppelin returns"),
        )
        assert texts(library.lexical("利率", Scope(), 5)) == ["央行宣布降低利率。"]
        assert texts(library.lexical("zeppelin", Scope(), 5)) == ["No such word here."]

    @pytest.mark.parametrize(
        "query", ["", "the of and", "?!", '" OR "', "NEAR(a b)", "title:x", "a*", "o'neil", "x " * 5000]
    )
    def test_no_query_breaks_lexical_search(self, library: Library, query: str) -> None:
        put(library, made_article("a", "Mr O'Neil spoke.", title="Speech"))
        found = library.lexical(query, Scope(), 5)
        assert bool(found) == (query == "o'neil")

    def test_a_long_query_is_searched(self, library: Library) -> None:
        put(library, made_article("a", "Fireworks were banned."))
        query = "fireworks " + " ".join(f"word{i}" for i in range(3000))
        assert texts(library.lexical(query, Scope(), 5)) == ["Fireworks were banned."]

    def test_a_new_version_replaces_the_old_in_search_and_both_stay_readable(self, library: Library) -> None:
        first = made_article("a", "The rate is 4.25 percent.\n\nShares rose.")
        second = made_article("a", "The rate is 3.75 percent.", updated=NOON + DAY)
        put(library, first)
        put(library, second)
        assert texts(dense(library, "rate percent shares")) == [second.text]
        assert texts(library.lexical("rate shares", Scope(), 5)) == [second.text]
        assert [each.version for each in library.versions("a")] == [first.version, second.version]
        assert [each.current for each in library.versions("a")] == [False, True]
        assert library.article("a", first.version) == first
        assert library.article("a") == second
        assert library.count() == 1

    def test_summaries_tell_versions_sizes_and_order(self, library: Library) -> None:
        put(library, made_article("old", "One.\n\nTwo.", published=NOON - DAY), made_article("new", "Three."))
        put(library, made_article("undated", "Four.", published=None))
        listed = library.articles()
        assert [each.source.article_id for each in listed] == ["new", "old", "undated"]
        assert (listed[1].characters, listed[1].passages, listed[1].current) == (10, 2, True)
        assert [each.source.article_id for each in library.articles(limit=1, offset=1)] == ["old"]

    def test_the_list_goes_on_after_any_place(self, library: Library) -> None:
        days = {"b": NOON, "a": NOON, "old": NOON - DAY, "undated": None, "zzz": None}
        put(library, *(made_article(name, f"About {name}.", published=day) for name, day in days.items()))
        order = ["a", "b", "old", "undated", "zzz"]
        for i, name in enumerate(order):
            following = library.articles(after=Place(days[name], name))
            assert [each.source.article_id for each in following] == order[i + 1 :]
        gone = [Place(NOON + DAY, "gone"), Place(NOON - DAY * 9, "gone"), Place(None, "gone")]
        assert [len(library.articles(after=place)) for place in gone] == [5, 2, 2]
        assert [
            each.source.article_id for each in library.articles(Scope(article_ids=("b", "zzz")), after=gone[0])
        ] == [
            "b",
            "zzz",
        ]
        assert [each.source.article_id for each in library.articles(limit=1, after=Place(NOON, "a"))] == ["b"]

    @pytest.mark.parametrize(
        ("scope", "admitted"),
        [
            (Scope(since=NOON), ["b", "c"]),
            (Scope(until=NOON), ["a"]),
            (Scope(since=NOON - DAY, until=NOON + DAY), ["a", "b"]),
            (Scope(publishers=("the COURIER",)), ["a", "b", "undated"]),
            (Scope(publishers=("nobody",)), []),
            (Scope(article_ids=("c", "a", "none")), ["a", "c"]),
            (Scope(as_of=NOON), ["a", "b"]),
            (Scope(as_of=NOON + DAY, publishers=("gazette",)), ["c"]),
            (Scope(since=NOON, article_ids=("a",)), []),
            (Scope(), ["a", "b", "c", "undated"]),
        ],
    )
    def test_a_scope_limits_everything(self, library: Library, scope: Scope, admitted: list[str]) -> None:
        put(
            library,
            made_article("a", "Rates rose a.", published=NOON - DAY),
            made_article("b", "Rates rose b."),
            made_article("c", "Rates rose c.", published=NOON + DAY, publisher="Gazette"),
            made_article("undated", "Rates rose u.", published=None),
        )
        assert sorted(each.source.article_id for each in library.articles(scope)) == admitted
        assert library.count(scope) == len(admitted)
        for found in (dense(library, "rates rose", scope), library.lexical("rates", scope, 10)):
            assert sorted(each.passage.source.article_id for each in found) == admitted

    def test_removing_takes_an_article_from_everything(self, library: Library) -> None:
        put(library, made_article("a", "Rates rose."), made_article("b", "Rates fell.", publisher="Gazette"))
        with library.writing() as writer:
            writer.remove("a")
            assert writer.known("a.md") is None
            assert writer.current_version("a") is None
        assert texts(dense(library, "rates")) == ["Rates fell."]
        assert texts(library.lexical("rates", Scope(), 5)) == ["Rates fell."]
        assert library.publishers() == ["Gazette"]
        for ask in (library.article, library.versions):
            with pytest.raises(ArticleNotFoundError):
                ask("a")

    def test_what_is_not_there_is_an_error_of_its_own(self, library: Library) -> None:
        before = library.generation()
        with library.writing() as writer:
            with pytest.raises(ArticleNotFoundError):
                writer.remove("none")
            with pytest.raises(ArticleNotFoundError):
                writer.seen_at("x.md", "none", "0")
        put(library, made_article("a", "Text."))
        with pytest.raises(ArticleNotFoundError):
            library.article("a", "0" * 16)
        assert library.generation() == before + 1

    def test_the_writer_knows_what_was_stored(self, library: Library) -> None:
        article = made_article("a", "Rates rose.\n\nBanks fell.")
        item = indexed(article, bands=("b1", "b2"), signature=b"\x00\xff")
        with library.writing() as writer:
            writer.put([item])
            assert writer.known("a.md") == ("a", article.version)
            assert writer.known("b.md") is None
            assert writer.current_version("a") == article.version
            assert writer.has_version("a", article.version)
            assert not writer.has_version("a", "other")
            assert writer.near(["b2", "b9"]) == [("a", b"\x00\xff")]
            assert writer.near(["b9"]) == []
            writer.seen_at("copy.md", "a", article.version)
            assert writer.known("copy.md") == ("a", article.version)
            stored = writer.vectors([*item.keys, "unknown"])
            assert {key: pytest.approx(list(vector), abs=1e-6) for key, vector in stored.items()} == dict(
                zip(item.keys, map(list, item.vectors), strict=True)
            )

    def test_near_duplicates_are_sought_among_current_versions_only(self, library: Library) -> None:
        with library.writing() as writer:
            writer.put([indexed(made_article("a", "One."), bands=("x",), signature=b"1")])
            writer.put([indexed(made_article("a", "Two."), bands=("y",), signature=b"2")])
            assert writer.near(["x"]) == []
            assert writer.near(["x", "y"]) == [("a", b"2")]

    def test_every_change_raises_the_generation_once_and_others_do_not(self, library: Library) -> None:
        article = made_article("a", "One.")
        seen = [library.generation()]
        with library.writing() as writer:
            acts: tuple[Callable[[], None], ...] = (
                lambda: writer.put([indexed(article), indexed(made_article("b", "Two."))]),
                lambda: writer.put([]),
                lambda: writer.seen_at("a.md", "a", article.version),
                lambda: writer.seen_at("copy.md", "a", article.version),
                lambda: writer.remove("a"),
            )
            for act in acts:
                act()
                seen.append(library.generation())
        assert [after - before for before, after in pairwise(seen)] == [1, 0, 0, 1, 1]

    def test_a_batch_is_stored_whole_or_not_at_all(self, library: Library) -> None:
        good = indexed(made_article("a", "One."))
        bad = replace(indexed(made_article("b", "Two.")), keys=())
        with library.writing() as writer, pytest.raises(DatelineError):
            writer.put([good, bad])
        assert library.count() == 0
        assert dense(library, "one two") == []

    def test_there_is_one_writer_at_a_time(self, library: Library, opener: Opener) -> None:
        other = opener()
        with library.writing(), pytest.raises(LibraryLockedError, match="since"), other.writing():
            pass
        with other.writing() as writer:
            writer.put([indexed(made_article("a", "One."))])
        other.close()
        assert library.count() == 1

    def test_it_all_lasts(self, library: Library, opener: Opener) -> None:
        put(library, made_article("a", "Rates rose."), made_article("b", "Rates fell."))
        before = library.generation(), dense(library, "rates rose"), library.lexical("rates", Scope(), 5)
        library.close()
        again = opener()
        assert (again.generation(), dense(again, "rates rose"), again.lexical("rates", Scope(), 5)) == before
        again.close()

    def test_an_open_reader_sees_what_another_commits(self, library: Library, opener: Opener) -> None:
        put(library, made_article("a", "Rates rose."))
        assert len(dense(library, "rates")) == 1
        other = opener()
        put(other, made_article("b", "Rates fell."))
        assert len(dense(library, "rates")) == 2
        with other.writing() as writer:
            writer.remove("a")
            assert texts(dense(library, "rates")) == ["Rates fell."]
        assert texts(dense(library, "rates")) == ["Rates fell."]
        other.close()

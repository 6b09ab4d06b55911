"""The articles of a library as a value: equal digests mean equal articles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.corpus import changed, corpus_digest, manifest
from rag.library import LocalLibrary
from rag.types import Article, Source

MakeLibrary = Callable[..., LocalLibrary]
SOURCE = Source(article_id="a", title="One")


def test_the_manifest_names_current_versions(library: MakeLibrary) -> None:
    other = replace(SOURCE, article_id="b")
    made = library((SOURCE, "Old."), (other, "Other."))
    before = manifest(made)
    assert before == {
        "a": Article(source=SOURCE, text="Old.").version,
        "b": Article(source=other, text="Other.").version,
    }
    library((SOURCE, "New."), (replace(SOURCE, article_id="c"), "Added."))
    after = manifest(made)
    assert after["a"] == Article(source=SOURCE, text="New.").version
    assert changed(before, after) == ("a", "c")
    assert changed(after, before) == ("a", "c")


manifests = st.dictionaries(st.text("ab0", max_size=3), st.text("ab0", max_size=3), max_size=4)


@given(manifests, manifests)
def test_digests_are_equal_only_where_nothing_changed(before: dict[str, str], after: dict[str, str]) -> None:
    assert (corpus_digest(before) == corpus_digest(after)) is (changed(before, after) == ())
    assert corpus_digest(before) == corpus_digest(dict(reversed(before.items())))


def test_an_article_under_another_id_did_not_change() -> None:
    assert changed({"a": "v", "b": "w"}, {"c": "v", "b": "x"}) == ("b",)
    assert corpus_digest({"a": "v"}) == corpus_digest({"c": "v"})


def test_a_digest_is_16_hex_digits() -> None:
    assert int(corpus_digest({}), 16) >= 0
    assert len(corpus_digest({"a": "v"})) == 16

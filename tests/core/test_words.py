"""Words for comparing texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.words import content_words, stem, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The mayor's office, the mayors’ words", ["the", "mayor", "office", "the", "mayors", "words"]),
        ("It isn't 3.5", ["it", "isn't", "3", "5"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("", []),
    ],
)
def test_words_are_folded_and_lose_their_possessive(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "forms",
    [
        ("run", "runs", "running"),
        ("stop", "stops", "stopped", "stopping"),
        ("name", "names", "named", "naming"),
        ("city", "cities"),
        ("study", "studies"),
        ("class", "classes"),
        ("injure", "injured", "injures"),
        ("quick", "quickly"),
    ],
)
def test_forms_of_a_word_share_a_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize("word", ["is", "gas", "class", "red", "used", "bus", "wing", "ice"])
def test_short_words_stay_apart(word: str) -> None:
    assert stem(word) in {word, word.removesuffix("e")}


def test_content_words_keep_order_and_drop_what_carries_none() -> None:
    assert content_words("Who was the mayor of the two cities?") == ["mayor", "two", "city"]


def test_scripts_without_spaces_are_compared_by_pairs_of_letters() -> None:
    assert content_words("東京都") == ["東京", "京都"]
    assert content_words("한국은") == ["한국", "국은"]


@given(st.text())
def test_any_text_has_words_that_are_found_again_in_it(text: str) -> None:
    folded = text.casefold()
    assert all(word in folded for word in words(text))
    assert len(content_words(text)) <= max(1, len(folded))

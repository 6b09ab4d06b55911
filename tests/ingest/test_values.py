from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clean import clean, unwrap
from ingest.dates import moment
from ingest.dedupe import fingerprint, repeated, similarity
from ingest.identity import canonical_url


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=80) | st.text(alphabet=" \n\r\t\u2028\u2029\u200b\x85\x0bab\u0301\ud800", max_size=40))
def test_cleaning_is_final_and_keeps_every_letter(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert "\n\n\n" not in cleaned
    assert cleaned == cleaned.strip()
    assert _letters(cleaned) == _letters(text)
    cleaned.encode("utf-8")


def _letters(text: str) -> list[str]:
    """Return the basic letters and digits; composing marks with them hides none."""
    return [each for each in unicodedata.normalize("NFD", text) if each.isascii() and each.isalnum()]


def test_lines_that_were_not_wrapped_stay() -> None:
    text = "First line of a poem\nSecond\n\nThird line\nand a fourth one here"
    assert unwrap(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-09", datetime(2023, 11, 9, tzinfo=UTC)),
        ("2023-11-09T10:00:00+09:00", datetime(2023, 11, 9, 1, tzinfo=UTC)),
        ("Thu, 09 Nov 2023 10:00:00 GMT", datetime(2023, 11, 9, 10, tzinfo=UTC)),
        ("9 November 2023", datetime(2023, 11, 9, tzinfo=UTC)),
        ("November 9, 2023", datetime(2023, 11, 9, tzinfo=UTC)),
        ("1699524000", datetime(2023, 11, 9, 10, tzinfo=UTC)),
        ("03/04/2024", None),
        ("13.04.2024", None),
        ("November 2023", None),
        ("2023", None),
        ("yesterday", None),
        ("9 November", None),
        ("two days before 2023", None),
        ("soon", None),
        ("", None),
        ("2023-13-45", None),
        ("9" * 500, None),
    ],
)
def test_dates_are_read_strictly(text: str, expected: datetime | None) -> None:
    assert moment(text) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://Courier.Example.com/a/b/?utm_source=x&id=7#top", "https://courier.example.com/a/b?id=7"),
        ("https://courier.example.com:443/a/b?id=7&fbclid=z", "https://courier.example.com/a/b?id=7"),
        ("https://courier.example.com:8080/", "https://courier.example.com:8080"),
        ("https://courier.example.com/A", "https://courier.example.com/A"),
        ("ftp://courier.example.com/a", None),
        ("courier.example.com/a", None),
        ("https://[broken", None),
        ("https://x:y", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_addresses_have_one_form(url: str, expected: str | None) -> None:
    assert canonical_url(url) == expected


_STORY = " ".join(f"The council heard speaker {n} on item {n * 7} of its long agenda." for n in range(40))


def test_a_copy_with_small_edits_is_near_and_another_text_is_not() -> None:
    story, copy = fingerprint(_STORY), fingerprint("(AP) -- " + _STORY.replace("speaker 7", "witness 7").upper())
    other = fingerprint(" ".join(f"Rain fell on village {n} as rivers rose by {n} metres." for n in range(40)))
    assert similarity(story.signature, copy.signature) > 0.8
    assert set(story.bands) & set(copy.bands)
    assert repeated(story, [("other", other.signature), ("copy", copy.signature)]) == "copy"
    assert repeated(story, [("other", other.signature)]) is None


def test_nothing_is_near_a_signature_of_another_kind() -> None:
    assert similarity(fingerprint(_STORY).signature, b"") == 0.0
    assert repeated(fingerprint(_STORY), [("a", b"1234")]) is None

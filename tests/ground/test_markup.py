"""Markup in a model's words cannot become an image, a link or a tag in the page."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.markup import Neutraliser

TRICKY = st.text(st.sampled_from("[]()!<>/:a1 \n"), max_size=40)


def neutral(*pieces: str) -> str:
    neutraliser = Neutraliser()
    return "".join(map(neutraliser.feed, pieces)) + neutraliser.flush()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see [the report](https://evil.example/x?y=z) now", "see the report now"),
        ("![pixel](https://evil.example/leak?q=1) fine", " fine"),
        ("a <script>alert(1)</script> b", "a ‹script>alert(1)‹/script> b"),
        ("<https://evil.example>", "‹https://evil.example>"),
        ("x < y and 2 <3", "x < y and 2 <3"),
        ("[3.2](#ref) stays a label", "[3.2] stays a label"),
        ("[ref]: https://evil.example", "[ref] : https://evil.example"),
        ("[![a](b)](c)", "[] (c)"),
        ("[x]![a](b)(evil)", "[x] (evil)"),
        ("[x][(](b)evil)", "[x] (evil)"),
        ("[a](" + "b" * 2000 + ")", "[a] (" + "b" * 2000 + ")"),
        ("[sic] (really) wow! [1.1]", "[sic] (really) wow! [1.1]"),
    ],
)
def test_markup_is_neutralised(text: str, expected: str) -> None:
    assert neutral(text) == expected


@given(TRICKY, st.lists(st.integers(0, 40), max_size=6))
def test_any_cutting_of_the_stream_gives_the_same_harmless_text(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut <= len(text))})
    whole = neutral(text)
    assert neutral(*(text[a:b] for a, b in itertools.pairwise(places))) == whole
    assert "](" not in whole
    assert "]:" not in whole
    assert not re.search(r"<[A-Za-z/!?]", whole)

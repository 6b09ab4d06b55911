from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from rag.types import Span
from rag.web.chat.marking import Mark, Stretch, paragraphs

_TEXT = st.lists(st.text(alphabet="ab .é\U0001f600", min_size=1, max_size=12), min_size=1, max_size=6).map("\n\n".join)


@st.composite
def _marked(draw: st.DrawFn) -> tuple[str, Span, list[Span]]:
    text = draw(_TEXT)
    spans = draw(st.lists(st.tuples(st.integers(-2, len(text) + 2), st.integers(-2, len(text) + 2)), max_size=5))
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)))
    return text, Span(start, end), [Span(*span) for span in spans]


@given(_marked())
def test_every_character_but_paragraph_breaks_is_shown_once(case: tuple[str, Span, list[Span]]) -> None:
    text, cited, also = case
    shown = "".join(stretch.text for paragraph in paragraphs(text, cited, also) for stretch in paragraph)
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", text)


@given(_marked())
def test_what_is_marked_as_cited_is_the_cited_span(case: tuple[str, Span, list[Span]]) -> None:
    text, cited, also = case
    stretches = [stretch for paragraph in paragraphs(text, cited, also) for stretch in paragraph]
    marked = "".join(stretch.text for stretch in stretches if stretch.mark is Mark.CITED)
    assert re.sub(r"\s", "", marked) == re.sub(r"\s", "", text[cited.start : cited.end])


def test_a_cited_sentence_is_one_mark_and_its_companions_are_faint() -> None:
    text = "One. Two. Three.\n\nFour. Five."
    shown = paragraphs(text, Span(5, 9), [Span(18, 23), Span(5, 9), Span(6, 12), Span(0, 400)])
    assert shown == [
        [
            Stretch(text="One. ", mark=Mark.PLAIN),
            Stretch(text="Two.", mark=Mark.CITED),
            Stretch(text=" Three.", mark=Mark.PLAIN),
        ],
        [Stretch(text="Four.", mark=Mark.ALSO), Stretch(text=" Five.", mark=Mark.PLAIN)],
    ]

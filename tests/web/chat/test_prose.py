from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.types import Answer, Citation, Claim, Verdict
from rag.web.chat.prose import Cite, Flaw, Words, finished, growing

Maker = Callable[[int, str], Citation]


def test_known_markers_become_citations_while_the_answer_grows(cite: Maker) -> None:
    one = cite(1, "No job is lost")
    assert growing("No job is lost. [1] See [2] and [", [one]) == [
        Words(text="No job is lost."),
        Cite(citation=one),
        Words(text=" See [2] and ["),
    ]


def test_a_flawed_claim_is_marked_and_says_what_is_missing_after_its_markers(
    cite: Maker, answer: Callable[..., Answer]
) -> None:
    one = cite(1, "No job is lost")
    text = "No job is lost. [1] It costs $3 million. [1]\n\nNobody asked."
    claims = (
        Claim(start=0, end=15, markers=(1,), verdict=Verdict.SUPPORTED),
        Claim(start=20, end=40, markers=(1,), verdict=Verdict.UNSUPPORTED, missing=("$3 million",)),
        Claim(start=46, end=59, markers=(), verdict=Verdict.UNCITED),
    )
    assert finished(answer(text, claims=claims, citations=(one,))) == [
        Words(text="No job is lost.", verdict=Verdict.SUPPORTED),
        Cite(citation=one),
        Words(text=" "),
        Words(text="It costs $3 million.", verdict=Verdict.UNSUPPORTED),
        Cite(citation=one),
        Flaw(verdict=Verdict.UNSUPPORTED, missing=("$3 million",)),
        Words(text="\n\n"),
        Words(text="Nobody asked.", verdict=Verdict.UNCITED),
        Flaw(verdict=Verdict.UNCITED, missing=()),
    ]


def test_a_number_in_brackets_inside_a_claim_that_cites_something_else_stays_text(
    cite: Maker, answer: Callable[..., Answer]
) -> None:
    one = cite(1, "No job is lost")
    claims = (Claim(start=0, end=11, markers=(), verdict=Verdict.UNCITED),)
    parts = finished(answer("He said [1] .", claims=claims, citations=(one,)))
    assert parts[0] == Words(text="He said [1]", verdict=Verdict.UNCITED)
    assert not any(isinstance(part, Cite) for part in parts)


def test_overlapping_claims_show_no_words_twice(answer: Callable[..., Answer]) -> None:
    claims = (
        Claim(start=0, end=6, markers=(), verdict=Verdict.UNCITED),
        Claim(start=3, end=11, markers=(), verdict=Verdict.UNCITED),
    )
    parts = finished(answer("Hello there", claims=claims))
    assert "".join(part.text for part in parts if isinstance(part, Words)) == "Hello there"


@pytest.mark.parametrize(
    "written", [f"[{'9' * 5000}]", "[0001]", "[0]", "[١]", "`[1]`", "``[1]``", "`see [1] there`", "[ 1]", "[1.1]"]
)
def test_only_a_number_of_a_citation_outside_code_is_a_link(
    written: str, cite: Maker, answer: Callable[..., Answer]
) -> None:
    one = cite(1, "No job is lost")
    assert growing(written, [one]) == [Words(text=written)]
    claims = (Claim(start=0, end=15, markers=(1,), verdict=Verdict.SUPPORTED),)
    parts = finished(answer(f"No job is lost. [1] {written}", claims=claims, citations=(one,)))
    assert [part for part in parts if isinstance(part, Cite)] == [Cite(citation=one)]
    assert "".join(part.text for part in parts if isinstance(part, Words)) == f"No job is lost. {written}"


def test_a_marker_after_a_claim_that_cites_nothing_is_no_link(cite: Maker, answer: Callable[..., Answer]) -> None:
    claims = (Claim(start=0, end=8, markers=(), verdict=Verdict.UNCITED),)
    parts = finished(answer("He said. [1]", claims=claims, citations=(cite(1, "a pause"),)))
    assert not any(isinstance(part, Cite) for part in parts)

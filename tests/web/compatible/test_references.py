"""Where an answer's text cites what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rag.types import Answer, Citation
from rag.web.compatible.references import references

MakeAnswer = Callable[..., Answer]
Cite = Callable[[int, str], Citation]
BASE = "https://news.example/dateline/"


def test_every_marker_counts_and_what_only_looks_like_one_does_not(answer: MakeAnswer, cite: Cite) -> None:
    citations = (cite(1, "The council held the budget at $4.25 million."), cite(2, "It was “a pause”."))
    text = "Café 🗞: held. [1][2] Again. [1] No `list[1]`, no [3], no [0], no [ 1 ]."
    found = references(answer(text, citations=citations), BASE)
    assert [(each.citation.marker, text[each.place.start : each.place.end]) for each in found] == [
        (1, "[1]"),
        (2, "[2]"),
        (1, "[1]"),
    ]
    assert found[0].place.start == len("Café 🗞: held. ")


def test_an_article_without_an_address_is_found_at_ours(answer: MakeAnswer, cite: Cite) -> None:
    cited = cite(1, "It was “a pause”.")
    nowhere = replace(cited, source=replace(cited.source, url=None, article_id="a/b ?#ü"))
    for citation, own in ((cited, False), (nowhere, True)):
        [found] = references(answer("A pause. [1]", citations=(citation,)), BASE)
        told = found.url_citation()
        assert told["url"] == (found.range_url if own else "https://example.org/harbour")
    place = f"?version={cited.version}&start={cited.start}&end={cited.end}"
    assert found.range_url == f"{BASE}v1/articles/a%2Fb%20%3F%23%C3%BC{place}"

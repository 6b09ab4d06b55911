from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from rag.errors import UserError
from rag.types import Answer, Article, Citation, Claim, Hit, Passage, Source, Span, Status, Verdict
from rag.web.chat import markup
from rag.web.chat.exchange import Exchange, Stage

HOSTILE = (
    '<script>alert(1)</script><img src=x onerror="alert(2)">\' " ` {{ 7*7 }} ${7*7} '
    "![p](https://evil.example/p.png) [c](javascript:alert(3)) [1] </mark></p></textarea>"
)
ALLOWED = ("#read/", "https://example.org/")


class _Elements(HTMLParser):
    """Collects the elements and attributes that a browser would make of some markup, and the text outside them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def _hostile() -> Article:
    source = Source(
        article_id='a"><script>',
        title=HOSTILE,
        publisher=HOSTILE,
        author=HOSTILE,
        url="javascript:alert(1)",
        language='en" onload="x',
        published=datetime(2023, 11, 12, tzinfo=UTC),
    )
    return Article(source=source, text=f"{HOSTILE}\n\n{HOSTILE}")


def _hostile_exchange(status: Status, answer: Callable[..., Answer]) -> Exchange:
    article = _hostile()
    span = Span(0, len(HOSTILE))
    citation = Citation(
        marker=1, source=article.source, version=article.version, start=span.start, end=span.end, quote=HOSTILE
    )
    passage = Passage(source=article.source, version=article.version, start=0, end=span.end, text=HOSTILE)
    claim = Claim(start=0, end=len(HOSTILE), markers=(1,), verdict=Verdict.UNSUPPORTED, missing=(HOSTILE,))
    made = answer(f"{HOSTILE} [1]", claims=(claim,), note=HOSTILE)
    cited = () if status is Status.NOT_IN_SOURCES else (citation,)
    final = replace(made, status=status, standalone=HOSTILE, citations=cited, hits=(Hit(passage=passage, score=1.0),))
    return Exchange(question=HOSTILE).after(final)


def _assert_harmless(html: str) -> None:
    found = _Elements(html)
    assert not found.tags & {"script", "img", "iframe", "object", "embed", "style", "link", "textarea", "form"}
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in {"src", "srcset", "style"}]
    links = [value for name, value in found.attributes if name == "href"]
    assert all(link.startswith(ALLOWED) for link in links)
    assert "{{ 7*7 }} ${7*7}" in found.text


@pytest.mark.parametrize("status", list(Status))
def test_hostile_words_stay_words_in_an_answer(status: Status, answer: Callable[..., Answer]) -> None:
    _assert_harmless(markup.exchange(_hostile_exchange(status, answer), 1))


def test_hostile_words_stay_words_while_streaming_and_when_it_fails() -> None:
    growing = Exchange(question=HOSTILE, text=HOSTILE, standalone=HOSTILE, stage=Stage.WRITING)
    _assert_harmless(markup.exchange(growing, 1))
    _assert_harmless(markup.exchange(growing.failed(HOSTILE), 1))
    _assert_harmless(markup.failure(HOSTILE))


def test_hostile_words_stay_words_in_an_article() -> None:
    html = markup.reader(_hostile(), Span(3, 40), [Span(50, 60)])
    _assert_harmless(html)
    assert "Read the original" not in html


def test_an_article_links_to_its_original_without_telling_where_from(article: Article) -> None:
    html = markup.reader(article, Span(0, 4))
    assert '<a href="https://example.org/harbour" rel="noopener noreferrer" target="_blank">' in html
    assert "12 November 2023" in html
    assert "By Ruth Hale" in html


@pytest.mark.parametrize("span", [Span(0, 0), Span(5, 3), Span(-1, 4), Span(0, 10_000)])
def test_a_place_that_the_article_does_not_have_is_refused(article: Article, span: Span) -> None:
    with pytest.raises(UserError, match="no such place"):
        markup.reader(article, span)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/a?b=c#d", True),
        ("http://example.org/", True),
        ("HTTPS://EXAMPLE.ORG/", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org/", False),
        ("https://", False),
        ("http://[", False),
        ("https://example.org/\u202e", False),
        (" https://example.org/", False),
        ("", False),
        (None, False),
    ],
)
def test_only_plain_web_addresses_become_links(url: str | None, kept: bool) -> None:
    assert markup.safe_url(url) == (url if kept else "")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.ANSWERED, "Answered"),
        (Status.PARTIAL, "Partly answered"),
        (Status.CONFLICTING, "Sources disagree"),
        (Status.NOT_IN_SOURCES, "Not in these articles"),
    ],
)
def test_every_status_is_said_in_words(
    status: Status, words: str, answer: Callable[..., Answer], cite: Callable[[int, str], Citation]
) -> None:
    final = replace(answer("No job is lost. [1]", citations=(cite(1, "No job is lost"),)), status=status)
    found = _Elements(markup.exchange(Exchange(question="What?").after(final), 1))
    assert words in found.text


def test_a_flaw_is_said_in_words_with_what_is_missing(answer: Callable[..., Answer]) -> None:
    claim = Claim(start=0, end=20, markers=(), verdict=Verdict.UNSUPPORTED, missing=("$3 million", "Friday"))
    found = _Elements(
        markup.exchange(Exchange(question="What?").after(answer("It costs $3 million.", claims=(claim,))), 1)
    )
    assert "Not supported" in found.text
    assert "Missing there: $3 million, Friday." in found.text


def test_an_empty_library_says_what_to_run() -> None:
    assert "dateline ingest PATH" in markup.front(0)
    assert "Ask 1,234 articles" in markup.front(1234)
    assert "Ask the one article" in markup.front(1)


def test_a_long_text_is_cut_between_words() -> None:
    assert markup.excerpt("one two\n\nthree four", 10) == "one two …"
    assert markup.excerpt("one\n two", 10) == "one two"

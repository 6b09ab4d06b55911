from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.compose import compose
from ingest.loaders import load
from ingest.values import Failure, Raw, origin_of
from rag.types import Article


def _write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _articles(path: Path) -> list[Article]:
    found = list(load(path))
    assert all(isinstance(each, Raw) for each in found), found
    return [compose(each, origin_of(path)).article for each in found if isinstance(each, Raw)]


def _one(path: Path) -> Article:
    (article,) = _articles(path)
    return article


MARKDOWN = """---
title: Fares stay
publisher: The Courier
author: [Ann Lee, Bo Roe]
published: 2024-03-26
updated: 2024-03-27 08:30:00+01:00
url: https://courier.example.com/fares/
language: en
id: 17
---
# Fares stay

The council kept **ferry fares** as they are,
[the mayor](https://x.example) said. It costs `5` pounds.

## Who pays

- Adults *pay*
- Children do not

1. First
2. Second

> A quotation.

| Who | What |
|-----|------|
| Ann | 1    |

<div>Seen <script>unseen()</script>&amp; kept</div>

Line one\\
line two ![alt](x.png)
"""


def test_markdown_becomes_what_a_reader_sees(tmp_path: Path) -> None:
    article = _one(_write(tmp_path / "a.md", MARKDOWN))
    assert article.text.split("\n\n") == [
        "The council kept ferry fares as they are, the mayor said. It costs 5 pounds.",
        "Who pays",
        "Adults pay\nChildren do not",
        "1. First\n2. Second",
        "A quotation.",
        "Who | What\nAnn | 1",
        "Seen & kept",
        "Line one\nline two",
    ]
    source = article.source
    assert (source.title, source.title_derived, source.publisher) == ("Fares stay", False, "The Courier")
    assert (source.author, source.language, source.origin_id) == ("Ann Lee, Bo Roe", "en", "17")
    assert source.published == datetime(2024, 3, 26, tzinfo=UTC)
    assert source.updated == datetime(2024, 3, 27, 7, 30, tzinfo=UTC)
    assert source.url == "https://courier.example.com/fares/"


def test_markdown_without_front_matter_takes_its_title_from_its_heading(tmp_path: Path) -> None:
    article = _one(_write(tmp_path / "a.md", "# Fares stay\n\nThe council met. It voted."))
    assert (article.source.title, article.text) == ("Fares stay", "The council met. It voted.")


def test_a_date_that_may_be_two_days_is_no_date_and_is_remarked(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.md", "---\ntitle: T\npublished: 03/04/2024\nurl: not a url\n---\nText.")
    (raw,) = load(path)
    assert isinstance(raw, Raw)
    composed = compose(raw, origin_of(path))
    source = composed.article.source
    assert (source.published, source.url) == (None, None)
    assert [remark.reason.split(" was")[0] for remark in composed.remarks] == [
        "The publication date '03/04/2024'",
        "The address 'not a url'",
    ]


@pytest.mark.parametrize(
    ("content", "title", "derived", "text"),
    [
        ("Fares stay\n\nThe council met.", "Fares stay", False, "The council met."),
        ("The council met. It voted.\n\nMore.", "The council met.", True, "The council met. It voted.\n\nMore."),
        ("One line only", "One line only", True, "One line only"),
        ("A.\r\nB.\r\n\r\n\r\n \r\nC.", "A.", True, "A.\nB.\n\nC."),
        ("e\u0301te\u0301 \u200b\x07\u202efin\u0000 .", "été fin .", True, "été fin ."),
        ("word " * 60, None, True, ("word " * 60).strip()),
    ],
)
def test_plain_text(tmp_path: Path, content: str, title: str | None, derived: bool, text: str) -> None:
    article = _one(_write(tmp_path / "a.txt", content))
    assert (article.source.title_derived, article.text) == (derived, text)
    assert article.source.title == title or (title is None and article.source.title.endswith("word…"))
    assert len(article.source.title) <= 90


def test_text_wrapped_at_a_fixed_width_is_joined(tmp_path: Path) -> None:
    wrapped = "The council met on Monday and voted to keep the fares of the\nferry as they are. It said so.\n\nMore."
    assert _one(_write(tmp_path / "a.txt", wrapped)).text.count("\n") == 2


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffZürich grüßt. Ça va?".encode(),
        "\ufeffZürich grüßt. Ça va?".encode("utf-16-le"),
        "Zürich grüßt. Ça va?".encode("utf-16"),
    ],
)
def test_encodings_with_a_byte_order_mark(tmp_path: Path, content: bytes) -> None:
    assert _one(_write(tmp_path / "a.txt", content)).text == "Zürich grüßt. Ça va?"


def test_a_legacy_encoding_is_recognised(tmp_path: Path) -> None:
    text = "Правительство сообщило, что выборы пройдут в марте. Министр это подтвердил вчера вечером."
    assert _one(_write(tmp_path / "a.txt", text.encode("cp1251"))).text == text


def test_utf8_with_a_broken_byte_stays_utf8(tmp_path: Path) -> None:
    text = "한국은행은 금리를 동결했다고 밝혔다. "
    assert (
        _one(_write(tmp_path / "a.txt", text.encode() + b"\xff." + text.encode())).text
        == f"{text}\ufffd.{text}".strip()
    )


@pytest.mark.parametrize("text", ["הממשלה הודיעה היום על הבחירות.", "政府は選挙を行うと発表した。", "정부가 발표했다."])
def test_other_scripts(tmp_path: Path, text: str) -> None:
    article = _one(_write(tmp_path / "a.txt", text))
    assert (article.text, article.source.title) == (text, text)


ROWS = [
    (
        {"id": 7, "headline": "H", "body": "B.", "pubDate": "Thu, 09 Nov 2023 10:00:00 GMT", "outlet": "O"},
        "H",
        "O",
        "7",
    ),
    (
        {"_id": "x", "title": "", "content": "B.", "publishedAt": "2023-11-09T10:00:00Z", "source": {"name": "O"}},
        "B.",
        "O",
        "x",
    ),
    (
        {"guid": "g", "title": "H", "maintext": "B.", "date_publish": "2023-11-09 10:00:00", "sitename": "O"},
        "H",
        "O",
        "g",
    ),
    (
        {"uuid": "u", "title": "H", "text": "B.", "date": 1699524000, "publisher": "O", "authors": ["A", "Z"]},
        "H",
        "O",
        "u",
    ),
    ({"id": "m", "title": "H", "article": "B.", "datePublished": 1699524000000, "source": "O"}, "H", "O", "m"),
]


@pytest.mark.parametrize(("row", "title", "publisher", "origin"), ROWS)
def test_common_spellings_of_fields(
    tmp_path: Path, row: dict[str, object], title: str, publisher: str, origin: str
) -> None:
    source = _one(_write(tmp_path / "a.jsonl", json.dumps(row))).source
    assert (source.title, source.publisher, source.origin_id) == (title, publisher, origin)
    assert source.published == datetime(2023, 11, 9, 10, tzinfo=UTC)


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"status": "ok", "articles": rows}])
def test_json_files_that_hold_several_articles(tmp_path: Path, wrap: object) -> None:
    rows = [{"title": "A", "text": "One."}, {"title": "B", "text": "Two."}]
    assert callable(wrap)
    assert [a.text for a in _articles(_write(tmp_path / "a.json", json.dumps(wrap(rows))))] == ["One.", "Two."]


def test_a_json_file_that_is_one_article(tmp_path: Path) -> None:
    assert _one(_write(tmp_path / "a.json", json.dumps({"title": "A", "text": "One."}))).source.title == "A"


PROSE = "<p>The council voted on Monday to keep the ferry fares as they are for another year, the mayor said.</p>"


def _page(head: str = "", foot: str = "") -> str:
    return (
        f"<html lang='en'><head><title>Fares stay | Courier</title>{head}</head><body><nav>Home News</nav><article>"
        f"<h1>Fares stay</h1>{PROSE}<p>She said <b>no</b> to <a href='/x'>a rise</a> in the fares this winter.</p>"
        f"</article><footer>{foot}</footer></body></html>"
    )


def test_html_gives_the_article_and_its_stated_metadata(tmp_path: Path) -> None:
    head = (
        "<meta property='article:published_time' content='2024-03-04T10:11:12+02:00'>"
        "<meta name='author' content='Ann Lee'><meta property='og:site_name' content='The Courier'>"
        "<link rel='canonical' href='https://c.example/fares'>"
    )
    article = _one(_write(tmp_path / "a.html", _page(head)))
    source = article.source
    assert article.text.split("\n\n")[1] == "She said no to a rise in the fares this winter."
    assert not article.text.startswith("Fares stay")
    assert (source.title, source.publisher, source.author) == ("Fares stay", "The Courier", "Ann Lee")
    assert (source.url, source.language) == ("https://c.example/fares", "en")
    assert source.published == datetime(2024, 3, 4, 8, 11, 12, tzinfo=UTC)


def test_html_dates_from_json_ld(tmp_path: Path) -> None:
    data = {"@graph": [{"@type": "NewsArticle", "datePublished": "2024-03-04T10:00:00Z", "dateModified": "2024-03-05"}]}
    head = f"<script type='application/ld+json'>{json.dumps(data)}</script>"
    source = _one(_write(tmp_path / "a.html", _page(head))).source
    assert source.published == datetime(2024, 3, 4, 10, tzinfo=UTC)
    assert source.updated == datetime(2024, 3, 5, tzinfo=UTC)


def test_html_never_guesses_a_date(tmp_path: Path) -> None:
    foot = "© 2019 The Courier <aside><time datetime='2018-02-03'>3 February 2018</time></aside>"
    assert _one(_write(tmp_path / "2020-01-02.html", _page(foot=foot))).source.published is None


BAD = [
    ("empty.txt", b"", "It is empty"),
    ("spaces.md", b" \n\t\n", "It is empty"),
    ("marks.txt", b"--- *** ---", "There is no text in it"),
    ("image.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "not text but binary"),
    ("paper.txt", b"%PDF-1.7\n" + b"text " * 200, "not text but binary"),
    ("nul.txt", b"\x00" * 500, "not text but binary"),
    ("yaml.md", b"---\ntitle: [a\n---\nText.", "valid YAML (line 3: did not find expected"),
    ("day.md", b"---\npublished: 2024-13-45\n---\nText.", "valid YAML (month must be in 1..12)"),
    ("long.md", b"words " * 40_000, "longer than 200,000 characters"),
    ("bare.html", b"<html><body><nav><a href='/'>Home</a></nav></body></html>", "There is no article in this page"),
    ("none.html", b"<html></html>", "There is no article in this page"),
    ("many.html", b"<p>Words.</p>" * 21000, "more than 20,000 elements"),
    ("bomb.json", b"[" * 100_000, "nested too deeply"),
    ("broken.json", b'{"text": ', "not valid JSON"),
    ("bare.json", b'"words"', "It is not an object"),
    ("none.json", b'{"title": "T"}', "It has no text"),
    ("deep.jsonl", b'{"text":' * 100_000, "nested too deeply"),
    ("latin.jsonl", '{"text": "Zürich"}'.encode("latin-1"), "not UTF-8"),
    ("page.docx", b"words", "This kind of file is not read"),
]


@pytest.mark.parametrize(("name", "content", "reason"), BAD)
def test_bad_files_say_what_is_wrong_in_one_line(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = _write(tmp_path / name, content)
    failure = _failure(path)
    assert reason in failure
    assert str(path) in failure
    assert "\n" not in failure
    assert failure.endswith(".")


def _failure(path: Path) -> str:
    (found,) = load(path)
    if isinstance(found, Failure):
        return str(found)
    with pytest.raises(Exception, match="There is no text") as caught:
        compose(found, origin_of(path))
    return f"{path}: {caught.value}"


def test_a_broken_row_is_told_by_its_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = b'\xef\xbb\xbf{"id": 1, "text": "One."}\n\n{"id": 2, "text": \n[1]\n{"id": 3, "text": "Three."}'
    found = list(load(_write(tmp_path / "a.jsonl", rows)))
    assert [each.text if isinstance(each, Raw) else each.place for each in found] == [
        "One.",
        "line 3",
        "line 4",
        "Three.",
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "It is not there" in _failure(tmp_path / "gone.txt")


def test_too_large_a_file_and_too_long_an_article(tmp_path: Path) -> None:
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    assert "larger than 64 MB" in _failure(huge)
    with pytest.raises(Exception, match="longer than 5,000,000 characters"):
        _one(_write(tmp_path / "long.txt", b"word " * 1_000_001))


def test_a_hundred_thousand_one_word_lines(tmp_path: Path) -> None:
    article = _one(_write(tmp_path / "lines.txt", "word\n" * 100_000))
    assert article.text.count("\n") == 99_999


_HOSTILE = ["<!--" * 25_000, "a <![CDATA[" * 8_000, "[" * 100_000, "![" * 50_000, "[a](" * 25_000, "<?" * 50_000]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", _HOSTILE, ids=lambda text: text[:10])
def test_markup_without_an_end_takes_no_end_of_time(tmp_path: Path, text: str) -> None:
    article = _one(_write(tmp_path / "a.md", f"Before it.\n\n{text}\n\nAfter it."))
    assert article.text.startswith("Before it.")


_MERGED = "\n".join(
    ["x0: &x0 {a: b}", *(f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 9)}]}}" for n in range(1, 9))]
)
_REFUSED = [
    ("author: &a [Ann Lee]\neditor: *a", "anchor, alias or merge key"),
    ("title: *unknown", "anchor, alias or merge key"),
    ("title: &t Rates rose", "anchor, alias or merge key"),
    ("<<: {title: Rates rose}", "anchor, alias or merge key"),
    (_MERGED, "anchor, alias or merge key"),
    ("title: " + "[" * 20_000 + "]" * 20_000, "more than 20 levels"),
    ("title: " + "[" * 100_000, "longer than 50,000"),
    ("- " * 20_000, "more than 20 levels"),
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("front", "reason"), _REFUSED)
def test_front_matter_that_multiplies_or_exhausts_the_stack_is_refused(tmp_path: Path, front: str, reason: str) -> None:
    assert reason in _failure(_write(tmp_path / "a.md", f"---\n{front}\n---\nRates rose."))


def test_signs_of_yaml_in_quotes_are_words(tmp_path: Path) -> None:
    front = "title: '<<: *a'\nauthor: \"&b *c\""
    source = _one(_write(tmp_path / "a.md", f"---\n{front}\n---\nRates rose.")).source
    assert (source.title, source.author) == ("<<: *a", "&b *c")


@pytest.mark.parametrize("before", ["", "First.\n\n", "---\n\nFirst.\n\n"])
def test_rules_between_paragraphs_are_no_front_matter(tmp_path: Path, before: str) -> None:
    article = _one(_write(tmp_path / "a.md", f"{before}---\n\nSecond.\n\n---\n\nThird."))
    assert article.text.split("\n\n") == ["First."] * bool(before) + ["Second.", "Third."]


_DEEP = "[" * 900 + "]" * 900
_LONG = "0x" + "F" * 5_000


@pytest.mark.parametrize("front", [f"title: {_LONG}", f"author: [{_LONG}]"])
def test_a_number_in_front_matter_that_is_too_long_to_write(tmp_path: Path, front: str) -> None:
    assert "a number that is too long" in _failure(_write(tmp_path / "a.md", f"---\n{front}\n---\nRates rose."))


def test_a_field_that_is_named_by_a_number_is_passed_over(tmp_path: Path) -> None:
    assert _one(_write(tmp_path / "a.md", f"---\n? {_LONG}\n: x\n---\nRates rose.")).text == "Rates rose."


def test_a_row_whose_author_is_nested_beyond_measure(tmp_path: Path) -> None:
    article = _one(_write(tmp_path / "a.jsonl", f'{{"text": "Rates rose.", "author": {_DEEP}}}'))
    assert (article.text, article.source.author) == ("Rates rose.", None)


@pytest.mark.parametrize("stated", [f'"NewsArticle", "datePublished": {_DEEP}', _DEEP])
def test_a_page_whose_markup_is_nested_beyond_measure(tmp_path: Path, stated: str) -> None:
    head = f"<script type='application/ld+json'>{{\"@type\": {stated}}}</script>"
    article = _one(_write(tmp_path / "a.html", _page(head)))
    assert (article.source.title, article.source.published) == ("Fares stay", None)


def test_whatever_breaks_a_parser_is_told_in_one_line(tmp_path: Path) -> None:
    assert "could not be taken apart (ValueError)" in _failure(tmp_path / "nul\0.txt")

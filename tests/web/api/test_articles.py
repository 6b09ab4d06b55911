"""The stored articles over HTTP: pages that hold still, exact ranges, and names of any characters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from rag.library import LocalLibrary, open_library
from rag.protocols import Place
from rag.testing.library import EMBEDDER, NOON, made_article, put
from rag.testing.serving import serving
from rag.types import Article
from rag.web.api import cursor
from tests.web.api.conftest import MakeDesk, MakeService

TEXT = "A ferry 🚢 struck the pier. Fourteen were hurt.\n\nNobody drowned, said Mr. Reed."
ODD = ["a/b", "a/versions", "..", "100%", "a b?c#d", "%2F", "é/ü+&=", "ends/", "…\n", "versions"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLibrary]:
    directory = tmp_path_factory.mktemp("shelf") / "library"
    with closing(open_library(directory, model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)) as library:
        put(library, made_article("ferry", TEXT, publisher="Harbour Courier"))
        put(library, *(made_article(name, f"About {name!r}.", published=None) for name in ODD))
        put(library, *(made_article(f"n{i}", f"Number {i}.", published=day(i // 2)) for i in range(10)))
        yield library


@pytest.fixture(scope="module")
def client(shelf: LocalLibrary, make_desk: MakeDesk, make_service: MakeService) -> Iterator[httpx.Client]:
    service = make_service(replace(make_desk(), library=shelf))
    with serving(service) as address, httpx.Client(base_url=address) as client:
        yield client


def day(number: int) -> datetime:
    return NOON - timedelta(days=100 + number)


def pages(client: httpx.Client, **asked: object) -> Iterator[list[str]]:
    """Follow the links, and check that each leads where `next` does."""
    address = httpx.URL("/v1/articles", params=asked)
    while True:
        reply = client.get(address).raise_for_status()
        told = reply.json()
        yield [each["article_id"] for each in told["articles"]]
        if told["next"] is None:
            assert "link" not in reply.headers
            return
        address = reply.url.join(reply.links["next"]["url"])
        assert address.params["cursor"] == told["next"]


@pytest.mark.parametrize("limit", [1, 3, 20, 21, 500])
def test_pages_together_are_the_list(client: httpx.Client, shelf: LocalLibrary, limit: int) -> None:
    everything = [each.source.article_id for each in shelf.articles()]
    assert [name for page in pages(client, limit=limit) for name in page] == everything
    assert client.get("/v1/articles").json()["total"] == len(everything)


def test_articles_that_come_and_go_do_not_shift_the_pages(
    tmp_path: Path, make_desk: MakeDesk, make_service: MakeService
) -> None:
    with closing(open_library(tmp_path / "l", model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)) as shelf:
        put(shelf, *(made_article(f"n{i}", f"Number {i}.", published=day(i)) for i in range(6)))
        service = make_service(replace(make_desk(), library=shelf))
        seen: list[str] = []
        with serving(service) as address, httpx.Client(base_url=address) as client:
            for page, number in zip(pages(client, limit=2), count(), strict=False):
                seen += page
                put(shelf, made_article(f"new{number}", "Just in.", published=NOON))
                with shelf.writing() as writer:
                    writer.remove(page[-1])
    assert seen == [f"n{i}" for i in range(6)]


def test_the_list_can_be_narrowed(client: httpx.Client) -> None:
    assert list(pages(client, publisher="harbour courier")) == [["ferry"]]
    between = {"since": day(4).date().isoformat(), "until": day(3).date().isoformat()}
    assert list(pages(client, limit=3, **between)) == [["n6", "n7", "n8"], ["n9"]]
    assert list(pages(client, publisher="nobody")) == [[]]
    assert list(pages(client, publishers=["nobody", "harbour courier"])) == [["ferry"]]


def test_a_link_is_a_whole_address(client: httpx.Client) -> None:
    reply = client.get("/v1/articles", params={"limit": 1})
    assert reply.links["next"]["url"].startswith(
        f"{client.base_url}/v1/articles?limit=1&cursor=".replace("//v1", "/v1")
    )


@pytest.mark.parametrize("path", ["/v1/articles", "/v1/articles/ferry", "/v1/jobs", "/v1/feedback"])
def test_a_parameter_that_does_not_exist_is_refused(client: httpx.Client, path: str) -> None:
    reply = client.get(path, params={"outlet": "Harbour Courier"})
    assert (reply.status_code, reply.json()["errors"][0]["where"]) == (422, "outlet")


@pytest.mark.parametrize(
    "given", ["", "x", "WzFd", "é", "bnVsbA", "W251bGwsMV0", cursor.write(made_article("a", "b").source)[:-3]]
)
def test_a_cursor_that_is_not_ours_is_refused(client: httpx.Client, given: str) -> None:
    reply = client.get("/v1/articles", params={"cursor": given})
    assert (reply.status_code, reply.json()["detail"]) == (
        400,
        "The cursor is not one of ours; start again without it.",
    )


def test_a_cursor_names_a_place_of_any_article(shelf: LocalLibrary) -> None:
    for each in shelf.articles():
        assert cursor.read(cursor.write(each.source)) == Place(each.source.published, each.source.article_id)


@pytest.mark.parametrize("name", ODD)
def test_an_id_may_hold_any_character(client: httpx.Client, name: str) -> None:
    address = f"/v1/articles/{quote(name, safe='')}".replace("..", "%2E%2E")
    assert client.get(address).raise_for_status().json()["article_id"] == name
    [version] = client.get(f"{address}/versions").raise_for_status().json()["versions"]
    assert version["article_id"] == name


@pytest.mark.parametrize(
    ("start", "end", "sentences"),
    [
        (0, 1, ["A ferry 🚢 struck the pier."]),
        (8, 9, ["A ferry 🚢 struck the pier."]),
        (10, 40, ["A ferry 🚢 struck the pier.", "Fourteen were hurt."]),
        (46, 48, []),
        (40, None, ["Fourteen were hurt.", "Nobody drowned, said Mr. Reed."]),
        (None, 5, ["A ferry 🚢 struck the pier."]),
    ],
)
def test_a_range_is_exact_and_comes_with_its_sentences(
    client: httpx.Client, start: int | None, end: int | None, sentences: list[str]
) -> None:
    asked = {name: value for name, value in (("start", start), ("end", end)) if value is not None}
    told = client.get("/v1/articles/ferry", params=asked).raise_for_status().json()
    assert told["text"] == TEXT[start:end] == TEXT[told["start"] : told["end"]]
    assert [each["text"] for each in told["sentences"]] == sentences
    assert all(each["text"] == TEXT[each["start"] : each["end"]] for each in told["sentences"])


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (0, 999), (999, None)])
def test_a_range_that_is_not_there_is_refused(client: httpx.Client, start: int, end: int | None) -> None:
    asked = {"start": start} | ({} if end is None else {"end": end})
    reply = client.get("/v1/articles/ferry", params=asked)
    assert reply.status_code == 400
    assert f"the article has {len(TEXT)}" in reply.json()["detail"]


def test_what_was_read_already_is_not_sent_again(client: httpx.Client) -> None:
    tags = {
        place: client.get(f"/v1/articles/ferry{place}").raise_for_status().headers["etag"]
        for place in ("", "?start=0&end=5", "?end=5", "?end=6")
    }
    assert len(set(tags.values())) == 3
    for place, tag in tags.items():
        for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            reply = client.get(f"/v1/articles/ferry{place}", headers={"if-none-match": given})
            assert (reply.status_code, reply.content, reply.headers["etag"]) == (304, b"", tag)
        assert client.get(f"/v1/articles/ferry{place}", headers={"if-none-match": '"other"'}).status_code == 200


def test_every_version_can_be_read(tmp_path: Path, make_desk: MakeDesk, make_service: MakeService) -> None:
    first, second = made_article("a", "It was blue."), made_article("a", "It was green.")
    with closing(open_library(tmp_path / "l", model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)) as shelf:
        put(shelf, first)
        put(shelf, second)
        with serving(make_service(replace(make_desk(), library=shelf))) as address:
            versions = httpx.get(f"{address}/v1/articles/a/versions").json()["versions"]
            texts = [read(address, each) for each in (first, second)]
            missing = httpx.get(f"{address}/v1/articles/a", params={"version": "none"})
    assert [(each["version"], each["current"]) for each in versions] == [(first.version, False), (second.version, True)]
    assert texts == ["It was blue.", "It was green."]
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:dateline:problem:not-found")


def read(address: str, article: Article) -> str:
    told = httpx.get(f"{address}/v1/articles/a", params={"version": article.version}).json()
    assert told["version"] == article.version
    return str(told["text"])


def test_a_head_is_all_but_the_body(client: httpx.Client) -> None:
    got, head = client.get("/v1/articles/ferry"), client.head("/v1/articles/ferry")
    assert (head.status_code, head.content) == (200, b"")
    assert [head.headers[name] for name in ("etag", "content-length")] == [
        got.headers[name] for name in ("etag", "content-length")
    ]

"""Whatever is sent, what cannot be used is told in a problem document that does not repeat it."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx
import pytest

from rag.errors import LibraryDamagedError
from rag.testing.serving import serving
from rag.web.access.headers import HEADERS
from tests.web.api.conftest import ASKED, MakeDesk, MakeService

JSON = {"content-type": "application/json"}
DEEP = b"[" * 200_000


def problem(reply: httpx.Response, status: int) -> dict[str, object]:
    told: dict[str, object] = reply.json()
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json"), reply.text
    assert told["status"] == status
    assert str(told["type"]).startswith("urn:dateline:problem:")
    assert "\n" not in str(told["detail"])
    return told


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({}, "question"),
        ({"question": None}, "question"),
        ({"question": 7}, "question"),
        ({"question": ""}, "question"),
        ({"question": "x" * 8001}, "question"),
        ({**ASKED, "more": 1}, "more"),
        ({**ASKED, "scope": []}, "scope"),
        ({**ASKED, "scope": {"since": 2023}}, "scope.since"),
        ({**ASKED, "scope": {"publishers": "one"}}, "scope.publishers"),
        ({**ASKED, "scope": {"sinse": "2023"}}, "scope.sinse"),
        ({**ASKED, "history": "no"}, "history"),
        ({**ASKED, "history": [["only one"]]}, "history.0"),
        ({**ASKED, "history": ["text"]}, "history.0"),
        ({**ASKED, "history": [["one", 2]]}, "history.0.answer"),
        ({**ASKED, "asked_at": 5}, "asked_at"),
        ({**ASKED, "limit": True}, "limit"),
        ({**ASKED, "limit": 0}, "limit"),
        ({**ASKED, "limit": 1.5}, "limit"),
        ([], ""),
        ("question", ""),
    ],
)
def test_mistakes_are_named_by_their_place(api: httpx.Client, asked: object, where: str) -> None:
    told = problem(api.post("/v1/search", json=asked), 422)
    assert any(each["where"].startswith(where) for each in told["errors"])  # type: ignore[attr-defined]
    assert len(json.dumps(told)) < 2_000
    assert "Asked" not in json.dumps(told)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"question": " \n"}, "The question is empty"),
        ({"question": "\0"}, "The question is empty"),
        ({**ASKED, "scope": {"since": "whenever"}}, "since"),
        ({**ASKED, "asked_at": "noon"}, "asked_at is not a moment"),
        ({**ASKED, "asked_at": "0001-01-01T00:00:00+23:00"}, "asked_at is not a moment"),
    ],
)
def test_what_is_well_formed_but_means_nothing_is_told_in_words(api: httpx.Client, asked: object, told: str) -> None:
    assert told in str(problem(api.post("/v1/answers", json=asked), 400)["detail"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (DEEP, 400),
        (b'{"question": ' + DEEP, 400),
        (b'{"question": "a", "limit": NaN}', 422),
        (b'{"question": "a", "limit": 1e999}', 422),
        (b'{"question": "a", "limit": ' + b"9" * 5_000 + b"}", 400),
        (b'{"question": "a", "limit": ' + b"9" * 400 + b"}", 422),
        (b'{"question": "\\ud800"}', 422),
        (b'{"question": "a", "scope": {"publishers": ["\\udfff"]}}', 422),
        (b'{"question": "a", "\\ud800": 1}', 422),
        (b'{"question": "a", "' + b"k" * 100_000 + b'": 1}', 422),
        (json.dumps({**ASKED, **dict.fromkeys(map(str, range(5_000)), 0)}).encode(), 422),
    ],
    ids=range(14),
)
def test_bodies_that_are_no_questions_are_refused(api: httpx.Client, body: bytes, status: int) -> None:
    reply = api.post("/v1/search", content=body, headers=JSON)
    problem(reply, status)
    assert len(reply.content) < 10_000


@pytest.mark.parametrize("name", ["NUL \0 inside", "“quotes” 'and' \"more\"", "DROP TABLE version; --"])
def test_odd_names_find_nothing(api: httpx.Client, name: str) -> None:
    asked = {**ASKED, "scope": {"publishers": [name], "article_ids": [name]}}
    assert api.post("/v1/search", json=asked).raise_for_status().json()["hits"] == []
    assert api.get("/v1/articles", params={"publisher": name}).raise_for_status().json()["total"] == 0
    problem(api.get(f"/v1/articles/{httpx.URL('', params={'a': name}).query.decode()}"), 404)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_other_media_types_are_refused(api: httpx.Client, kind: str) -> None:
    told = problem(api.post("/v1/answers", content=json.dumps(ASKED), headers={"content-type": kind}), 415)
    assert "Content-Type: application/json" in str(told["detail"])


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_announced_in_any_way(api: httpx.Client, kind: str) -> None:
    assert api.post("/v1/search", content=json.dumps(ASKED), headers={"content-type": kind}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/answers", 405),
        ("DELETE", "/v1/search", 405),
        ("PATCH", "/v1/articles", 405),
        ("PUT", "/v1/articles/harbour", 405),
        ("POST", "/healthz", 405),
        ("GET", "/v1/articles/nothing", 404),
        ("GET", "/v1/articles/harbour/versions/more", 404),
        ("GET", "/v1/articles/harbour?start=-1", 422),
        ("GET", "/v1/articles?limit=0", 422),
        ("GET", "/v1/articles?limit=many", 422),
        ("GET", "/v1/articles?since=whenever", 400),
    ],
)
def test_what_is_not_there_is_a_problem_too(api: httpx.Client, method: str, path: str, status: int) -> None:
    reply = api.request(method, path)
    problem(reply, status)
    assert ("allow" in reply.headers) == (status == 405)


def test_what_nobody_foresaw_is_told_without_its_reason(
    make_desk: MakeDesk, make_service: MakeService, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(make_service(make_desk(ZeroDivisionError("secret")))) as address:
        reply = httpx.post(f"{address}/v1/answers", json=ASKED)
    assert problem(reply, 500)["type"] == "urn:dateline:problem:unexpected"
    assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS
    assert "secret" not in reply.text
    assert "ZeroDivisionError: secret" in caplog.text


def test_the_reason_of_a_failure_of_ours_is_logged(
    make_desk: MakeDesk, make_service: MakeService, caplog: pytest.LogCaptureFixture
) -> None:
    class Burnt:
        def rewrite(self, question: str, history: object) -> object:
            raise LibraryDamagedError("The library is on fire.")

    desk = replace(make_desk(), rewriter=Burnt())  # type: ignore[arg-type]  # fails whatever it is asked
    with serving(make_service(desk)) as address:
        reply = httpx.post(f"{address}/v1/search", json={**ASKED, "history": [["Who?", "They."]]})
    problem(reply, 503)
    assert "POST '/v1/search' failed: The library is on fire." in caplog.text

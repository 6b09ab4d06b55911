"""What readers say about answers is kept with the answer, once, and read by pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rag.records.keys import Keys, KeyScope
from rag.testing.serving import serving
from tests.web.api.conftest import ASKED, QUOTED, MakeDesk, MakeService

Said = dict[str, Any]


@pytest.fixture(scope="module")
def client(make_desk: MakeDesk, make_service: MakeService) -> Iterator[httpx.Client]:
    with serving(make_service(make_desk(QUOTED))) as address, httpx.Client(base_url=address) as made:
        yield made


@pytest.fixture(scope="module")
def answer(client: httpx.Client) -> Said:
    found: Said = client.post("/v1/answers", json=ASKED).raise_for_status().json()
    assert found["citations"]
    return found


def test_feedback_is_kept_with_the_answer_as_it_was_sent(client: httpx.Client, answer: Said) -> None:
    said = {"answer": answer, "rating": "down", "kind": "wrong", "comment": "No.", "correction": "$5.", "marker": 1}
    reply = client.post("/v1/feedback", json=said)
    assert (reply.status_code, set(reply.json())) == (201, {"schema", "id"})
    kept = client.get("/v1/feedback").json()["feedback"][0]
    assert kept["id"] == reply.json()["id"]
    assert {name: kept[name] for name in said if name != "answer"} == {k: v for k, v in said.items() if k != "answer"}
    assert kept["answer"]["text"] == answer["text"]
    assert kept["answer"]["citations"] == answer["citations"]


def test_question_and_text_are_enough(client: httpx.Client) -> None:
    said = {"answer": {"question": "Why?", "text": "Because."}, "rating": "up"}
    assert client.post("/v1/feedback", json=said).status_code == 201
    [kept] = client.get("/v1/feedback", params={"rating": "up"}).json()["feedback"]
    assert (kept["answer"]["question"], kept["answer"]["citations"], kept["kind"]) == ("Why?", [], None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rating": "great"},
        {"rating": None},
        {"kind": "rude"},
        {"marker": 2},
        {"marker": "1"},
        {"answer": {}},
        {"answer": {"question": "", "text": "A."}},
        {"answer": "text"},
        {"comment": "x" * 10_001},
        {"colour": "red"},
    ],
)
def test_feedback_of_another_form_is_refused(client: httpx.Client, answer: Said, wrong: Said) -> None:
    reply = client.post("/v1/feedback", json={"answer": answer, "rating": "up", **wrong})
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")


def test_sent_again_it_is_kept_once(client: httpx.Client, answer: Said) -> None:
    said, key = {"answer": answer, "rating": "up", "comment": "Once."}, {"Idempotency-Key": "once"}
    first, again = (client.post("/v1/feedback", json=said, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    kept = client.get("/v1/feedback").json()["feedback"]
    assert [each["comment"] for each in kept].count("Once.") == 1
    assert client.post("/v1/feedback", json={**said, "rating": "down"}, headers=key).status_code == 422


def test_it_is_read_by_pages_newest_first(client: httpx.Client) -> None:
    sent = [
        client.post("/v1/feedback", json={"answer": {"question": f"{number}?", "text": "A."}, "rating": "down"}).json()[
            "id"
        ]
        for number in range(5)
    ]
    found: list[str] = []
    cursor = None
    while len(found) < 5:
        page = client.get("/v1/feedback", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        found += [each["id"] for each in page["feedback"]]
        cursor = page["next"]
    assert found[:5] == sent[::-1]


def test_keys_of_callers_have_nothing_to_do_with_each_other(make_desk: MakeDesk, make_service: MakeService) -> None:
    service = make_service(make_desk(QUOTED), keys_needed=True)
    texts = [Keys(service.records).create(name, [KeyScope.ASK])[1] for name in ("one", "two")]
    said = {"answer": {"question": "Why?", "text": "Because."}, "rating": "up"}
    with serving(service) as address, httpx.Client(base_url=address) as client:
        replies = [
            client.post("/v1/feedback", json=said, headers={"Authorization": f"Bearer {text}", "Idempotency-Key": "k"})
            for text in texts
        ]
        assert [reply.status_code for reply in replies] == [201, 201]
        assert replies[0].json() != replies[1].json()
        assert client.get("/v1/feedback", headers={"Authorization": f"Bearer {texts[0]}"}).status_code == 403
        refused = client.post("/v1/articles", json={}, headers={"Authorization": f"Bearer {texts[0]}"})
        assert refused.status_code == 403

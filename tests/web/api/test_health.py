"""Whether the process lives and can work, asked while everything else stands still."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import cast

import httpx
import pytest

from rag.errors import LibraryDamagedError
from rag.protocols import Library
from rag.testing.embedder import HashingEmbedder
from rag.testing.serving import serving
from rag.web.api.readiness import Readiness
from tests.web.api.conftest import ASKED, MakeDesk, MakeService


class Burning:
    """A library that cannot be read."""

    def generation(self) -> int:
        raise LibraryDamagedError("The library in /home/secret is on fire. Call someone.")


class Missing(HashingEmbedder):
    """An embedding model that is not there."""

    def embed_query(self, text: str) -> list[float]:
        raise FileNotFoundError("/home/secret/model.onnx")


def test_a_service_that_can_answer_is_ready(api: httpx.Client) -> None:
    told = api.get("/readyz").raise_for_status().json()
    assert told["status"] == "ready"
    assert told["generation"] >= 1
    assert told["articles"] == api.get("/v1/articles").json()["total"] > 0
    assert [(each["what"], each["ok"]) for each in told["checks"]] == [("library", True), ("model", True)]


def test_what_is_missing_is_named_without_saying_where_it_lies(
    make_desk: MakeDesk, make_service: MakeService, caplog: pytest.LogCaptureFixture
) -> None:
    desk = replace(make_desk(), library=cast("Library", Burning()), embedder=Missing())
    with serving(make_service(desk)) as address:
        health, ready = httpx.get(f"{address}/healthz"), httpx.get(f"{address}/readyz")
    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "5")
    assert ready.headers["content-type"] == "application/problem+json"
    assert [each["problem"] for each in ready.json()["checks"]] == ["library", "unexpected"]
    assert "secret" not in ready.text
    assert "The library in /home/secret is on fire." in caplog.text


def test_health_does_not_wait_behind_work(make_desk: MakeDesk, make_service: MakeService) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def stand_still() -> None:
        begun.set()
        assert go_on.wait(30)

    service = make_service(make_desk(stand_still), at_once=1, waiting=0)
    with serving(service) as address:
        asking = threading.Thread(target=lambda: httpx.post(f"{address}/v1/answers", json=ASKED, timeout=30))
        asking.start()
        try:
            assert begun.wait(20)
            refused = httpx.post(f"{address}/v1/search", json=ASKED)
            told = [httpx.get(f"{address}{path}").status_code for path in ("/healthz", "/readyz")]
        finally:
            go_on.set()
            asking.join()
    assert told == [200, 200]
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:dateline:problem:overloaded")
    assert refused.headers["retry-after"] == "1"


async def test_a_check_that_hangs_is_not_waited_for(make_desk: MakeDesk) -> None:
    go_on = threading.Event()

    class Stuck(HashingEmbedder):
        def embed_query(self, text: str) -> list[float]:
            go_on.wait(30)
            return super().embed_query(text)

    readiness = Readiness(replace(make_desk(), embedder=Stuck()), patience=0.02)
    try:
        stuck = await readiness.state()
    finally:
        go_on.set()
    assert stuck.problems == {"library": "slow", "model": "slow"}
    while not (state := await readiness.state()).ready:
        pass
    assert state.generation

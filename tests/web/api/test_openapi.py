"""The OpenAPI document: complete, with recorded examples, and with models that what is sent conforms to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import jsonschema
import pytest
from pydantic import BaseModel

from rag.compose import newsroom
from rag.records import open_records
from rag.settings import Settings
from rag.testing.serving import made, serving
from rag.web.api import schemas
from rag.web.api.documenting import recorded
from rag.web.server import make_app
from rag.web.service import make_service
from tests.web.api.conftest import MakeDesk
from tests.web.api.conftest import MakeService as Make
from tests.web.api.examples import RECORDED, as_recorded

MODELS: dict[str, type[BaseModel]] = {
    "answer.json": schemas.AnswerSent,
    "hits.json": schemas.HitsSent,
    "articles.json": schemas.PageSent,
    "article.json": schemas.ArticleSent,
    "range.json": schemas.RangeSent,
    "versions.json": schemas.VersionsSent,
}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def seeds(ingested_seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        newsroom(Settings(library=ingested_seeds, answerer="extractive")) as room,
        closing(open_records(tmp_path_factory.mktemp("records"))) as records,
        serving(make_service(room.desk(), records)) as address,
        httpx.Client(base_url=address) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def document(api: httpx.Client) -> dict[str, object]:
    told: dict[str, object] = api.get("/openapi.json").raise_for_status().json()
    return told


def operations(document: dict[str, object]) -> Iterator[tuple[str, dict[str, object]]]:
    for path, item in document["paths"].items():  # type: ignore[attr-defined]  # JSON
        for method in METHODS & set(item):
            yield f"{method.upper()} {path}", item[method]


def settled(told: object) -> object:
    """Leave out what differs from run to run and from machine to machine."""
    if isinstance(told, dict):
        return {key: settled(value) for key, value in told.items() if key not in {"timings", "score", "generation"}}
    return [settled(each) for each in told] if isinstance(told, list) else told


def objects(text: str) -> list[object]:
    lines = text.splitlines()
    if lines[0] == "{":
        return [json.loads(text)]
    return [json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else line for line in lines]


@pytest.mark.parametrize("name", RECORDED)
def test_examples_are_what_is_sent(seeds: httpx.Client, name: str) -> None:
    assert settled(objects(as_recorded(seeds, name))) == settled(objects(recorded(name)))


@pytest.mark.parametrize("name", MODELS)
def test_what_is_sent_has_the_keys_that_are_described(seeds: httpx.Client, name: str) -> None:
    told = json.loads(as_recorded(seeds, name))
    assert MODELS[name].model_validate(told).model_dump(by_alias=True) == told


def test_problems_have_the_form_that_is_described(api: httpx.Client) -> None:
    for reply in (api.get("/v1/nothing"), api.post("/v1/answers", json={})):
        schemas.ProblemDocument.model_validate(reply.json())
    schemas.ReadinessSent.model_validate(api.get("/readyz").json())
    schemas.HealthSent.model_validate(api.get("/healthz").json())


def test_examples_conform_to_the_document(document: dict[str, object]) -> None:
    checked = 0
    for _, operation in operations(document):
        for response in operation["responses"].values():  # type: ignore[attr-defined]  # JSON
            for content in response.get("content", {}).values():
                for example in content.get("examples", {}).values():
                    jsonschema.validate(example["value"], {**content["schema"], "components": document["components"]})
                    checked += 1
    assert checked >= len(MODELS)


def test_keys_may_be_added_without_breaking_readers(document: dict[str, object]) -> None:
    described = document["components"]["schemas"]  # type: ignore[index]  # JSON
    assert not [name for name, told in described.items() if name.endswith("Sent") and "additionalProperties" in told]


def test_every_operation_says_what_it_does_and_what_may_go_wrong(document: dict[str, object]) -> None:
    assert document["openapi"] == "3.1.0"
    told = dict(operations(document))
    assert {"POST /v1/answers", "POST /v1/search", "GET /v1/articles", "GET /healthz"} <= set(told)
    names = [str(operation["operationId"]) for operation in told.values()]
    assert len(set(names)) == len(names)
    assert not [name for name in names if "v1" in name]  # the name of a function, not one made of the path
    for name, operation in told.items():
        assert operation["summary"], name
        assert operation["tags"], name
        responses = operation["responses"]
        assert isinstance(responses, dict)
        if name.split()[1] not in {"/healthz", "/metrics"}:
            assert {"401", "403", "429", "500", "503"} <= set(responses), name
        for status, response in responses.items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (name, status)


@pytest.mark.parametrize(("needed", "security"), [(True, [{"bearer": []}]), (False, [{}, {"bearer": []}])])
def test_keys_are_documented_as_they_are_needed(
    make_desk: MakeDesk, make_service: Make, needed: bool, security: object
) -> None:
    service = make_service(make_desk(), keys_needed=needed)
    document = made(lambda: make_app(service)).openapi()
    assert document["security"] == security
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["paths"]["/healthz"]["get"]["security"] == []

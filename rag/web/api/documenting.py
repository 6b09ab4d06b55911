"""The OpenAPI document: what every route says about itself in the same words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from rag.web.api.schemas import ProblemDocument
from rag.web.options import Options
from rag.web.problems import MEDIA_TYPE
from rag.wire import Json

Responses = dict[int | str, dict[str, Json]]

NO_KEY: dict[str, Json] = {"security": []}
"""What is given to everybody."""

_MEANINGS = {
    400: "What was sent is well formed, but cannot be used; `detail` says why.",
    401: "A key is needed, or the one that was sent is not valid.",
    403: "The key lacks the scope that this needs, or the host or origin is not one of ours.",
    404: "There is no such thing.",
    406: "None of the accepted media types can be made.",
    409: "This contradicts what is there.",
    410: "This was done, but what the reply told of has been removed since.",
    412: "`If-Match` does not name the version that is there.",
    413: "The body is larger than the server takes.",
    415: "The body is of a media type that is not read here.",
    422: "What was sent does not have the form described here; `errors` says where.",
    429: "Too many requests; `Retry-After` says when to ask again.",
    500: "Something failed on our side, and was logged.",
    502: "The model server did not give a usable answer.",
    503: "Too much is asked at once, or library or model cannot be reached; `Retry-After` says when to ask again.",
    507: "The disk is full or failing.",
}
_ANY = (400, 401, 403, 429, 500, 503)
_BODY = (413, 415, 422)
_RETRIED = (429, 503)
_PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}
_TAGS: dict[str, str] = {
    "answers": "Questions in, answers with their proof out.",
    "articles": "The stored articles, read, taken in and removed.",
    "compatible": "The protocol of OpenAI's API, for its clients.",
    "service": "The service itself.",
}


def name_of(route: APIRoute) -> str:
    """Return the name that generated clients give to a route: that of its function."""
    return route.name


def problems(*statuses: int, body: bool = False) -> Responses:
    """Return the problems that a route may answer with, beside those that any may; `body`: it reads one."""
    every = sorted({*statuses, *_ANY, *(_BODY if body else ())})
    return {status: _problem(status) for status in every}


def _problem(status: int) -> dict[str, Json]:
    told: dict[str, Json] = {"description": _MEANINGS[status], "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
    return told | headers(("Retry-After", "Seconds.")) if status in _RETRIED else told


def headers(*told: tuple[str, str]) -> dict[str, Json]:
    """Return what the headers of a response mean, to be merged into its description."""
    return {"headers": {name: {"description": what, "schema": {"type": "string"}} for name, what in told}}


def replied(description: str, *examples: str, also: Mapping[str, Json] = MappingProxyType({})) -> Responses:
    """Return a successful response with recorded examples; those that are events tell that it may be streamed."""
    objects: dict[str, Json] = {
        name.removesuffix(".json"): {"externalValue": name} for name in examples if name.endswith(".json")
    }
    content: dict[str, Json] = {"application/json": {"examples": objects}}
    for name in examples:
        if name.endswith(".txt"):
            content["text/event-stream"] = {"example": recorded(name)}
    return {200: {"description": description, "content": content, **also}}


def recorded(name: str) -> str:
    """Return what the API gave over the sample articles."""
    return (Path(__file__).parent / "examples" / name).read_text(encoding="utf-8")


def describe(app: FastAPI, options: Options) -> None:
    """Have the application describe itself with its problems, and with keys where those are needed."""

    def document() -> dict[str, Json]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, options)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way to change the document


def _document(app: FastAPI, options: Options) -> dict[str, Json]:
    made = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        routes=app.routes,
        tags=[{"name": name, "description": told} for name, told in _TAGS.items()],
        servers=[{"url": options.root_path or "/"}],
    )
    _, models = models_json_schema([(ProblemDocument, "serialization")], ref_template="#/components/schemas/{model}")
    parts = made.setdefault("components", {})
    parts.setdefault("schemas", {}).update(models["$defs"])
    for responses in (operation["responses"] for path in made["paths"].values() for operation in path.values()):
        # FastAPI has its own words for what does not validate; ours take their place.
        if "422" in responses:
            responses["422"] = _problem(422)
        # It leaves null out of examples, too, so that they come in here.
        for told in (each for response in responses.values() for each in response.get("content", {}).values()):
            for example in told.get("examples", {}).values():
                if name := example.pop("externalValue", None):
                    example["value"] = json.loads(recorded(name))
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    parts["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A key that `dateline keys create` gave."}
    }
    made["security"] = _security(options)
    return made


def _security(options: Options) -> Iterable[Json]:
    return [{"bearer": []}] if options.keys_needed else [{}, {"bearer": []}]

"""Requests that cannot be served as they were sent, refused with the status and the line that clients expect."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from rag.web.api.failures import malformed
from rag.web.compatible.asked import (
    CompletionAsked,
    EmbeddingAsked,
    MessageAsked,
    ParameterError,
    ResponseAsked,
    StreamOptions,
    TextOptions,
)
from rag.web.problems import Problem


class CompatibleRoute(APIRoute):
    """A route that answers 400, as OpenAI's API does, where a parameter cannot be honoured."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[object, object, Response]]:
        """Return what handles a request."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return _refusal(error, _RULES[self.path]).response()
            except ParameterError as error:
                return _refused("bad-request", str(error), error.param).response()

        return handled


def unknown_model(name: str, known: str) -> Problem:
    """Return the problem of a model that nobody can name."""
    return Problem(
        status=404,
        kind="model-not-found",
        detail=f"There is no model {name[:80]!r} here; ask for {known!r}.",
        param="model",
    )


def _refusal(error: RequestValidationError, rules: Mapping[str, str]) -> Problem:
    mistake = error.errors()[0]
    if mistake["type"] == "json_invalid":
        return malformed([mistake])
    names = [str(part) for part in mistake["loc"] if isinstance(part, str)][1:]
    kind = _KINDS.get(mistake["type"], "invalid-value") if names else "bad-request"
    return _refused(kind, _line(mistake, names, rules), names[0] if names else None)


def _refused(kind: str, line: str, param: str | None) -> Problem:
    return Problem(status=400, kind=kind, detail=line, param=param)


def _line(mistake: Mapping[str, object], names: Sequence[str], rules: Mapping[str, str]) -> str:
    if not names:
        return "The body must be a JSON object, sent with the header Content-Type: application/json."
    if mistake["type"] == "missing":
        return f"{names[-1]} is missing."
    if mistake["type"] == "extra_forbidden":
        return f"{names[-1][:80]} is not a parameter that Dateline knows; leave it out."
    described = next((name for name in reversed(names) if name in rules), None)
    return f"{described} {rules[described]}" if described else f"{names[0]}: {mistake['msg']}."


def _rules(model: type[BaseModel]) -> dict[str, str]:
    """Return what the parameters of a request must be."""
    parts = (MessageAsked, StreamOptions, TextOptions, model)
    described = {name: field.description or "" for part in parts for name, field in part.model_fields.items()}
    return {name: rule for name, rule in described.items() if rule.startswith("must ")}


_KINDS = {
    "missing": "missing-required-parameter",
    "extra_forbidden": "unknown-parameter",
    "none_required": "unsupported-parameter",
    "literal_error": "unsupported-value",
    "too_long": "unsupported-value",
}
"""What clients compare, by what pydantic calls a mistake."""

_RULES = {
    "/v1/chat/completions": _rules(CompletionAsked),
    "/v1/responses": _rules(ResponseAsked),
    "/v1/embeddings": _rules(EmbeddingAsked),
}

"""Errors as problem documents (RFC 9457), the same for every door of the server.

Each document also has the `error` member that clients of OpenAI's API look for, so that guards need not know whom
they refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from asgi_correlation_id import correlation_id
from fastapi.responses import JSONResponse

from rag import errors
from rag.wire import Json

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong with one request."""

    status: int
    kind: str
    """A name that a program may compare, such as "overloaded"; the document's type is made of it."""
    detail: str
    """One line: what happened, and what to do next."""
    retry_after: int | None = None
    """Seconds after which another try may help."""
    param: str | None = None
    """The member of the request that is at fault, where it is one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)

    def document(self) -> dict[str, Json]:
        """Return the problem document, with the id under which the log knows the request that is being answered."""
        request = correlation_id.get()
        return {
            "type": f"urn:dateline:problem:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "error": self.error(),
            **({"request_id": request} if request else {}),
            **self.extra,
        }

    def error(self) -> dict[str, Json]:
        """Return the error as OpenAI's API words it."""
        kind = _KINDS.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"message": self.detail, "type": kind, "code": self.kind.replace("-", "_"), "param": self.param}

    def response(self) -> JSONResponse:
        """Return the response, which is an ASGI application too."""
        retry = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        return JSONResponse(self.document(), self.status, {**self.headers, **retry}, MEDIA_TYPE)


def problem_of(error: errors.DatelineError) -> Problem:
    """Return the problem that an error of ours is to whoever asked."""
    status, kind, retry_after = next(told for kind_of, told in _TOLD.items() if isinstance(error, kind_of))
    return Problem(status=status, kind=kind, detail=str(error), retry_after=retry_after)


UNEXPECTED = Problem(
    status=500,
    kind="unexpected",
    detail="Something went wrong on our side, and it was logged. Try again, or run `dateline doctor`.",
)

NOWHERE = Problem(
    status=404,
    kind="not-found",
    detail="There is nothing here. The OpenAPI document at /openapi.json tells what there is.",
)

_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}

# The first that fits counts, so what is special stands before what is general.
_TOLD: dict[type[errors.DatelineError], tuple[int, str, int | None]] = {
    errors.ArticleNotFoundError: (404, "not-found", None),
    errors.UserError: (400, "bad-request", None),
    errors.OverloadedError: (503, "overloaded", 1),
    errors.ClosingError: (503, "closing", 5),
    errors.LibraryLockedError: (503, "library-locked", 5),
    errors.StorageError: (507, "storage", None),
    errors.LibraryError: (503, "library", 5),
    errors.ProviderBusyError: (503, "model-busy", 5),
    errors.ProviderError: (502, "model", None),
    errors.DatelineError: (500, "unexpected", None),
}

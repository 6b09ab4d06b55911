"""Articles taken in: at once where that takes seconds, as a job that goes on where it takes longer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from rag.records.jobs import Job
from rag.records.replies import Replies
from rag.web.api.documenting import Responses, problems
from rag.web.api.idempotency import IdempotencyKey, once
from rag.web.api.runner import Outcome, Runner
from rag.web.api.schemas_writing import ReportSent
from rag.web.api.uploads import UPLOAD_BODY, submitted
from rag.web.problems import Problem
from rag.wire import Json, job_object

LONGEST_WAIT = 10.0
"""Seconds that a submission may take before it is answered with the job that goes on."""
_WAIT = re.compile(r"wait=(\d{1,4})")

Prefer = Annotated[
    str | None,
    Header(
        max_length=200,
        description="`respond-async` is answered with the job at once, `wait=5` after five seconds (RFC 7240).",
    ),
]


def router(runner: Runner, replies: Replies) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["articles"])

    @routes.post(
        "/articles",
        summary="Put articles in",
        response_model=ReportSent,
        responses=problems(409, 410, 502, 507, body=True) | _ACCEPTED,
        openapi_extra=UPLOAD_BODY,
    )
    async def add_articles(request: Request, prefer: Prefer = None, idempotency_key: IdempotencyKey = None) -> Response:
        """Store files, articles or the articles at addresses; what is known already costs nothing.

        A submission that takes longer than some seconds is answered with the job that goes on with it (202).
        One that cannot be used does not keep the others from being stored: the report tells of it.
        """
        given, taken = await submitted(request), False
        if isinstance(given, Problem):
            return given.response()

        async def done() -> Response:
            nonlocal taken
            taken = True
            job, task = await runner.submit(given)
            outcome = await runner.outcome(task, _wait(prefer))
            return _answered(outcome) if outcome else _accepted(job, prefer)

        try:
            return await once(request, replies, idempotency_key, given.digest, done)
        finally:
            if not taken:
                await asyncio.to_thread(given.drop)

    return routes


def _wait(prefer: str | None) -> float:
    """Return how many seconds the client would wait, within limits."""
    wanted = [part.strip().lower() for part in (prefer or "").split(",")]
    if "respond-async" in wanted:
        return 0
    asked = [float(found[1]) for part in wanted if (found := _WAIT.fullmatch(part))]
    return min([LONGEST_WAIT, *asked])


def _answered(outcome: Outcome) -> Response:
    headers = {"content-location": f"/v1/jobs/{outcome.job.id}"}
    if outcome.problem:
        return replace(outcome.problem, headers=headers).response()
    report = outcome.job.report or {}
    failed = report.get("failed")
    if failed and not any(report.get(name) for name in ("added", "updated", "unchanged")):
        return Problem(
            status=422, kind="nothing-stored", detail=_why(failed), headers=headers, extra={"failed": failed}
        ).response()
    return JSONResponse(report, headers=headers)


def _why(failed: Json) -> str:
    first = failed[0] if isinstance(failed, Sequence) and failed else {}
    assert isinstance(first, Mapping)
    return f"None of it could be stored. {first.get('path')}: {first.get('reason')}"


def _accepted(job: Job, prefer: str | None) -> Response:
    applied = {"preference-applied": "respond-async"} if prefer and "respond-async" in prefer.lower() else {}
    return JSONResponse(job_object(job), 202, {"location": f"/v1/jobs/{job.id}", "retry-after": "1", **applied})


_ACCEPTED: Responses = {
    202: {
        "description": "It takes longer: the job goes on, and `Location` tells how far it is.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/JobSent"}}},
    }
}

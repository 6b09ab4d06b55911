"""Articles taken in and removed, as jobs that can be followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from rag.records.jobs import Job, Jobs
from rag.records.replies import Replies
from rag.web.api import cursor, removing, submitting
from rag.web.api.documenting import problems
from rag.web.api.runner import Runner
from rag.web.api.schemas_writing import JobSent, JobsSent
from rag.web.problems import Problem
from rag.web.running import close_together
from rag.web.service import Service
from rag.wire import job_object, list_object

_READ_ONLY = Problem(status=403, kind="read-only", detail="This server only reads; articles are not taken in here.")
_NO_JOB = Problem(status=404, kind="not-found", detail="There is no such job (any more).")
_OVER = Problem(status=409, kind="ended", detail="The job has ended already; remove articles of it one by one.")

JobId = Annotated[str, Path(max_length=100, description="The id of a job.")]


def router(service: Service) -> APIRouter:
    """Return the routes."""
    jobs = Jobs(service.records)
    if service.intake is None:
        return _reading(jobs)
    runner = Runner(service.intake, jobs)
    service.rooms.append(runner.room)

    @asynccontextmanager
    async def running(_: object) -> AsyncGenerator[None]:
        yield
        await close_together(service.rooms, service.options.grace)
        await runner.ended()

    routes = APIRouter(prefix="/v1", lifespan=running)
    routes.include_router(submitting.router(runner, Replies(service.records)))
    routes.include_router(removing.router(service))
    routes.include_router(_jobs(jobs))
    return routes


def _reading(jobs: Jobs) -> APIRouter:
    """Return the routes of a server that takes nothing in."""
    routes = APIRouter(prefix="/v1", tags=["articles"])

    @routes.post("/articles", include_in_schema=False)
    async def add_articles() -> Response:
        return _READ_ONLY.response()

    @routes.delete("/articles/{article_id}", include_in_schema=False)
    async def remove_article(article_id: str) -> Response:  # noqa: ARG001 - the path's form
        return _READ_ONLY.response()

    routes.include_router(_jobs(jobs))
    return routes


def _jobs(jobs: Jobs) -> APIRouter:
    routes = APIRouter(tags=["articles"])

    @routes.get("/jobs", summary="List the jobs", response_model=JobsSent, responses=problems(507))
    async def list_jobs(
        after: cursor.Given = None,
        limit: Annotated[int, Query(ge=1, le=500, description="How many.")] = 100,
    ) -> Response:
        """List the jobs, newest first; those that ended are forgotten after a week, or once 1,000 newer ones stand."""
        before = cursor.read_number("jobs", after)
        found = await asyncio.to_thread(lambda: jobs.list(limit=limit + 1, before=before))
        following = cursor.write_number("jobs", found[limit - 1].number) if len(found) > limit else None
        return JSONResponse(list_object("jobs", [job_object(each) for each in found[:limit]], following))

    @routes.get("/jobs/{job_id}", summary="Follow a job", response_model=JobSent, responses=problems(404, 507))
    async def read_job(job_id: JobId) -> Response:
        """Tell how far a job is, and when it has ended, what became of it."""
        return _told(await asyncio.to_thread(jobs.get, job_id))

    @routes.delete(
        "/jobs/{job_id}", summary="Call a job off", response_model=JobSent, responses=problems(404, 409, 507)
    )
    async def call_off_job(job_id: JobId) -> Response:
        """Have a job end before its next article; what it has stored stays."""
        job = await asyncio.to_thread(jobs.get, job_id)
        if job is not None and job.status.ended:
            return _OVER.response()
        return _told(await asyncio.to_thread(jobs.call_off, job_id))

    return routes


def _told(job: Job | None) -> Response:
    return _NO_JOB.response() if job is None else JSONResponse(job_object(job))

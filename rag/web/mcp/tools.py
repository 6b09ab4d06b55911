"""The tools, and the application that offers them over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.types import ASGIApp

from rag.web.service import Service


class Tools:
    """What another assistant may call."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def app(self) -> ASGIApp:
        """The application that offers the tools over streamable HTTP."""
        return Starlette()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep sessions for as long as the block runs."""
        yield

"""Who may ask the server for what: the guards that stand before every route."""

from __future__ import annotations

from fastapi import FastAPI

from rag.web.access.gate import Gate
from rag.web.access.headers import SecurityHeaders
from rag.web.service import Service


def guarded(app: FastAPI, service: Service) -> None:
    """Put the guards before the application, the last named outermost."""
    options = service.options
    app.add_middleware(Gate, hosts=(options.host, *options.allowed_hosts))
    app.add_middleware(SecurityHeaders)

"""Drafts checked in the workroom."""

from __future__ import annotations

from rag.check import Checked
from rag.types import Scope
from rag.web.service import Progress, Service, untold

__all__ = ["Progress", "checked"]


async def checked(service: Service, text: str, scope: Scope, progress: Progress = untold) -> Checked:
    """Return what `Service.check` returns."""
    return await service.check(text, scope, progress)

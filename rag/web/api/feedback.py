"""What readers say about answers."""

from __future__ import annotations

from fastapi import APIRouter

from rag.web.service import Service


def router(service: Service) -> APIRouter:
    """Return the routes."""
    return APIRouter()

"""What settings make of the server."""

from __future__ import annotations

from rag.settings import Settings
from rag.web.options import Options


def options_of(settings: Settings) -> Options:
    """Return how the server is to behave."""
    return Options(
        host=settings.host,
        port=settings.port,
        allowed_hosts=_listed(settings.allowed_hosts),
        root_path=(settings.root_path or "").rstrip("/"),
        trusted_proxies=_listed(settings.trusted_proxies),
        cors_origins=_listed(settings.cors_origins),
        rate=settings.rate,
        at_once=settings.at_once,
        waiting=settings.waiting,
        grace=settings.grace,
        largest_upload=settings.largest_upload << 20,
    )


def _listed(names: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (names or "").split(",") if name.strip())

"""What settings make of the server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rag.errors import ConfigurationError
from rag.records import Records, open_records
from rag.settings import Settings
from rag.web.access.policy import demand_key, keys_needed
from rag.web.options import Options

RATE = "600/minute"
"""Most requests of one key or address, where keys are needed and nothing else is said."""

WAITING_AT_ONCE = 8
"""Answers under way at the same time where a chat model writes them."""


def options_of(settings: Settings) -> Options:
    """Return how the server is to behave; raise ConfigurationError."""
    guarded = keys_needed(settings)
    return Options(
        host=settings.host,
        port=settings.port,
        allowed_hosts=_listed(settings.allowed_hosts),
        root_path=_path(settings.root_path or ""),
        trusted_proxies=_listed(settings.trusted_proxies),
        cors_origins=_listed(settings.cors_origins),
        keys_needed=guarded,
        rate=settings.rate or (RATE if guarded else None),
        at_once=at_once(settings),
        waiting=settings.waiting,
        grace=settings.grace,
        largest_upload=settings.largest_upload << 20,
    )


@contextmanager
def service_records(directory: Path, options: Options) -> Iterator[Records]:
    """Open the records of a service; raise ConfigurationError where it needs keys and nobody has one."""
    with closing(open_records(directory)) as records:
        if options.keys_needed:
            demand_key(records)
        yield records


def at_once(settings: Settings) -> int:
    """Return how many answers may be under way: who waits for a model server leaves the cores to others."""
    return settings.at_once or (WAITING_AT_ONCE if settings.generative else os.cpu_count() or 1)


def _path(root: str) -> str:
    path = root.rstrip("/")
    if not re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)*", path):
        raise ConfigurationError(f"DATELINE_ROOT_PATH cannot be {root!r}; write a path such as /dateline.")
    return path


def _listed(names: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (names or "").split(",") if name.strip())

"""What settings make of the server."""

from __future__ import annotations

import os
import re
import shlex
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rag.compose import Newsroom, newsroom
from rag.errors import ConfigurationError
from rag.library.connections import CATALOG
from rag.records import Records, open_records
from rag.settings import Settings
from rag.terminal import tell
from rag.web.access.limits import rate_of
from rag.web.access.policy import demand_key, demand_origins, keys_needed
from rag.web.access.proxies import demand_addresses
from rag.web.options import Options

RATE = "600/minute"
"""Most requests of one key or address, where keys are needed and nothing else is said."""

WAITING_AT_ONCE = 8
"""Answers under way at the same time where a chat model writes them."""

_OURS = (".", "service.sqlite3", "server-", "writer.", "index.", "vectors-", "lost+found")
"""How the names begin of what may lie where a library is to be made: hidden files, ours, and a file system's."""


def options_of(settings: Settings) -> Options:
    """Return how the server is to behave; raise ConfigurationError."""
    proxied = bool(settings.allowed_hosts or settings.root_path or settings.trusted_proxies)
    guarded = keys_needed(settings.access, settings.host, proxied=proxied)
    options = Options(
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
    _demand_host(options.host)
    demand_addresses(options.trusted_proxies)
    demand_origins(options.cors_origins)
    rate_of(options.rate)
    return options


@contextmanager
def served_newsroom(settings: Settings) -> Iterator[Newsroom]:
    """Open the library to be served, made where nothing is, and say so if it holds no article; raise as `newsroom`.

    Raises ConfigurationError where other files lie in its place: a library would be strewn among them.
    """
    directory = settings.library.expanduser().absolute()
    _demand_place(directory)
    with newsroom(settings, create=True) as room:
        if not room.library.count():
            place = shlex.quote(str(directory))
            tell(
                f"There are no articles in {directory}, so nothing can be answered: run "
                f"`dateline ingest ARTICLES… --library {place}`, or name another library with --library."
            )
        yield room


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


def _demand_host(host: str) -> None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
            trial.bind((host, 0))
    except (OSError, UnicodeError) as error:
        unknown = isinstance(error, socket.gaierror | UnicodeError)
        reason = "this name is not known" if unknown else "it is no address of this machine"
        raise ConfigurationError(
            f"Cannot listen on {host!r}: {reason}. Give --host an address of this machine, or 0.0.0.0 for all."
        ) from error


def _demand_place(directory: Path) -> None:
    """Raise ConfigurationError where a directory has files, and none of a library; what cannot be read fails later."""
    try:
        names = sorted(path.name for path in directory.iterdir())
    except OSError:
        return
    if CATALOG not in names and (other := [name for name in names if not name.startswith(_OURS)]):
        raise ConfigurationError(
            f"There is no library in {directory}, but other files are, such as {other[0]}. "
            "Name the library with --library, or a new directory for one."
        )


def _path(root: str) -> str:
    path = root.rstrip("/")
    if not re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)*", path):
        raise ConfigurationError(f"DATELINE_ROOT_PATH cannot be {root!r}; write a path such as /dateline.")
    return path


def _listed(names: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (names or "").split(",") if name.strip())

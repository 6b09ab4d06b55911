"""Who may ask the server for what: the guards that stand before every route."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from rag.records.keys import Keys
from rag.records.sessions import Sessions
from rag.web.access import login
from rag.web.access.bodies import Bodies
from rag.web.access.gate import Gate
from rag.web.access.keys import Doorkeeper, KeysGuard, ScopesGuard
from rag.web.access.limits import Limits, WrongKeys, rate_of
from rag.web.access.policy import demand_origins
from rag.web.access.proxies import Proxies, demand_addresses
from rag.web.access.rights import LOGIN, RIGHTS, Load
from rag.web.access.streams import Streams
from rag.web.options import Options
from rag.web.service import Service

_HELD = 200
"""Streams that one client's pages may keep open."""
_TOLD = ("etag", "idempotency-replayed", "link", "location", "retry-after", "x-request-id")


def guarded(app: FastAPI, service: Service) -> None:
    """Put the guards before the application, the last named outermost, and add the log-in where keys are needed.

    Raises ConfigurationError.
    """
    options = service.options
    demand_addresses(options.trusted_proxies)
    demand_origins(options.cors_origins)
    if options.keys_needed:
        app.add_middleware(Streams)
    app.add_middleware(Bodies, largest=options.largest_body, largest_upload=options.largest_upload)
    if options.keys_needed:
        app.add_middleware(ScopesGuard)
    app.add_middleware(Limits, rate=rate_of(options.rate), at_once=_at_once(options))
    if options.keys_needed:
        keys, sessions = Keys(service.records), Sessions(service.records)
        doorkeeper = Doorkeeper(keys=keys, sessions=sessions, wrong=WrongKeys())
        app.include_router(login.router(doorkeeper))
        app.add_middleware(KeysGuard, doorkeeper=doorkeeper)
    if options.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=options.cors_origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("*",),
            expose_headers=_TOLD,
        )
    rights = (*RIGHTS, *LOGIN) if options.keys_needed else RIGHTS
    hosts = (options.host, *options.allowed_hosts)
    app.add_middleware(Gate, rights=rights, hosts=hosts, origins=options.cors_origins)
    app.add_middleware(Proxies, trusted=options.trusted_proxies, root_path=options.root_path)


def _at_once(options: Options) -> dict[Load, int]:
    """Return what one client may have under way, where there may be several clients."""
    if not options.keys_needed and options.rate is None:
        return {}
    return {Load.WORK: options.each, Load.HELD: _HELD}

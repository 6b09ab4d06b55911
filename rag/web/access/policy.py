"""When a request needs a key."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from rag.errors import ConfigurationError
from rag.records import Records
from rag.records.keys import Keys


def keys_needed(access: Literal["auto", "keys", "open"], host: str, *, proxied: bool) -> bool:
    """Tell whether requests need a key: left open, wherever others than this machine's users may reach the server."""
    if access != "auto":
        return access == "keys"
    return proxied or not _is_loopback(host)


def demand_key(records: Records) -> None:
    """Raise ConfigurationError unless there is a key that can be used."""
    now = datetime.now(UTC)
    if not any(key.usable(now) for key in Keys(records).list()):
        raise ConfigurationError(
            "Others than this machine's users could reach this server, and there is no key yet: make one with "
            "`dateline keys create NAME`, or serve everybody with --access open."
        )


def demand_origins(origins: Collection[str]) -> None:
    """Raise ConfigurationError unless every entry is what a browser calls an origin."""
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}".lower():
            raise ConfigurationError(
                f"{origin!r} in DATELINE_CORS_ORIGINS is no origin; write one such as https://desk.example.org."
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

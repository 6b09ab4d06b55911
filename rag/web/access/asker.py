"""Who asks: found out once by the guards, and read by whoever counts, logs or keeps something for one asker alone."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import Scope

from rag.records.keys import Key

_PLACE = "dateline.asker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """One client of the server."""

    address: str
    key: Key | None = None
    """The key that was shown, or that opened the session; None where keys are not needed or not given."""

    @property
    def name(self) -> str:
        """What is counted and kept apart: one key, or one address. It is no secret."""
        return f"key:{self.key.id}" if self.key else f"address:{network(self.address)}"


def asker_of(scope: Scope) -> Asker:
    """Return who sent a request; before the guards have looked, an address is all that is known."""
    found = scope.get(_PLACE)
    if isinstance(found, Asker):
        return found
    client = scope.get("client")
    return Asker(address=str(client[0]) if client else "unknown")


def remember(scope: Scope, asker: Asker) -> None:
    """Note who sent a request, for everything that handles it."""
    scope[_PLACE] = asker


def network(address: str, prefix: int = 64) -> str:
    """Return what one client can hardly change about its address: all of it, or so many bits of IPv6."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((parsed, prefix), strict=False).network_address)

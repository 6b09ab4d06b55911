"""What proxies say about a request: believed from those that are trusted, taken out of every other request."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from rag.errors import ConfigurationError

# The page's framework would take its own address from these.
_TOLD = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-gradio-server",
    "x-real-ip",
)


class Proxies:
    """ASGI middleware that puts a request as the browser sent it: address, scheme, host, and the whole path.

    A proxy that shows us under a path may keep that path or cut it off; both end up the same.
    """

    def __init__(self, app: ASGIApp, trusted: Collection[str], root_path: str) -> None:
        self._app = app
        self._root = root_path
        self._believing = ProxyHeadersMiddleware(self._plain, list(trusted))  # type: ignore[arg-type]  # same protocol

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] not in {"http", "websocket"}:
            return await self._app(scope, receive, send)
        if scope.get("client"):
            scope["client"] = (_unmapped(scope["client"][0]), scope["client"][1])
            if scope["client"][0] in self._believing.trusted_hosts:
                _take_host(scope)
        return await self._believing(scope, receive, send)  # type: ignore[arg-type]  # same protocol

    async def _plain(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = MutableHeaders(scope=scope)
        for name in _TOLD:
            del headers[name]
        scope["root_path"] = self._root
        if self._root and scope["path"] == self._root:
            return await RedirectResponse(f"{self._root}/", 308)(scope, receive, send)
        if self._root and not scope["path"].startswith(f"{self._root}/"):
            scope["path"] = self._root + scope["path"]
            scope["raw_path"] = self._root.encode() + (scope.get("raw_path") or b"")
        return await self._app(scope, receive, send)


def demand_addresses(trusted: Collection[str]) -> None:
    """Raise ConfigurationError unless every entry is an address or a network."""
    for entry in trusted:
        try:
            ip_network(entry)
        except ValueError as error:
            raise ConfigurationError(
                f"{entry!r} in DATELINE_TRUSTED_PROXIES is neither an address nor a network such as 10.0.0.0/8."
            ) from error


def _take_host(scope: Scope) -> None:
    # The proxy next to us adds at the end; what comes before that may be anybody's.
    told = ",".join(Headers(scope=scope).getlist("x-forwarded-host")).rpartition(",")[2].strip()
    if told:
        MutableHeaders(scope=scope)["host"] = told


def _unmapped(address: str) -> str:
    """Return an IPv4 address that arrived at a socket for both kinds as what it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else address

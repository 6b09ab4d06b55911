"""Fetches web pages, and nothing but public ones (the home of httpx on this side).

An address comes from a stranger and is fetched from where this process stands, so that it must not reach what only
stands open here: this machine, its network, the metadata service of its cloud. The name is resolved here, every address
that it stands for must be a public one, and the connection goes to the very address that was looked at. Each redirect
is looked at in the same way.
"""

from __future__ import annotations

import asyncio
import re
import socket
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from rag.errors import UnreadableFileError

if TYPE_CHECKING:
    import httpx

LONGEST_ADDRESS = 2_000
"""Characters."""
LARGEST_PAGE = 8 << 20
"""Bytes, unpacked."""
_SECONDS = 20.0
"""For all of it: names, connections, redirects and the page."""
_MOST_REDIRECTS = 5
_HEADERS = {
    "user-agent": "Dateline (reads an article that somebody asked it to)",
    "accept": "text/html, application/xhtml+xml, text/plain;q=0.8",
    "accept-encoding": "gzip",
}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_KINDS = {"text/html": ".html", "application/xhtml+xml": ".html", "text/plain": ".txt"}

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as it was fetched."""

    url: str
    """Where it was found in the end."""
    data: bytes
    """Its text, as UTF-8 where the page or its server says how it is written, otherwise as it came."""
    extension: str
    """How it is read: ".html" or ".txt"."""


def is_address(text: str) -> bool:
    """Tell whether something is meant as an address; the fetcher says which kinds it fetches."""
    return _SCHEME.match(text) is not None


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses that a name stands for; raise OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Fetches pages within limits."""

    resolve: Resolve = resolved
    trusted: Collection[str] = ()
    """Places such as "127.0.0.1:8080" that are fetched from whatever they are; for tests and one's own network."""
    largest: int = LARGEST_PAGE
    seconds: float = _SECONDS

    def fetch(self, url: str) -> Page:
        """Return the page at an address; raise UnreadableFileError that says why there is none.

        Not to be called where an event loop runs.
        """
        import httpx  # noqa: PLC0415  heavy: only where it is used

        try:
            return asyncio.run(self._within_time(url))
        except TimeoutError as error:
            raise UnreadableFileError(f"It took longer than {self.seconds:g} seconds; try again later.") from error
        except (httpx.InvalidURL, ValueError) as error:
            raise UnreadableFileError("It is not a web address; give a whole one such as https://….") from error
        except httpx.HTTPError as error:
            raise UnreadableFileError(
                f"It could not be fetched ({type(error).__name__}); check the address or try again later."
            ) from error

    async def _within_time(self, url: str) -> Page:
        async with asyncio.timeout(self.seconds):
            return await self._followed(url)

    async def _followed(self, url: str) -> Page:
        import httpx  # noqa: PLC0415

        if len(url) > LONGEST_ADDRESS:
            raise UnreadableFileError(f"The address is longer than {LONGEST_ADDRESS:,} characters; give a shorter one.")
        at = httpx.URL(url)
        for _ in range(_MOST_REDIRECTS + 1):
            found = await self._one(at)
            if isinstance(found, Page):
                return found
            at = at.join(found)
        raise UnreadableFileError(f"It redirects more than {_MOST_REDIRECTS} times; give the article's own address.")

    async def _one(self, url: httpx.URL) -> Page | str:
        """Return the page at an address, or where it redirects to."""
        import httpx  # noqa: PLC0415

        failed: httpx.HTTPError | None = None
        for address in await self._addresses(url):
            try:
                return await self._from(address, url)
            except httpx.ConnectError as error:
                failed = error
        raise failed or httpx.ConnectError("no address")

    async def _addresses(self, url: httpx.URL) -> Sequence[str]:
        """Return the addresses to connect to; raise UnreadableFileError unless all of them are public."""
        host, port = _place(url)
        trusted = f"{host}:{port}" in self.trusted
        if port not in (80, 443) and not trusted:
            raise UnreadableFileError("Only the ports 80 and 443 are fetched from; give the article's public address.")
        if _NUMBER.fullmatch(host) and not _is_plain(host):
            raise UnreadableFileError("The address is a number in disguise; give the article's public address.")
        try:
            found = await asyncio.to_thread(self.resolve, host, port)
        except (OSError, UnicodeError) as error:
            raise UnreadableFileError("There is no such site (its name is not known); check the address.") from error
        if not found or not (trusted or all(map(is_public, found))):
            raise UnreadableFileError("It is not on the public network; give the article's public address.")
        return found

    async def _from(self, address: str, url: httpx.URL) -> Page | str:
        import httpx  # noqa: PLC0415

        # A client of its own for each request: no cookie goes from one site to the next. The address stands in the
        # place of the name, which is still what the server and its certificate are asked for.
        headers = {**_HEADERS, "host": url.netloc.decode("ascii")}
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=self.seconds) as client,
            client.stream(
                "GET",
                url.copy_with(host=address, fragment=None),
                headers=headers,
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as response,
        ):
            if response.has_redirect_location:
                return response.headers["location"]
            if response.status_code != httpx.codes.OK:
                phrase = f"{response.status_code} {httpx.codes.get_reason_phrase(response.status_code)}".strip()
                raise UnreadableFileError(f"The site answered {phrase}; check that the page is open to everyone.")
            return await self._page(response, str(url.copy_with(fragment=None)))

    async def _page(self, response: httpx.Response, url: str) -> Page:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _KINDS:
            raise UnreadableFileError("It is no page of text (text/html or text/plain); give an article's address.")
        data = await self._unpacked(response)
        return Page(url=url, data=_as_utf8(data, response.charset_encoding), extension=_KINDS[kind])

    async def _unpacked(self, response: httpx.Response) -> bytes:
        """Return the body; raise UnreadableFileError as soon as there is more of it, packed or not, than the limit."""
        unpack = _unpacker(response.headers.get("content-encoding", "identity").strip().lower())
        data = bytearray()
        async for piece in response.aiter_raw():
            try:
                data += unpack(piece, self.largest + 1 - len(data))
            except zlib.error as error:
                raise UnreadableFileError("The site sent a page that is damaged; try again later.") from error
            if len(data) > self.largest:
                raise UnreadableFileError(f"The page is larger than {self.largest >> 20} MB; save its article as .txt.")
        return bytes(data)


def is_public(address: str) -> bool:
    """Tell whether an address belongs to the public network, also where it stands for another one inside it."""
    try:
        at = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    unicast = isinstance(at, IPv4Address) or at in _UNICAST
    return unicast and at.is_global and not at.is_multicast and not any(at in network for network in _NOT_ITSELF)


_UNICAST = IPv6Network("2000::/3")
_NOT_ITSELF = tuple(map(ip_network, ("192.88.99.0/24", "2001::/32", "2002::/16", "3fff::/20")))
"""What counts as global, and stands for another address inside it or is kept for examples."""
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?|.*:.*", re.IGNORECASE)
"""What a resolver would read as an address."""


def _is_plain(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _place(url: httpx.URL) -> tuple[str, int]:
    if url.scheme not in ("http", "https") or not url.host:
        raise UnreadableFileError("Only http:// and https:// are fetched; give the article's web address.")
    if url.userinfo:
        raise UnreadableFileError("The address holds a name or password; give it without.")
    return url.raw_host.decode("ascii").strip("[]"), url.port or (443 if url.scheme == "https" else 80)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    if encoding == "identity":
        return lambda piece, most: piece[:most]
    if encoding in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress
    raise UnreadableFileError(f"The site packs its pages in a way that was not asked for ({encoding[:20]!r}).")


_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def _as_utf8(data: bytes, stated: str | None) -> bytes:
    """Return the bytes as UTF-8 where the server, or else the page, says truly how they are written."""
    found = _META.search(data[:4096])
    name = stated or (found[1].decode("ascii") if found else "")
    if not name or data.startswith(_BOMS):
        return data
    # On the web these two are names of a third.
    name = "cp1252" if name.lower() in {"iso-8859-1", "us-ascii"} else name
    try:
        return data.decode(name).encode()
    except (LookupError, UnicodeError, ValueError):
        return data

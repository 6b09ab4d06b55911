"""Pages are fetched from the public network alone, within limits, and in the letters that they were written in."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ingest.fetching import Fetcher, is_address, is_public
from rag.errors import UnreadableFileError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    body: bytes = b"<p>Hello.</p>"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/html"})
    drip: bool = False
    """Whether each header and byte is sent after a pause, without end."""


class Site:
    """A web site on loopback: what it answers by path, and what it was asked."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.closing = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                reply = site.replies.get(self.path, Reply())
                if reply.drip:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    while not site.closing.wait(0.05):
                        self.wfile.write(b"X-More: and more\r\n")
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_: object) -> None:
                pass

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:
                    self.close_connection = True

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.place = f"127.0.0.1:{self.server.server_port}"


@contextmanager
def running() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        site.server.shutdown()
        thread.join()
        site.server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as made:
        yield made


@pytest.fixture
def fetcher(site: Site) -> Fetcher:
    return Fetcher(trusted=[site.place], largest=100_000, seconds=10)


NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "no address",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(UnreadableFileError, match="not on the public network"):
        Fetcher(resolve=lambda _host, _port: [address]).fetch("https://news.example/a")
    with pytest.raises(UnreadableFileError, match="not on the public network"):
        Fetcher(resolve=lambda _host, _port: ["93.184.215.14", address]).fetch("https://news.example/a")


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::200e"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://LOCALHOST./",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1]/",
        "http://0/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://①②⑦.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://news.example:8080/",
        "http://news.example:22/",
        "https://user:secret@news.example/",
        "http://news.example@127.0.0.1/",
        "http://127.0.0.1#@news.example/",
        "http://127.0.0.1\\@news.example/",
        "ftp://news.example/a",
        "file:///etc/passwd",
        "gopher://127.0.0.1:25/x",
        "javascript:alert(1)",
        "//news.example/a",
        "http:///a",
        "http://",
        "https://news.example/\r\nX-Injected: 1",
        "http://[::1",
        "https://news.example/" + "a" * 3_000,
        "",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        known = {"localhost": ["127.0.0.1"], "localhost.": ["127.0.0.1"], "0": ["0.0.0.0"]}
        return known.get(host, [host])

    with pytest.raises(UnreadableFileError) as caught:
        Fetcher(resolve=resolve).fetch(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_own_name_of_this_machine_is_refused_by_the_real_resolver() -> None:
    with pytest.raises(UnreadableFileError, match="not on the public network"):
        Fetcher().fetch("http://localhost/")


def test_a_page(site: Site, fetcher: Fetcher) -> None:
    page = fetcher.fetch(f"http://{site.place}/a?b=c#part")
    assert (page.url, page.data, page.extension) == (f"http://{site.place}/a?b=c", b"<p>Hello.</p>", ".html")
    [(path, headers)] = site.asked
    assert (path, headers["host"]) == ("/a?b=c", site.place)
    assert not {"cookie", "authorization", "referer"} & set(headers)


def test_a_name_is_connected_to_where_it_was_looked_at(site: Site) -> None:
    # The name changes its mind: the first time it is looked up it is trusted, the second time it never is asked.
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["10.9.8.7"] if host == "rebound.example" else [host]

    site.replies["/"] = Reply(status=302, headers={"Location": "http://rebound.example/secret"})
    with pytest.raises(UnreadableFileError, match="not on the public network"):
        Fetcher(resolve=resolve, trusted=[site.place]).fetch(f"http://{site.place}/")
    assert asked[1:] == [("rebound.example", 80)]


def test_a_site_is_asked_by_its_name_at_the_address_that_was_looked_at(site: Site) -> None:
    # Nobody answers at the first address, and nobody knows the name but our own resolver.
    port = site.place.partition(":")[2]
    place = f"news.invalid:{port}"
    found = Fetcher(resolve=lambda _host, _port: ["127.0.0.2", "127.0.0.1"], trusted=[place]).fetch(f"http://{place}/a")
    assert (found.url, found.data) == (f"http://{place}/a", b"<p>Hello.</p>")
    assert [headers["host"] for _, headers in site.asked] == [place]


def test_a_certificate_is_asked_for_by_the_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor() as pool:
        listening.settimeout(10)
        place = f"news.invalid:{listening.getsockname()[1]}"

        def greeted() -> bytes:
            connection, _ = listening.accept()
            with connection:
                return connection.recv(65_536)

        greeting = pool.submit(greeted)
        with pytest.raises(UnreadableFileError, match="could not be fetched"):
            Fetcher(resolve=lambda _host, _port: ["127.0.0.1"], trusted=[place], seconds=10).fetch(f"https://{place}/")
        assert b"news.invalid" in greeting.result(timeout=10)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://news.example:8080/", "Only the ports 80 and 443"),
        ("https://news.example:22/", "Only the ports 80 and 443"),
        ("https://user:secret@news.example/", "holds a name or password"),
        ("http://127.1/", "a number in disguise"),
        ("http://2130706433/", "a number in disguise"),
        ("http://0x7f000001/", "a number in disguise"),
        ("http://127.0.0.1./", "a number in disguise"),
        ("https://news.example/" + "a" * 3_000, "longer than 2,000"),
        ("ftp://news.example/a", "Only http:// and https://"),
    ],
)
def test_what_is_refused_before_any_name_is_looked_up(url: str, told: str) -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return []

    with pytest.raises(UnreadableFileError, match=told):
        Fetcher(resolve=resolve).fetch(url)
    assert not asked


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1/", "//169.254.169.254/", "file:///etc/passwd", "http://[::1]:80/", "https://10.0.0.1/"]
)
def test_each_redirect_is_looked_at(site: Site, fetcher: Fetcher, to: str) -> None:
    site.replies["/"] = Reply(status=301, headers={"Location": to})
    with pytest.raises(UnreadableFileError):
        fetcher.fetch(f"http://{site.place}/")
    assert len(site.asked) == 1


def test_redirects_are_followed_without_cookies(site: Site, fetcher: Fetcher) -> None:
    headers = {"Location": "/b", "Set-Cookie": "session=1; Path=/"}
    site.replies["/a"] = Reply(status=307, headers=headers)
    assert fetcher.fetch(f"http://{site.place}/a").url == f"http://{site.place}/b"
    assert "cookie" not in site.asked[1][1]
    site.replies["/b"] = Reply(status=302, headers={"Location": "/a"})
    with pytest.raises(UnreadableFileError, match="redirects more than 5 times"):
        fetcher.fetch(f"http://{site.place}/a")


def test_proxies_of_the_environment_are_not_asked(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert fetcher.fetch(f"http://{site.place}/a").data


@pytest.mark.parametrize("encoding", ["gzip", "identity", None])
def test_pages_larger_than_the_limit(site: Site, fetcher: Fetcher, encoding: str | None) -> None:
    body = b"a" * 5_000_000
    headers = {"Content-Type": "text/plain"} | ({"Content-Encoding": encoding} if encoding else {})
    site.replies["/"] = Reply(body=gzip.compress(body) if encoding == "gzip" else body, headers=headers)
    with pytest.raises(UnreadableFileError, match="larger than"):
        fetcher.fetch(f"http://{site.place}/")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_other_packings_are_refused(site: Site, fetcher: Fetcher, encoding: str) -> None:
    site.replies["/"] = Reply(headers={"Content-Type": "text/html", "Content-Encoding": encoding})
    with pytest.raises(UnreadableFileError, match="packs"):
        fetcher.fetch(f"http://{site.place}/")


def test_a_packed_page(site: Site, fetcher: Fetcher) -> None:
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    site.replies["/"] = Reply(body=gzip.compress("<p>Grüße</p>".encode()), headers=headers)
    assert fetcher.fetch(f"http://{site.place}/").data.decode() == "<p>Grüße</p>"
    site.replies["/"] = Reply(body=b"not packed", headers=headers)
    with pytest.raises(UnreadableFileError, match="damaged"):
        fetcher.fetch(f"http://{site.place}/")


def test_a_site_that_keeps_one_waiting(site: Site) -> None:
    site.replies["/"] = Reply(drip=True)
    with pytest.raises(UnreadableFileError, match=r"longer than 0\.5 seconds"):
        Fetcher(trusted=[site.place], seconds=0.5).fetch(f"http://{site.place}/")


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "application/json", "", "text/html-ish"])
def test_other_kinds_are_refused(site: Site, fetcher: Fetcher, kind: str) -> None:
    site.replies["/"] = Reply(headers={"Content-Type": kind})
    with pytest.raises(UnreadableFileError, match="no page of text"):
        fetcher.fetch(f"http://{site.place}/")


@pytest.mark.parametrize("status", [204, 304, 401, 403, 404, 429, 500])
def test_failures_of_the_site(site: Site, fetcher: Fetcher, status: int) -> None:
    site.replies["/"] = Reply(status=status, body=b"")
    with pytest.raises(UnreadableFileError, match=f"answered {status}"):
        fetcher.fetch(f"http://{site.place}/")


def test_nobody_there() -> None:
    with running() as site:
        place = site.place
    with pytest.raises(UnreadableFileError, match="could not be fetched"):
        Fetcher(trusted=[place]).fetch(f"http://{place}/")


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ("<p>Grüße €</p>".encode("cp1252"), "text/html; charset=ISO-8859-1", "<p>Grüße €</p>"),
        ("Привет".encode("koi8-r"), "text/plain; charset=koi8-r", "Привет"),
        ('<meta charset="windows-1251">Привет'.encode("cp1251"), "text/html", '<meta charset="windows-1251">Привет'),
        ("Grüße".encode(), "text/html; charset=utf-8", "Grüße"),
        ("Grüße".encode(), "text/html; charset=nonsense", "Grüße"),
        ("Grüße".encode(), "text/html; charset=hex", "Grüße"),
        ("Grüße".encode(), "text/html; charset=ascii", "Grüße"),
        ("Grüße".encode("utf-8-sig"), "text/html; charset=latin-1", "\ufeffGrüße"),
    ],
)
def test_letters(site: Site, fetcher: Fetcher, body: bytes, kind: str, expected: str) -> None:
    site.replies["/"] = Reply(body=body, headers={"Content-Type": kind})
    assert fetcher.fetch(f"http://{site.place}/").data.decode() == expected


def test_what_is_meant_as_an_address() -> None:
    assert all(map(is_address, ("HTTPS://news.example/a", "ftp://a", "file:///etc/passwd")))
    assert not any(map(is_address, ("news.md", "https", "./http://x", "C://news.md", "a/b://c")))

"""The service behind nginx and behind Caddy, with the files that are shipped for them but for ports and certificate."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from ingest.intake import LibraryIntake
from rag.answer import Desk
from rag.testing.chroma import free_port
from rag.testing.library import EMBEDDER
from rag.testing.serving import serving
from rag.web.service import Service

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
NAME = "dateline.example.org"
SUBPATH = "/dateline"

Proxy = Callable[[str, Path, str], AbstractContextManager[int]]
"""Starts a proxy before an address, with files in a folder and under a path, and gives its port."""

pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")


@contextmanager
def nginx(upstream: str, folder: Path, root: str) -> Iterator[int]:
    port = free_port()
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(
        [*made, "-subj", f"/CN={NAME}", "-days", "1", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for pattern, text in (
        (r"server 127\.0\.0\.1:7860", f"server {upstream.removeprefix('http://')}"),
        (r"listen 80;", f"listen 127.0.0.1:{free_port()};"),
        (r"listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        (r"(ssl_certificate +)\S+;", rf"\g<1>{certificate};"),
        (r"(ssl_certificate_key +)\S+;", rf"\g<1>{key};"),
        (r"location /", f"location {root}/"),
    ):
        site, changed = re.subn(pattern, text, site)
        assert changed == 1, pattern
    temporary = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = f"pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; {temporary} {site} }}"
    (folder / "nginx.conf").write_text(whole, encoding="utf-8")
    with running(["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"], folder):
        yield port


@contextmanager
def caddy(upstream: str, folder: Path, root: str) -> Iterator[int]:
    port = free_port()
    file = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    own = f"\tadmin off\n\tskip_install_trust\n\thttps_port {port}\n\thttp_port {free_port()}\n\tlocal_certs\n"
    file = file.replace("\tadmin off\n", own).replace("{$SITE} {", f"{NAME} {{\n\tbind 127.0.0.1")
    if root:
        shown = re.search(r"^#\tredir(.*\n)+", file, re.MULTILINE)
        assert shown
        plain = re.search(r"^\treverse_proxy .*?^\t\}\n", file, re.MULTILINE | re.DOTALL)
        assert plain
        file = file.replace(plain[0], re.sub(r"^#", "", shown[0], flags=re.MULTILINE))
    file = file.replace("{$UPSTREAM:dateline:7860}", upstream.removeprefix("http://"))
    (folder / "Caddyfile").write_text(file, encoding="utf-8")
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with running(command, folder):
        yield port


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[None]:
    log = folder / "log"
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin:/usr/local/bin", "HOME": str(folder)}
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said, env=environment) as process:
        try:
            yield
        finally:
            process.terminate()


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest) -> Proxy:
    if not shutil.which(request.param.__name__, path="/usr/sbin:/usr/bin:/usr/local/bin"):
        pytest.skip(f"{request.param.__name__} is not installed")
    started: Proxy = request.param
    return started


@contextmanager
def client(port: int) -> Iterator[httpx.Client]:
    """Give a client that asks for the site's name, whatever the certificate, once the proxy answers."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    base, headers = f"https://127.0.0.1:{port}", {"host": NAME}
    with httpx.Client(base_url=base, headers=headers, verify=trusting, timeout=30, trust_env=False) as asking:
        extensions = {"sni_hostname": NAME}
        asking.event_hooks["request"] = [lambda request: request.extensions.update(extensions)]
        for _ in range(200):
            try:
                asking.get("/nothing")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield asking


@pytest.mark.parametrize("root", ["", SUBPATH], ids=["root", "subpath"])
def test_page_events_and_uploads_pass_a_real_proxy(
    proxy: Proxy,
    root: str,
    tmp_path: Path,
    make_desk: Callable[..., Desk],
    make_service: Callable[..., Service],
) -> None:
    told, was_told = threading.Event(), list[bool]()

    def wait() -> None:
        was_told.append(told.wait(10))

    desk = make_desk("The council held the budget [1.1]. ", wait, "No job is lost [1.3].")
    service = make_service(
        desk,
        intake=LibraryIntake(library=desk.library, embedder=EMBEDDER),
        allowed_hosts=(NAME,),
        trusted_proxies=("127.0.0.1",),
        root_path=root,
    )
    with serving(service) as upstream, proxy(upstream, tmp_path, root) as port, client(port) as asking:
        page = asking.get(f"{root}/")
        assert page.status_code == 200
        assert f'"root":"https://{NAME}{root}"' in page.text.replace(" ", "").replace("\\/", "/")
        with asking.stream(
            "POST",
            f"{root}/v1/answers",
            json={"question": "Who held the budget?"},
            headers={"accept": "text/event-stream"},
        ) as events:
            assert events.status_code == 200
            lines = events.iter_lines()
            # The rest of the answer is written when its beginning has got here.
            assert "event: delta" in lines
            told.set()
            assert "event: answer" in lines
        assert was_told == [True]
        large = "The harbour was mended. " * 120_000
        sent = asking.post(f"{root}/v1/articles", files={"files": ("large.txt", large.encode(), "text/plain")})
        assert sent.status_code in {200, 201, 202}, sent.text
        too_large = asking.post(f"{root}/v1/articles", content=b"x" * (66 << 20))
        # A proxy that is still sending when it is refused may tell of a broken connection instead.
        assert too_large.status_code in {413, 502}

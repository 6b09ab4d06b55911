from __future__ import annotations

import re

import pytest
from gradio_client import Client  # type: ignore[import-untyped]

from rag.web.access.headers import HEADERS
from tests.web.access.conftest import Guarded, Reply

pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

FORM = "Content-Type: application/x-www-form-urlencoded"


def log_in(guarded: Guarded, key: str, sender: str, *headers: str) -> Reply:
    return guarded.ask("POST /login", FORM, *headers, body=f"key={guarded.filled(key)}", sender=sender)


def test_a_browser_is_led_to_the_log_in_and_a_program_is_not(guarded: Guarded) -> None:
    led = guarded.ask("GET /", "Accept: text/html,*/*;q=0.8")
    assert (led.status, led.headers["location"]) == (303, "/login")
    told = guarded.ask("GET /", "Accept: */*")
    assert (told.status, told.headers["www-authenticate"]) == (401, 'Bearer realm="Dateline"')
    assert guarded.ask("GET /config", "Accept: text/html").status == 401


def test_a_key_opens_the_page_until_one_logs_out(guarded: Guarded) -> None:
    opened = log_in(guarded, "ASK_KEY", "127.2.0.1")
    assert (opened.status, opened.headers["location"]) == (303, "/")
    cookie, *flags = opened.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(flags)
    session = f"Cookie: theme=dark; {cookie}"
    assert guarded.ask("GET /", "Accept: text/html", session).status == 200
    assert "logged in with the key “ask’s”" in guarded.ask("GET /login", session).body
    left = guarded.ask("POST /logout", session, f"Origin: {guarded.address}")
    assert (left.status, left.headers["location"]) == (303, "/login")
    assert guarded.ask("GET /config", session).status == 401


@pytest.mark.parametrize(
    "key", ["READ_KEY", "WRITE_KEY", "EXPIRED_KEY", "REVOKED_KEY", "x", "<script>alert(1)</script>"]
)
def test_other_keys_do_not_open_it(guarded: Guarded, key: str) -> None:
    refused = log_in(guarded, key, "127.2.0.2")
    assert (refused.status, "set-cookie" in refused.headers) == (401, False)
    assert "does not open the page" in refused.body
    assert guarded.filled(key) not in refused.body.replace('name="key"', "").replace('id="key"', "") or key == "x"


def test_another_page_cannot_log_somebody_in(guarded: Guarded) -> None:
    assert log_in(guarded, "ASK_KEY", "127.2.0.3", "Origin: https://evil.example").status == 403


@pytest.mark.parametrize("body", ["", "key=" + "a" * 300, "other=1"])
def test_a_form_that_is_none_is_refused(guarded: Guarded, body: str) -> None:
    assert guarded.ask("POST /login", FORM, body=body).status == 422


def test_the_log_in_loads_nothing(guarded: Guarded) -> None:
    page = guarded.ask("GET /login")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not re.findall(r"src=|href=\"(?!data:,)|url\(|<script", page.body)
    changed = {name for name, value in HEADERS.items() if page.headers[name] != value}
    assert changed == {"content-security-policy", "referrer-policy"}
    assert page.headers["cache-control"] == "no-store"


def test_a_program_calls_the_page_with_a_key(guarded: Guarded) -> None:
    headers = {"Authorization": f"Bearer {guarded.keys['ask']}"}
    client = Client(guarded.address, headers=headers, verbose=False, analytics_enabled=False)
    assert client.predict("What is the council's budget?", [], api_name="/ask")["status"] == "answered"


def test_a_key_may_come_in_either_header(guarded: Guarded) -> None:
    for header in ("Authorization: Bearer ASK_KEY", "authorization: bearer   ASK_KEY", "X-API-Key: ASK_KEY"):
        assert guarded.ask("GET /v1/articles/harbour", header).status == 200


def test_a_lacking_scope_is_named(guarded: Guarded) -> None:
    refused = guarded.ask("DELETE /v1/articles/harbour", "Authorization: Bearer ASK_KEY")
    assert 'error="insufficient_scope", scope="write"' in refused.headers["www-authenticate"]
    assert "the scope write" in refused.detail

from __future__ import annotations

import pytest

from rag.commands.serving import options_of
from rag.errors import ConfigurationError
from rag.settings import Settings
from rag.web.access.policy import demand_origins, keys_needed


@pytest.mark.parametrize(
    ("host", "needed"),
    [
        ("127.0.0.1", False),
        ("localhost", False),
        ("127.8.8.8", False),
        ("::1", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.168.1.5", True),
        ("news.example", True),
        ("", True),
    ],
)
def test_keys_are_needed_wherever_others_may_reach_the_server(host: str, needed: bool) -> None:
    assert keys_needed("auto", host, proxied=False) is needed
    assert keys_needed("keys", host, proxied=False)
    assert not keys_needed("open", host, proxied=True)


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        ({}, False),
        ({"allowed_hosts": "news.example"}, True),
        ({"root_path": "/dateline"}, True),
        ({"trusted_proxies": "127.0.0.1"}, True),
    ],
)
def test_keys_are_needed_behind_a_proxy(given: dict[str, str], needed: bool) -> None:
    assert options_of(Settings.model_validate(given)).keys_needed is needed


@pytest.mark.parametrize(
    "origin", ["*", "desk.example", "https://desk.example/", "https://Desk.example", "null", "file://"]
)
def test_what_is_no_origin_is_told(origin: str) -> None:
    demand_origins(["https://desk.example", "http://localhost:3000"])
    with pytest.raises(ConfigurationError, match="write one such as"):
        demand_origins([origin])

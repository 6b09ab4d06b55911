from __future__ import annotations

import pytest

from rag.errors import ConfigurationError
from rag.settings import Settings
from rag.web.access.policy import demand_origins, keys_needed


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "127.8.8.8"}, False),
        ({"host": "::1"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "::"}, True),
        ({"host": "192.168.1.5"}, True),
        ({"host": "news.example"}, True),
        ({"host": ""}, True),
        ({"allowed_hosts": "news.example"}, True),
        ({"root_path": "/dateline"}, True),
        ({"trusted_proxies": "127.0.0.1"}, True),
        ({"access": "keys"}, True),
        ({"access": "open", "host": "0.0.0.0"}, False),
    ],
)
def test_keys_are_needed_wherever_others_may_reach_the_server(given: dict[str, str], needed: bool) -> None:
    assert keys_needed(Settings.model_validate(given)) is needed


@pytest.mark.parametrize(
    "origin", ["*", "desk.example", "https://desk.example/", "https://Desk.example", "null", "file://"]
)
def test_what_is_no_origin_is_told(origin: str) -> None:
    demand_origins(["https://desk.example", "http://localhost:3000"])
    with pytest.raises(ConfigurationError, match="write one such as"):
        demand_origins([origin])

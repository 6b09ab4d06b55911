"""HEAD is GET without the body, wherever the table of rights has a GET."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from rag.testing.serving import serving
from rag.web.access.rights import RIGHTS
from tests.web.api.conftest import MakeDesk, MakeService

PATHS = [each.path for each in RIGHTS if each.method == "GET" and not each.path.startswith("/gradio_api/")]


@pytest.fixture(scope="module")
def head(make_desk: MakeDesk, make_service: MakeService) -> Iterator[httpx.Client]:
    with serving(make_service(make_desk())) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", ["harbour", "dateline"])
def test_a_head_is_all_but_the_body(head: httpx.Client, path: str, value: str) -> None:
    place = re.sub(r"\{.+?\}", value, path)
    without, whole = head.head(place), head.get(place)
    assert without.content == b""
    assert (without.status_code, without.headers["content-type"]) == (whole.status_code, whole.headers["content-type"])

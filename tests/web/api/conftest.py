"""A served API over one article, and a client of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from rag.answer import Desk
from rag.testing.serving import serving
from rag.web.service import Service

QUOTED = "The council held the budget at $4.25 million. [1.1]"
MakeDesk = Callable[..., Desk]
MakeService = Callable[..., Service]
ASKED = {"question": "What is the council's budget?"}


@pytest.fixture(scope="session")
def api(make_desk: MakeDesk, make_service: MakeService) -> Iterator[httpx.Client]:
    """A client of a server whose answers quote the article."""
    with serving(make_service(make_desk(QUOTED))) as address, httpx.Client(base_url=address) as client:
        yield client

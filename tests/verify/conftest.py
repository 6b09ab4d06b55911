"""What the tests of the verifier share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from rag.embed import EmbeddedModel
from rag.types import Source
from rag.verify import Finding, Quote, by_meaning, verify

Judge = Callable[[str, str, str, str], Finding]


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Judge a claim by one quote, the passage around it and a title, published on Sunday 12 November 2023."""
    similarity = by_meaning(EmbeddedModel())

    def judged(claim: str, quote: str, nearby: str = "", title: str = "") -> Finding:
        published = datetime(2023, 11, 12, tzinfo=UTC)
        source = Source(article_id="a", title=title, publisher="Tidewater Courier", published=published)
        return verify(claim, [Quote(text=quote, source=source, nearby=nearby or quote)], similarity)

    return judged

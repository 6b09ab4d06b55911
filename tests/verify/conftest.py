"""What the tests of the verifier share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from rag.embed import EmbeddedModel
from rag.types import Source
from rag.verify import Finding, Quote, verify

Judge = Callable[[str, str, str, str], Finding]


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Judge a claim by one quote, the passage around it and a title, published on Sunday 12 November 2023."""
    model = EmbeddedModel()

    def similarity(claim: str, quotes: Sequence[str]) -> list[float]:
        vectors = model.embed_documents([claim, *quotes])
        return [sum(a * b for a, b in zip(vectors[0], vector, strict=True)) for vector in vectors[1:]]

    def judged(claim: str, quote: str, nearby: str = "", title: str = "") -> Finding:
        published = datetime(2023, 11, 12, tzinfo=UTC)
        source = Source(article_id="a", title=title, publisher="Tidewater Courier", published=published)
        return verify(claim, [Quote(text=quote, source=source, nearby=nearby or quote)], similarity)

    return judged

"""Articles for the tests of the main path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from rag.sentences import sentences
from rag.types import Passage, Source, Span

MakePassage = Callable[..., Passage]


@pytest.fixture
def passage() -> MakePassage:
    """Make a passage that is the whole text of its article."""

    def make(
        text: str, article: str = "a", *, publisher: str | None = None, day: str | None = None, start: int = 0
    ) -> Passage:
        published = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
        source = Source(article_id=article, title=f"Title of {article}", publisher=publisher, published=published)
        spans = tuple(Span(span.start + start, span.end + start) for span in sentences(text))
        return Passage(source=source, version="v1", start=start, end=start + len(text), text=text, sentences=spans)

    return make

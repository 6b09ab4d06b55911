from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import UserError
from rag.types import Span
from rag.web.chat.reference import Reference, parse

_NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(_NAME, _NAME.map(lambda name: name[:8]), st.integers(0, 10**9 - 1), st.integers(0, 10**9 - 1))
def test_what_is_written_into_a_link_is_read_back(article_id: str, version: str, start: int, end: int) -> None:
    reference = Reference(article_id=article_id, version=version, span=Span(start, end))
    assert parse(reference.href) == reference


@pytest.mark.parametrize(
    "href",
    [
        "",
        "#read/a/b/1",
        "#read/a/b/1-2/3",
        "#read//b/1-2",
        "#read/a/b/-1-2",
        "#read/a/b/1-99999999999",
        "#read/a/b/1-2\n",
        "https://evil.example/#read/a/b/1-2",
        "javascript:alert(1)",
    ],
)
def test_anything_else_is_refused(href: str) -> None:
    with pytest.raises(UserError, match="does not lead"):
        parse(href)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.web.api.accepting import preferred

JSON, EVENTS = "application/json", "text/event-stream"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, JSON),
        ("  ", JSON),
        ("*/*", JSON),
        ("text/*", EVENTS),
        ("TEXT/Event-Stream", EVENTS),
        ("text/event-stream; charset=utf-8", EVENTS),
        ("text/event-stream, application/json", JSON),
        ("text/event-stream;q=1.0, application/json;q=0.999", EVENTS),
        ("application/json; q=0.2, text/*;q=0.3", EVENTS),
        ("*/*;q=0.9, application/json;q=0.1", EVENTS),
        ("application/json;q=0, */*", EVENTS),
        ("application/json;q=0", None),
        ("text/html, image/*", None),
        ("text/event-stream;q=nonsense", EVENTS),
        (",,;q=", None),
    ],
)
def test_the_best_of_what_is_offered(accept: str | None, wanted: str | None) -> None:
    assert preferred(accept, (JSON, EVENTS)) == wanted


@given(st.text())
def test_no_header_breaks_it(accept: str) -> None:
    assert preferred(accept, (JSON, EVENTS)) in {JSON, EVENTS, None}

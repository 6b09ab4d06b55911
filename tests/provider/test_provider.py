"""What messages repeat of a server's words, and how long it asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.provider.failures import LONGEST_QUOTE, Endpoint, retry_after

KEY = "sk-proj-Zq81mWcV0aXy55Tn"
SERVER = Endpoint(host="models.example", model="tiny", key=KEY)


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("slow down", "slow down"),
        (f"the key {KEY} is wrong", "the key [key] is wrong"),
        (f"header 'Bearer {KEY}'", "header '[key]"),
        (f"starts with {KEY[:9]}, ends with {KEY[-8:]}.", "starts with [key], ends with [key]"),
        (f"upper {KEY.upper()}", "upper [key]"),
        ("another's sk-live-0011223344 too", "another's [key] too"),
        ("masked sk-pr**********5Tn", "masked [key]"),
        ("hash 5f4dcc3b5aa765d61d8327deb882cf99aa", "hash [key]"),
        ("<html><style>p {}</style><h1>502</h1>Bad\n\n\tGateway</html>", "502 Bad Gateway"),
        ("ring\a the \x1b[31mbell", "ring the [31mbell"),
        ("model gpt-4.1-mini is unknown", "model gpt-4.1-mini is unknown"),
    ],
)
def test_a_servers_words_lose_what_must_not_be_shown(said: str, quoted: str) -> None:
    assert SERVER.quote(said) == quoted


@given(st.text(max_size=40), st.text(max_size=400))
def test_no_surrounding_lets_the_key_through(before: str, after: str) -> None:
    quoted = SERVER.quote(f"{before}{KEY}{after}")
    assert KEY not in quoted
    assert len(quoted) <= LONGEST_QUOTE
    assert quoted.isprintable()


@given(st.integers(min_value=8, max_value=len(KEY)), st.integers(min_value=0, max_value=len(KEY) - 8))
def test_parts_of_the_key_do_not_pass_either(size: int, start: int) -> None:
    part = KEY[start : start + size]
    assert part not in SERVER.quote(f"you sent {part}")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Wed, 01 Jan 2020 00:00:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 01 Jan 2020 00:00:00"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9" * 400}, None),
        ({}, None),
    ],
)
def test_how_long_a_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_to_come_is_so_many_seconds_away() -> None:
    wait = retry_after({"retry-after": format_datetime(datetime.now(UTC) + timedelta(hours=1))})
    assert wait is not None
    assert 3500 < wait <= 3600

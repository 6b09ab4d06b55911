"""Dates in words."""

from datetime import UTC, datetime

import pytest

from rag.errors import ConfigurationError
from rag.question.periods import demand_period, parse_period

NOW = datetime(2023, 11, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2023-11-09", "2023-11-09", "2023-11-10"),
        ("20231109", "2023-11-09", "2023-11-10"),
        ("2023-11", "2023-11-01", "2023-12-01"),
        ("2023", "2023-01-01", "2024-01-01"),
        ("May 2023", "2023-05-01", "2023-06-01"),
        ("9 November", "2023-11-09", "2023-11-10"),
        ("Nov. 9, 2023", "2023-11-09", "2023-11-10"),
        ("December", "2022-12-01", "2023-01-01"),
        ("9 December", "2022-12-09", "2022-12-10"),
        ("last November", "2023-11-01", "2023-12-01"),
        ("last Tuesday", "2023-11-14", "2023-11-15"),
        ("last week", "2023-11-06", "2023-11-13"),
        ("last month", "2023-10-01", "2023-11-01"),
        ("this year", "2023-01-01", "2024-01-01"),
        ("yesterday", "2023-11-14", "2023-11-15"),
        ("3 days ago", "2023-11-12", "2023-11-13"),
        ("2023년 11월 9일", "2023-11-09", "2023-11-10"),
    ],
)
def test_a_date_in_words_names_a_stretch_of_whole_days(text: str, start: str, end: str) -> None:
    period = parse_period(text, NOW)
    assert period is not None
    assert (period.start.date().isoformat(), period.end.date().isoformat()) == (start, end)
    assert period.start.tzinfo == period.end.tzinfo == UTC


@pytest.mark.parametrize(
    ("text", "moment"),
    [("2023-11-09T10:00:00Z", "2023-11-09T10:00:00+00:00"), ("2023-11-09T10:00+09:00", "2023-11-09T01:00:00+00:00")],
)
def test_a_moment_has_no_length(text: str, moment: str) -> None:
    period = parse_period(text, NOW)
    assert period is not None
    assert period.start.isoformat() == period.end.isoformat() == moment


@pytest.mark.parametrize(
    "text", ["", " ", "foo", "1", "99999", "2024-02-30", "31 February 2023", "9999", "last minister"]
)
def test_what_is_no_date_gives_none(text: str) -> None:
    assert parse_period(text, NOW) is None


def test_a_demanded_date_that_is_none_is_named_in_one_line() -> None:
    with pytest.raises(ConfigurationError, match=r"^since is not a date: 'soon'; write one such as .*\.$"):
        demand_period("soon", NOW, "since")

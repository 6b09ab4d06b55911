"""Values of a suite as people write them, and what they mean; the schema knows the same shorthands."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from rag.errors import ConfigurationError
from rag.question.periods import demand_period


class WrittenInt(int):
    """A whole number that a file holds, with the characters it is written in."""

    written: str


class WrittenFloat(float):
    """A number that a file holds, with the characters it is written in: 1.50 is no 1.5 where a text is meant."""

    written: str


def as_text(value: object) -> object:
    """Return a number as the text that it is written as; raise ValueError for text that no file can hold."""
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.written
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | date):
        return str(value)
    if isinstance(value, str) and not value.isascii():
        _refuse_half_characters(value)
    return value


def as_list(value: object) -> object:
    """Return one value that stands where a list may as a list of one."""
    return value if value is None or isinstance(value, list | tuple) else (value,)


def _refuse_half_characters(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair is no character; write the character itself") from error


def _pattern(value: str) -> str:
    try:
        with warnings.catch_warnings():
            # Python warns of patterns that it will read in another way one day.
            warnings.simplefilter("error")
            re.compile(value)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return value


_DIGITS = re.compile(r"\d{4}-\d\d-\d\d")


@lru_cache(maxsize=1024)
def _when(value: str) -> str:
    try:
        if _DIGITS.match(value):
            # The words of a date are read leniently, and 2024-13-01 as a day of January.
            date.fromisoformat(value[:10])
        demand_period(value, datetime.now(UTC), "it")
    except (ConfigurationError, ValueError) as error:
        raise ValueError(f"not a date: {value[:60]!r}; write one such as 2023-11-09 or May 2023") from error
    return value


def _moment(value: object) -> object:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(moment, datetime):
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("write a moment such as 2024-05-01 or 2024-05-01T09:00:00Z")


def _day(value: object) -> object:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
        # A moment is a kind of day to Python.
        if type(day) is date:
            return day
    except ValueError:
        pass
    raise ValueError("write a day such as 2024-05-01")


def article_alone(value: object) -> object:
    """Return the name of an article as the place that is this whole article."""
    value = as_text(value)
    return {"article": value} if isinstance(value, str) else value


def figure_alone(value: object) -> object:
    """Return a number as the figure without a unit."""
    return {"value": value} if isinstance(value, int | float) else value


_NAME = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
_DAY = Field(json_schema_extra={"format": "date"})
_REGEX = Field(json_schema_extra={"format": "regex"})
_CODE = Field(pattern=r"^[a-z]{2}$")
_IMPORT = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")

Words = Annotated[str, BeforeValidator(as_text, json_schema_input_type=str | float | bool)]
Text = Annotated[
    str,
    Field(min_length=1),
    BeforeValidator(as_text, json_schema_input_type=Annotated[str, Field(min_length=1)] | float | bool),
]
Name = Annotated[str, _NAME, BeforeValidator(as_text, json_schema_input_type=Annotated[str, _NAME] | float | bool)]
Regex = Annotated[Text, AfterValidator(_pattern), _REGEX]
When = Annotated[Text, AfterValidator(_when)]
"""A day, month, year or moment, in words or digits."""
Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)]
"""Aware and in UTC; what has no zone is taken for UTC."""
Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=Annotated[str, _DAY])]
Language = Annotated[str, _CODE]
Import = Annotated[str, _IMPORT]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Ratio = Annotated[float, Field(strict=True, ge=0, le=1)]
Whole = Annotated[int, Field(strict=True)]

Texts = Annotated[tuple[Text, ...], BeforeValidator(as_list, json_schema_input_type=Text | tuple[Text, ...])]
Regexes = Annotated[tuple[Regex, ...], BeforeValidator(as_list, json_schema_input_type=Regex | tuple[Regex, ...])]
Days = Annotated[tuple[Day, ...], BeforeValidator(as_list, json_schema_input_type=Day | tuple[Day, ...])]
Imports = Annotated[tuple[Import, ...], BeforeValidator(as_list, json_schema_input_type=Import | tuple[Import, ...])]

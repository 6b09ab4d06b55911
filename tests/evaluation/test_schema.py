"""The JSON Schema of suites says what the reader says."""

from __future__ import annotations

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rag.evaluation.suites.cases import Suite
from rag.evaluation.suites.schema import SCHEMA_FILE, schema_text, suite_schema

SCHEMA = jsonschema.Draft202012Validator(
    suite_schema(), format_checker=jsonschema.FormatChecker(formats=["date", "regex"])
)
BEYOND_SCHEMA = ("give a quote, or a start and a later",)


def test_the_schema_in_the_package_is_that_of_the_models() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(suite_schema())


some_text: st.SearchStrategy[object] = st.sampled_from(["a", "b", "2024-05-01", 61, 1.5, True, "", None, {}])
texts = some_text | st.lists(some_text, max_size=2)
numbers = st.sampled_from([0, 1, 0.5, 0.25, 2.5, -1, "1", None, True])


def fields(**some: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({}, optional=dict(some))


place = texts | fields(article=some_text, quote=some_text, start=numbers, end=numbers, other=some_text)
figure = numbers | fields(value=numbers, unit=some_text, tolerance=numbers)
expectations = fields(
    status=st.sampled_from(["answered", "x", None, [], ["partial"], ["partial", "x"]]),
    contains=texts,
    matches=texts | st.just("("),
    min_f1=numbers,
    cites=place | st.lists(place, max_size=2),
    figures=figure | st.lists(figure, max_size=2),
    dates=texts,
    language=st.sampled_from(["en", "EN", None, 1]),
    scorers=st.sampled_from(["a:b", "a.b:c", "a", ["a:b"], None]),
    max_seconds=numbers,
    max_tokens=numbers.filter(lambda number: not isinstance(number, float)),
)
turns = st.lists(fields(question=some_text, expect=st.just({"contains": "a"}), since=st.just("2024")), max_size=2)
cases = fields(
    id=some_text,
    question=some_text,
    conversation=turns,
    history=st.lists(fields(question=some_text, answer=some_text), max_size=2),
    until=st.sampled_from(["2024", 2024, None]),
    tags=texts,
    expect=expectations,
)
corpora = fields(folder=some_text, library=some_text, digest=some_text)


@settings(deadline=None, max_examples=150)
@given(case=cases, corpus=corpora)
def test_schema_and_reader_agree(case: dict[str, object], corpus: dict[str, object]) -> None:
    """Both take a suite, or both refuse it, but for what only the reader knows."""
    asked = {} if "conversation" in case else {"question": "q"}
    whole = {"suite": "s", "corpus": corpus, "cases": [{"id": "i", **asked, **case}]}
    try:
        Suite.model_validate(whole)
    except ValidationError as error:
        knows_more = all(any(words in each["msg"] for words in BEYOND_SCHEMA) for each in error.errors())
        assert knows_more or not SCHEMA.is_valid(whole)
    else:
        SCHEMA.validate(whole)

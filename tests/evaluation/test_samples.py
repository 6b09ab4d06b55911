"""Samples survive the way through JSON as they were, whatever was asked and answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import ConfigurationError
from rag.evaluation.results import Sample
from rag.evaluation.runs.samples import read_sample, sample_object
from rag.types import (
    Answer,
    Citation,
    Claim,
    Hit,
    Passage,
    PromptUse,
    Question,
    Scope,
    Source,
    Span,
    Status,
    Timing,
    Turn,
    Usage,
    Verdict,
)

WORDS = st.text(max_size=8) | st.sampled_from(["\0", "\u2028", "\ud800", "한국어", "</script>", '{"a": 1}'])
COUNTS = st.integers(min_value=0, max_value=10**9)
MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def tuples(of: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=2).map(tuple)


def maybe(of: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | of


SOURCES = st.builds(
    Source,
    article_id=WORDS,
    title=WORDS,
    title_derived=st.booleans(),
    publisher=maybe(WORDS),
    published=maybe(MOMENTS),
    updated=maybe(MOMENTS),
    url=maybe(WORDS),
    author=maybe(WORDS),
    language=maybe(WORDS),
    origin_id=maybe(WORDS),
)
PASSAGES = st.builds(
    Passage,
    source=SOURCES,
    version=WORDS,
    start=COUNTS,
    end=COUNTS,
    text=WORDS,
    sentences=tuples(st.builds(Span, COUNTS, COUNTS)),
)
SCOPES = st.builds(
    Scope,
    since=maybe(MOMENTS),
    until=maybe(MOMENTS),
    as_of=maybe(MOMENTS),
    publishers=tuples(WORDS),
    article_ids=tuples(WORDS),
)
QUESTIONS = st.builds(
    Question,
    text=WORDS,
    asked_at=MOMENTS,
    history=tuples(st.builds(Turn, question=WORDS, answer=WORDS)),
    scope=SCOPES,
)
CLAIMS = st.builds(
    Claim,
    start=COUNTS,
    end=COUNTS,
    markers=tuples(COUNTS),
    verdict=st.sampled_from(Verdict),
    missing=tuples(WORDS),
)
ANSWERS = st.builds(
    Answer,
    question=QUESTIONS,
    standalone=WORDS,
    scope=SCOPES,
    text=WORDS,
    status=st.sampled_from(Status),
    claims=tuples(CLAIMS),
    citations=tuples(
        st.builds(Citation, marker=COUNTS, source=SOURCES, version=WORDS, start=COUNTS, end=COUNTS, quote=WORDS)
    ),
    rejected=tuples(WORDS),
    hits=tuples(
        st.builds(
            Hit,
            passage=PASSAGES,
            score=NUMBERS,
            dense_rank=maybe(COUNTS),
            lexical_rank=maybe(COUNTS),
            also_in=tuples(SOURCES),
        )
    ),
    model=WORDS,
    prompts=tuples(st.builds(PromptUse, name=WORDS, version=WORDS, digest=WORDS)),
    generation=COUNTS,
    usage=st.builds(Usage, input_tokens=COUNTS, output_tokens=COUNTS),
    cost=maybe(NUMBERS),
    timings=tuples(st.builds(Timing, stage=WORDS, seconds=NUMBERS)),
    note=maybe(WORDS),
)
SAMPLES = st.builds(
    Sample,
    suite=WORDS,
    case_id=WORDS,
    turn=st.integers(1, 9),
    attempt=st.integers(1, 9),
    asked=WORDS,
    answer=maybe(ANSWERS),
    error=maybe(WORDS),
    alone=maybe(ANSWERS),
    seconds=NUMBERS,
    first_seconds=maybe(NUMBERS),
)


@settings(max_examples=60, deadline=None)
@given(SAMPLES)
def test_a_sample_comes_back_as_it_was(sample: Sample) -> None:
    line = json.dumps(sample_object(sample))
    assert "\n" not in line
    assert read_sample(json.loads(line)) == sample


def test_spans_and_enumerations_come_back_as_their_types() -> None:
    passage = Passage(
        source=Source(article_id="a", title="t"), version="v", start=0, end=3, text="abc", sentences=(Span(0, 3),)
    )
    question = Question(text="Why?")
    answer = Answer(
        question=question,
        standalone="Why?",
        scope=Scope(),
        text="abc",
        status=Status.ANSWERED,
        hits=(Hit(passage=passage, score=0.5),),
    )
    sample = Sample(suite="s", case_id="c", asked="d", answer=answer)
    again = read_sample(sample_object(sample))
    assert again.answer is not None
    assert again.answer.status is Status.ANSWERED
    assert again.answer.hits[0].passage.sentences[0].end == 3
    assert again.answer.question.asked_at.tzinfo is not None


@pytest.mark.parametrize("fields", [{}, {"suite": "s", "case_id": "c", "asked": "d", "seconds": "long"}])
def test_what_is_no_sample_is_named(fields: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="not a sample of a run"):
        read_sample(fields)

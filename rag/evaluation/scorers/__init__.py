"""What is measured of an answer. Each scorer is a plain function; add one here and to `metrics.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers import (
    abstention,
    citations,
    claims,
    conflict,
    custom,
    defects,
    facts,
    followup,
    language,
    retrieval,
    spending,
    text,
)
from rag.evaluation.suites.cases import Asked

Scorer = Callable[[Asked, Sample, Evidence], Iterable[Check | Score]]
"""Yields what it can tell of one sample that has an answer: checks where the case expects something, and scores."""

SCORERS: tuple[Scorer, ...] = (
    retrieval.score,
    text.score,
    facts.score,
    language.score,
    citations.score,
    claims.score,
    abstention.score,
    conflict.score,
    followup.score,
    defects.score,
    spending.score,
    custom.score,
)

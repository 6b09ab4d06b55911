"""Every metric: its name, which way is better, its unit and what it tells (at length in docs/metrics.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One measure. A `mean` is weighted; quantiles count every score once."""

    name: str
    about: str
    higher_is_better: bool = True
    unit: Literal["ratio", "count", "seconds", "tokens", "dollars"] = "ratio"
    aggregate: Literal["mean", "median", "p95"] = "mean"


def _defect(name: str, about: str) -> Metric:
    return Metric(name=f"defect.{name}", about=about, higher_is_better=False)


METRICS: tuple[Metric, ...] = (
    Metric(name="pass", about="cases of which every expectation holds"),
    Metric(name="retrieval.hit@1", about="the first passage is of a relevant article, or overlaps the relevant place"),
    Metric(name="retrieval.hit@5", about="one of the first five passages is relevant"),
    Metric(name="retrieval.recall@5", about="relevant places found among the first five passages"),
    Metric(name="retrieval.mrr", about="one over the rank of the first relevant passage"),
    Metric(name="retrieval.ndcg@10", about="relevant passages near the top, discounted by rank"),
    Metric(name="answer.em", about="the answer is a right short answer, normalised"),
    Metric(name="answer.f1", about="words shared with the best right short answer"),
    Metric(name="answer.contains", about="a right short answer stands in the answer"),
    Metric(name="answer.figures", about="expected figures that the answer gives"),
    Metric(name="answer.dates", about="expected days that the answer gives"),
    Metric(name="citation.expected", about="expected places that are cited"),
    Metric(name="citation.recall", about="sentences borne out by all that they cite together (ALCE)"),
    Metric(name="citation.precision", about="citations that their sentence needs (ALCE)"),
    Metric(name="citation.exact", about="quotes equal to the stored characters, at sentence borders"),
    Metric(name="claims.support", about="sentences with the verdict supported"),
    Metric(name="abstention.precision", about="of the abstentions, those that were right"),
    Metric(name="abstention.recall", about="of the unanswerable questions, those that were left unanswered"),
    Metric(name="abstention.f1", about="harmonic mean of the two"),
    Metric(name="conflict.precision", about="of the answers called conflicting, those that are"),
    Metric(name="conflict.recall", about="of the conflicts, those that were shown"),
    Metric(name="conflict.f1", about="harmonic mean of the two"),
    Metric(name="followup.consistency", about="a follow-up is answered like the same question standing alone"),
    _defect("wrong_source", "a citation is exact but does not carry its sentence, which another passage would"),
    _defect("wrong_version", "a citation points at a version that is not stored or that the scope does not admit"),
    _defect("wrong_span", "a quote is not the stored characters, or not cut at sentence borders"),
    _defect("surplus_citation", "a citation that its sentence does not need"),
    _defect("negation", "a sentence denies what it cites, or affirms what that denies"),
    _defect("figure", "a figure or date of a sentence is not the one that it cites"),
    _defect("unsupported_sentence", "a sentence that no passage carries"),
    _defect("needless_abstention", "left unanswered though the articles answer"),
    _defect("missing_abstention", "answered though the articles do not say"),
    Metric(name="judge.score", about="share of the judge's votes for the answer"),
    Metric(name="judge.spread", about="standard deviation of the judge's votes", higher_is_better=False),
    Metric(
        name="latency.p50",
        about="seconds to the whole answer",
        higher_is_better=False,
        unit="seconds",
        aggregate="median",
    ),
    Metric(
        name="latency.p95",
        about="the same, exceeded by one in twenty",
        higher_is_better=False,
        unit="seconds",
        aggregate="p95",
    ),
    Metric(
        name="latency.first",
        about="seconds to the first words",
        higher_is_better=False,
        unit="seconds",
        aggregate="median",
    ),
    Metric(name="tokens", about="read and written by the model", higher_is_better=False, unit="tokens"),
    Metric(name="cost", about="US dollars for an answer", higher_is_better=False, unit="dollars"),
)

BY_NAME = {metric.name: metric for metric in METRICS}


def metric(name: str) -> Metric:
    """Return a metric by name; one that a suite's own scorer made counts as a ratio of which more is better."""
    return BY_NAME.get(name) or Metric(name=name, about="of a scorer of the suite's own")

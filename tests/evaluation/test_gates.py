"""A run fails for failing cases, for metrics beyond their thresholds, and for what got worse; for nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rag.errors import ConfigurationError
from rag.evaluation.gates import failures, thresholds
from rag.evaluation.results import Change, Comparison, Direction, Estimate, Outcome, Report, RunInfo, Summary
from rag.evaluation.suites.cases import Case, Expectation, Suite

INFO = RunInfo(
    name="now",
    started=datetime(2024, 5, 1, tzinfo=UTC),
    suites=("s",),
    answerer="extractive",
    model="extractive",
    settings={},
    corpus={},
    corpus_digest="d",
    version="1",
)


def report(
    outcomes: dict[Outcome, int] | None = None,
    values: dict[str, float] | None = None,
    changes: dict[str, Direction] | None = None,
) -> Report:
    estimates = tuple(
        Estimate(metric=name, value=value, low=value, high=value, count=9, clusters=9)
        for name, value in (values or {}).items()
    )
    compared = tuple(
        Change(
            metric=name,
            before=0.5,
            after=0.4,
            low=-0.2,
            high=-0.05,
            p=0.01,
            adjusted_p=0.02,
            pairs=9,
            detectable=0.1,
            direction=direction,
        )
        for name, direction in (changes or {}).items()
    )
    return Report(
        run=INFO,
        summary=Summary(outcomes=outcomes or {Outcome.PASSED: 9}, estimates=estimates),
        results=lambda: iter(()),
        comparison=Comparison(baseline="before", changes=compared, broken=(), mended=(), p=1.0) if changes else None,
    )


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ({Outcome.PASSED: 3, Outcome.XFAILED: 2, Outcome.XPASSED: 1, Outcome.SKIPPED: 4}, []),
        ({Outcome.FAILED: 1}, ["1 case failed."]),
        ({Outcome.FAILED: 1, Outcome.ERROR: 2, Outcome.PASSED: 5}, ["1 case failed.", "2 cases without a verdict."]),
    ],
)
def test_failing_cases_and_errors_fail_a_run(outcomes: dict[Outcome, int], told: list[str]) -> None:
    assert list(failures(report(outcomes), ())) == told


@pytest.mark.parametrize(
    ("threshold", "value", "told"),
    [
        ("pass=0.9", 0.9, None),
        ("pass=0.9", 0.89999, "pass must be at least 0.9, and is 0.9."),
        ("pass=0", 0.0, None),
        ("latency.p95=2", 2.0, None),
        ("latency.p95=2", 2.5, "latency.p95 must be at most 2, and is 2.5."),
        ("defect.figure=0", 0.01, "defect.figure must be at most 0, and is 0.01."),
        ("cost=1e-3", 0.0005, None),
    ],
)
def test_a_threshold_is_a_floor_or_a_ceiling_as_its_metric_is_better(
    threshold: str, value: float, told: str | None
) -> None:
    wanted = thresholds([threshold], [])
    name = threshold.partition("=")[0]
    assert list(failures(report(values={name: value}), wanted)) == ([told] if told else [])


def test_a_metric_without_a_value_fails_its_threshold() -> None:
    wanted = thresholds(["conflict.recall=0"], [])
    told = "conflict.recall must be at least 0, but no case gave it a value."
    assert list(failures(report(values={"pass": 1.0}), wanted)) == [told]


@pytest.mark.parametrize("word", ["pass", "pass=", "pass=high", "pass=nan", "pass=inf", "=1", "pass=1=2"])
def test_what_is_no_threshold_is_refused(word: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--fail-under|no metric"):
        thresholds([word], [])


def test_unknown_metrics_are_refused_unless_a_suite_scores_on_its_own() -> None:
    with pytest.raises(ConfigurationError, match=r"no metric tone; did you mean"):
        thresholds(["tone=1"], [Suite(suite="s", cases=(Case(id="a", question="Why?"),))])
    own = Case(id="a", question="Why?", expect=Expectation(scorers=("checks:tone",)))
    (threshold,) = thresholds(["tone=1"], [Suite(suite="s", cases=(own,))])
    assert list(failures(report(values={"tone": 0.5}), [threshold])) == ["tone must be at least 1, and is 0.5."]


def test_evidence_of_worse_fails_a_run_but_for_seconds() -> None:
    changes = {
        "pass": Direction.WORSE,
        "citation.recall": Direction.NO_EVIDENCE,
        "answer.f1": Direction.BETTER,
        "latency.p50": Direction.WORSE,
        "tokens": Direction.WORSE,
    }
    assert list(failures(report(changes=changes), ())) == ["Worse than before: pass, tokens."]
    assert not list(failures(report(changes={"latency.p95": Direction.WORSE}), ()))


def test_a_baseline_without_a_case_in_common_fails_a_run() -> None:
    nothing = Comparison(baseline="before", changes=(), broken=(), mended=(), p=1.0)
    told = "Nothing was compared: no case was answered both in this run and in before."
    assert list(failures(replace(report(), comparison=nothing), ())) == [told]


def test_a_threshold_of_passes_lets_single_cases_fail_but_none_be_without_a_verdict() -> None:
    wanted = thresholds(["pass=0.8"], [])
    outcomes = {Outcome.FAILED: 1, Outcome.PASSED: 9}
    assert list(failures(report(outcomes, {"pass": 0.9}), wanted)) == []
    assert list(failures(report(outcomes, {"pass": 0.7}), wanted)) == ["pass must be at least 0.8, and is 0.7."]
    untold = report({**outcomes, Outcome.ERROR: 1}, {"pass": 0.9})
    assert list(failures(untold, wanted)) == ["1 case without a verdict."]

"""A run as one JSON object: the contract with scripts, documented in docs/json.md.

`schema` is raised by any change that could break a reader; new keys may be added without it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TextIO

from rag.evaluation.metrics import metric
from rag.evaluation.reports.told import Told, told
from rag.evaluation.results import Change, Check, Comparison, Estimate, Outcome, Report, Result, RunInfo
from rag.wire import Json, answer_object, moment

SCHEMA = 1


def write_json(report: Report, file: TextIO) -> None:
    """Write all that the reports show, a case at a time; answers in full for failing cases alone."""
    head = json.dumps(_head(report), ensure_ascii=False, indent=1)
    file.write(f'{head.removesuffix("}").rstrip()},\n "cases": [')
    for place, case in enumerate(told(report)):
        file.write(f"{',' if place else ''}\n  {json.dumps(_case(case), ensure_ascii=False)}")
    file.write("\n ]\n}\n")


def _head(report: Report) -> dict[str, Json]:
    summary = report.summary
    return {
        "schema": SCHEMA,
        "run": _run(report.run),
        "passed": all(outcome.good for outcome, n in summary.outcomes.items() if n),
        "outcomes": {outcome.value: summary.outcomes.get(outcome, 0) for outcome in Outcome},
        "metrics": _estimates(summary.estimates),
        "tags": {tag: _estimates(estimates) for tag, estimates in summary.by_tag.items()},
        "flaky": list(summary.flaky),
        "detectable": _number(summary.detectable),
        "comparison": _comparison(report.comparison) if report.comparison else None,
    }


def _run(run: RunInfo) -> dict[str, Json]:
    return {
        "name": run.name,
        "started": moment(run.started),
        "suites": list(run.suites),
        "answerer": run.answerer,
        "model": run.model,
        "judge": run.judge,
        "settings": dict(run.settings),
        "corpus_digest": run.corpus_digest,
        "articles": len(run.corpus),
        "version": run.version,
        "attempts": run.attempts,
        "jobs": run.jobs,
        "remarks": list(run.remarks),
    }


def _estimates(estimates: Sequence[Estimate]) -> list[Json]:
    return [estimate_object(estimate) for estimate in estimates]


def estimate_object(estimate: Estimate) -> dict[str, Json]:
    """Return a metric with its interval."""
    about = metric(estimate.metric)
    return {
        "metric": estimate.metric,
        "value": _number(estimate.value),
        "low": _number(estimate.low),
        "high": _number(estimate.high),
        "count": estimate.count,
        "clusters": estimate.clusters,
        "unscored": estimate.unscored,
        "unit": about.unit,
        "higher_is_better": about.higher_is_better,
    }


def _comparison(comparison: Comparison) -> dict[str, Json]:
    return {
        "baseline": comparison.baseline,
        "p": _number(comparison.p),
        "changes": [change_object(change) for change in comparison.changes],
        "broken": list(comparison.broken),
        "mended": list(comparison.mended),
        "only_before": list(comparison.only_before),
        "only_after": list(comparison.only_after),
        "changed_cases": list(comparison.changed_cases),
        "changed_articles": list(comparison.changed_articles),
    }


def change_object(change: Change) -> dict[str, Json]:
    """Return a metric in two runs."""
    return {
        "metric": change.metric,
        "before": _number(change.before),
        "after": _number(change.after),
        "difference": _number(change.difference),
        "low": _number(change.low),
        "high": _number(change.high),
        "p": _number(change.p),
        "adjusted_p": _number(change.adjusted_p),
        "pairs": change.pairs,
        "detectable": _number(change.detectable),
        "direction": change.direction.value,
    }


def _case(case: Told) -> dict[str, Json]:
    return {
        "suite": case.suite,
        "id": case.case.id,
        "outcome": case.outcome.value,
        "tags": list(case.tags),
        "reason": case.case.skip or case.case.xfail,
        "samples": [_sample(result) for result in case.results],
    }


def _sample(result: Result) -> dict[str, Json]:
    sample, answer = result.sample, result.sample.answer
    return {
        "turn": sample.turn,
        "attempt": sample.attempt,
        "outcome": result.outcome.value,
        "status": answer.status.value if answer else None,
        "error": sample.error,
        "seconds": round(sample.seconds, 6),
        "scores": {score.metric: _number(score.value) for score in result.scores},
        "failed": [_check(check) for check in result.failed],
        "question": result.asked.question,
        "answer": answer_object(answer) if answer and not result.outcome.good else None,
    }


def _check(check: Check) -> dict[str, Json]:
    return {"check": check.name, "expected": check.expected, "got": check.got}


def _number(value: float | None) -> float | None:
    """Return a number that JSON can hold: what is not finite becomes null."""
    return value if value is not None and math.isfinite(value) else None

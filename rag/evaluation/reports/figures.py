"""Numbers and runs in words, alike in every report."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime

from rag.evaluation.metrics import metric
from rag.evaluation.results import Change, Comparison, Direction, Estimate, Outcome, Report, Summary
from rag.evaluation.statistics.power import needed

OUTCOMES = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERROR: "without a verdict",
    Outcome.XFAILED: "failed as expected",
    Outcome.XPASSED: "passed against expectation",
    Outcome.SKIPPED: "skipped",
}
"""What became of cases, in the order in which it is told."""
UNKNOWN = "–"


def amount(name: str, value: float) -> str:
    """Return a value of a metric with its unit, such as "86.2 %" or "0.31 s"."""
    if not math.isfinite(value):
        return UNKNOWN
    return _with_unit(metric(name).unit, _digits(metric(name).unit, value))


def interval(name: str, low: float, high: float) -> str:
    """Return a range of a metric with its unit, such as "79.1 to 91.3 %"."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return UNKNOWN
    unit = metric(name).unit
    return f"{_digits(unit, low)} to {_with_unit(unit, _digits(unit, high))}"


def difference(name: str, value: float) -> str:
    """Return a change of a metric with its sign, ratios in percentage points."""
    if not math.isfinite(value):
        return UNKNOWN
    unit = metric(name).unit
    return _signed(unit, value) + (" points" if unit == "ratio" else _with_unit(unit, ""))


def span(change: Change) -> str:
    """Return the confidence interval of a change."""
    if not (math.isfinite(change.low) and math.isfinite(change.high)):
        return UNKNOWN
    unit = metric(change.metric).unit
    return f"{_signed(unit, change.low)} to {_signed(unit, change.high)}"


def probability(p: float) -> str:
    """Return a p value; small ones as a bound."""
    if not math.isfinite(p):
        return UNKNOWN
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def count(n: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 case", "1,204 cases"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def outcomes(summary: Summary) -> list[tuple[Outcome, str, int]]:
    """Return each outcome that occurred, its name and how many cases it has."""
    return [
        (each, name, summary.outcomes.get(each, 0)) for each, name in OUTCOMES.items() if summary.outcomes.get(each)
    ]


def total(summary: Summary) -> int:
    """Return how many cases there were, skipped ones among them."""
    return sum(summary.outcomes.values())


def samples(estimate: Estimate) -> str:
    """Return how many samples an estimate rests on, and how many could not be scored."""
    return f"{estimate.count:,}" + (f" ({estimate.unscored:,} unscored)" if estimate.unscored else "")


def worth(change: Change) -> str:
    """Return in words which way a metric went."""
    return change.direction.value


def moved(change: Change) -> bool:
    """Tell whether there is evidence that a metric changed."""
    return change.direction is not Direction.NO_EVIDENCE


def size(name: str, value: float) -> str:
    """Return how large a change of a metric is, without its sign."""
    return difference(name, abs(value)).lstrip("+±")


def least(summary: Summary) -> str:
    """Return in a sentence which change of the pass rate a suite of this size can show; empty where nothing passed."""
    if summary.detectable is not None:
        points = size("pass", summary.detectable)
        return f"A suite of this size shows a change of the pass rate of {points} or more (power 0.8)."
    if not any(each.metric == "pass" for each in summary.estimates):
        return ""
    return f"Too few articles: no change of the pass rate could be shown; at least {needed()} must change one way."


def verdict(comparison: Comparison) -> str:
    """Return in a few sentences what two runs show together."""
    ways = Counter(change.direction for change in comparison.changes)
    said = [f"{count(ways[way], 'metric')} {way.value}" for way in (Direction.WORSE, Direction.BETTER) if ways[way]]
    still = ways[Direction.NO_EVIDENCE]
    said += [f"no evidence of change in {count(still, 'other' if said else 'metric')}"] if still else []
    metrics = ", ".join(said) or "no metric in common"
    return f"{metrics[0].upper()}{metrics[1:]}. {_flips(comparison)}."


def _flips(comparison: Comparison) -> str:
    cases = f"{count(len(comparison.broken), 'case')} broke, {len(comparison.mended):,} mended"
    counted = f"exact McNemar test, counting cases as independent: {_p(comparison.p)}"
    passes = next((change for change in comparison.changes if change.metric == "pass"), None)
    if passes is None:
        return f"{cases} ({counted})"
    few = "" if moved(passes) or passes.detectable is not None else ", with too few articles to show any"
    return f"{cases}: {worth(passes)}{few} (sign flip test by article: {_p(passes.p)}; {counted})"


def _p(p: float) -> str:
    told = probability(p)
    return f"p {told}" if told.startswith("<") else f"p = {told}"


def changed_articles(report: Report) -> tuple[str, ...]:
    """Return the articles that changed since the baseline by title and id, by the latter alone where it has no other.

    A title is that of this run, or of the baseline where the article is gone.
    """
    if report.comparison is None:
        return ()
    titles = {**report.comparison.titles, **report.run.titles}
    return tuple(
        f"{titles[article]} ({article})" if titles.get(article) else article
        for article in report.comparison.changed_articles
    )


def moment(when: datetime) -> str:
    """Return a moment for people, in UTC."""
    utc = when.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def _digits(unit: str, value: float) -> str:
    match unit:
        case "ratio":
            return f"{100 * value:.1f}"
        case "seconds":
            return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
        case "dollars":
            return f"{value:.4f}"
        case _:
            return f"{value:,.1f}".removesuffix(".0")


def _signed(unit: str, value: float) -> str:
    digits = _digits(unit, abs(value))
    zero = not any(digit in "123456789" for digit in digits)
    return f"±{digits}" if zero else ("+" if value > 0 else "−") + digits


def _with_unit(unit: str, digits: str) -> str:
    return digits + {"ratio": " %", "seconds": " s", "dollars": " $", "tokens": " tokens"}.get(unit, "")

"""A run as plain text: what failed and why, the metrics, and what changed since the baseline."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate
from textwrap import wrap

from rag.evaluation.reports import figures
from rag.evaluation.reports.told import Told, place, told, wrong
from rag.evaluation.results import Change, Comparison, Estimate, Outcome, Report, Result
from rag.plain import safe

SHOWN = 20
"""Failing cases that are told; the others are counted."""
_LISTED = 50
"""Names of one list that are given; the others are counted."""
_NARROWEST = 60
_MOST_LINES = 3
"""Of what a check expected, and of what it got."""


def terminal_text(report: Report, *, width: int | None = None) -> str:
    """Return the report, its lines at most `width` columns wide; the terminal's width where none is given."""
    columns = max(_NARROWEST, width or shutil.get_terminal_size((100, 24)).columns)
    parts = [
        _head(report),
        _failures(report, columns),
        _metrics(report.summary.estimates),
        _comparison(report, report.comparison) if report.comparison else [],
        _closing(report, columns),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _head(report: Report) -> list[str]:
    run, summary = report.run, report.summary
    counts = ", ".join(f"{n:,} {name}" for _, name, n in figures.outcomes(summary))
    suites, name = _cut(", ".join(run.suites), _NARROWEST), _cut(run.model, _NARROWEST)
    model = f" ({name})" if name not in {"", run.answerer} else ""
    return [
        _line(f"{suites}: {figures.count(figures.total(summary), 'case')}, {counts or 'nothing asked'}"),
        _line(
            f"{run.answerer}{model} over {figures.count(len(run.corpus), 'article')} (corpus {run.corpus_digest}), "
            f"Dateline {run.version}, run {run.name}"
        ),
    ]


def _failures(report: Report, columns: int) -> list[str]:
    lines: list[str] = []
    failed, surprising = 0, list[str]()
    for case in told(report):
        failed += not case.outcome.good
        if not case.outcome.good and failed <= SHOWN:
            lines += _failure(case, columns)
        if case.outcome is Outcome.XPASSED:
            surprising.append(case.case.id)
    if rest := max(0, failed - SHOWN):
        lines += ["", f"… and {figures.count(rest, 'more failing case')}, in the other forms of this report."]
    lines = ["Failing", *lines, ""] if lines else []
    if surprising:
        lines += _names("Passed against expectation, so take their xfail away", surprising)
    return lines[:-1] if lines and not lines[-1] else lines


def _failure(case: Told, columns: int) -> Iterator[str]:
    tags = f"  [{', '.join(case.tags)}]" if case.tags else ""
    yield ""
    yield _cut(f"  {case.case.id}{tags}", columns)
    for result in case.failing:
        yield from _sample(result, len(case.results), columns)


def _sample(result: Result, of: int, columns: int) -> Iterator[str]:
    where = place(result, of)
    yield _cut(f"    {where}: {result.asked.question}" if where else f"    {result.asked.question}", columns)
    for check in wrong(result):
        yield from _wrapped(f"    ✗ {check.name}: expected {check.expected}", columns)
        yield from _wrapped(f"      got {check.got}", columns)


def _metrics(estimates: Sequence[Estimate]) -> list[str]:
    rows = [
        (each.metric, figures.amount(each.metric, each.value), _interval(each), figures.samples(each))
        for each in estimates
    ]
    return table(("Metric", "Value", "95 % interval", "n"), rows)


def _interval(estimate: Estimate) -> str:
    return figures.interval(estimate.metric, estimate.low, estimate.high)


def _comparison(report: Report, comparison: Comparison) -> list[str]:
    head = (f"Against {comparison.baseline}", "Before", "Now", "Change", "95 % interval", "p", "")
    shown = [each for each in comparison.changes if each.metric == "pass" or figures.moved(each)]
    lines = table(head, [_change(each) for each in shown]) or [_line(head[0])]
    lines.append(figures.verdict(comparison))
    for what, names in (
        ("Broken", comparison.broken),
        ("Mended", comparison.mended),
        ("Cases only in the baseline", comparison.only_before),
        ("Cases only in this run", comparison.only_after),
        ("Cases asked differently, and left out", comparison.changed_cases),
        ("Articles that changed in between", figures.changed_articles(report)),
    ):
        lines += _names(what, names)
    return lines


def _names(what: str, names: Sequence[str]) -> Iterator[str]:
    """Yield names line by line and whole, so that they can be searched for; nothing where there are none."""
    if names:
        yield f"{what} ({len(names):,}):"
        yield from (f"  {_line(name)}" for name in names[:_LISTED])
    if len(names) > _LISTED:
        yield f"  … and {len(names) - _LISTED:,} more"


def _change(change: Change) -> tuple[str, ...]:
    return (
        change.metric,
        figures.amount(change.metric, change.before),
        figures.amount(change.metric, change.after),
        figures.difference(change.metric, change.difference),
        figures.span(change),
        figures.probability(change.adjusted_p),
        figures.worth(change),
    )


def _closing(report: Report, columns: int) -> list[str]:
    lines = list(filter(None, [figures.least(report.summary)]))
    lines += _names("Passing in some attempts only", report.summary.flaky)
    return lines + [_cut(f"Note: {remark}", columns) for remark in report.run.remarks]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows in columns: the first and the last to the left, the numbers between to the right."""
    if not rows:
        return []
    lines = [[_line(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    last = len(widths) - 1
    return [
        "  ".join(_padded(cell, widths[i], left=i in {0, last}) for i, cell in enumerate(row)).rstrip() for row in lines
    ]


def _padded(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(text))
    return text + space if left else space + text


def _line(text: str) -> str:
    return " ".join(safe(text).split())


def _wrapped(text: str, columns: int) -> Iterator[str]:
    """Yield a text in a few lines of at most so many columns, its indentation kept."""
    indent = " " * (len(text) - len(text.lstrip(" ")))
    lines = wrap(
        indent + _line(text), columns, subsequent_indent=f"{indent}  ", max_lines=_MOST_LINES, placeholder=" …"
    )
    return (_cut(line, columns) for line in lines)


def _cut(text: str, columns: int) -> str:
    """Return a text as one line of at most so many columns, its indentation kept."""
    indent = " " * (len(text) - len(text.lstrip(" ")))
    line = indent + _line(text)
    if _width(line) <= columns:
        return line
    fits = sum(1 for width in accumulate(map(_width, line)) if width <= columns - 2)
    return f"{line[:fits].rstrip()} …"


def _width(text: str) -> int:
    """Return how many columns a terminal gives a text: two for each wide character, none for a combining one."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )

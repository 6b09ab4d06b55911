"""A run as Markdown for the comment of a pull request: what moved, and which cases broke.

GitHub refuses comments over 65,536 characters, so what does not fit is left out and said to be.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.evaluation.reports import figures
from rag.evaluation.reports.told import Told, among, failing, place, wrong
from rag.evaluation.results import Change, Comparison, Direction, Estimate, Report, Result
from rag.plain import safe

LIMIT = 65_536
"""Characters that GitHub takes."""
_KEPT_FREE = 500
"""Characters kept for the line that says what was left out."""
_LONGEST = 600
"""Characters of one expectation, question or answer."""
_ARROWS = {Direction.BETTER: "▲ better", Direction.WORSE: "▼ worse", Direction.NO_EVIDENCE: "no evidence of change"}


def write_markdown(report: Report, path: Path) -> None:
    """Write the file."""
    path.write_text(_comment(report), encoding="utf-8", errors="replace")


def _comment(report: Report) -> str:
    """Return as many whole blocks as fit; blocks are separated by blank lines."""
    room = LIMIT - _KEPT_FREE
    kept: list[str] = []
    for block in filter(None, _blocks(report)):
        if len(block) + 2 <= room:
            room -= len(block) + 2
            kept.append(block)
    cases, left_out = _cases(report, room)
    if left_out:
        cases.append(f"… and {figures.count(left_out, 'more failing case')}: a comment holds no more than this.")
    return "\n\n".join([*kept, *cases]) + "\n"


def _cases(report: Report, room: int) -> tuple[list[str], int]:
    """Return the failing cases that fit, broken ones first, and how many do not."""
    broken = frozenset(report.comparison.broken) if report.comparison else frozenset()
    first, then, failed = _Room(room), _Room(room), 0
    for case in failing(report):
        failed += 1
        was_broken = among(case, broken)
        (first if was_broken else then).add(_case(case, was_broken))
    kept = first.blocks + then.within(first.left)
    return kept, failed - len(kept)


class _Room:
    """Blocks in their order until one does not fit."""

    def __init__(self, left: int) -> None:
        self.left, self.blocks, self._full = left, list[str](), False

    def add(self, block: str) -> None:
        self._full = self._full or len(block) + 2 > self.left
        if not self._full:
            self.left -= len(block) + 2
            self.blocks.append(block)

    def within(self, left: int) -> list[str]:
        """Return those that fit into less room."""
        smaller = _Room(left)
        for block in self.blocks:
            smaller.add(block)
        return smaller.blocks


def _blocks(report: Report) -> Iterator[str]:
    yield f"### {_head(report)}"
    yield _made(report)
    yield from (f"> {_text(remark)}" for remark in report.run.remarks[:10])
    if report.summary.flaky:
        yield f"Passing in some attempts only: {_names(report.summary.flaky)}"
    if report.comparison:
        yield from _comparison(report.comparison)
        if articles := figures.changed_articles(report):
            yield f"Articles that changed in between: {_names(articles)}"
    yield _folded(
        "Metrics", _table(("Metric", "Value", "95 % interval", "n"), map(_estimate, report.summary.estimates))
    )
    yield figures.least(report.summary)


def _head(report: Report) -> str:
    counts = ", ".join(f"{n:,} {name}" for _, name, n in figures.outcomes(report.summary))
    return f"{figures.count(figures.total(report.summary), 'case')}: {counts or 'nothing asked'}"


def _made(report: Report) -> str:
    run = report.run
    made = f"{_text(', '.join(run.suites))} with {_text(run.model or run.answerer)}"
    return f"{made} over {figures.count(len(run.corpus), 'article')}, Dateline {_text(run.version)}"


def _comparison(comparison: Comparison) -> Iterator[str]:
    yield f"Against {_text(comparison.baseline)}:"
    moved = (change for change in comparison.changes if figures.moved(change))
    yield _table(("Metric", "Before", "Now", "Change", "95 % interval", "p", ""), map(_change, moved))
    yield figures.verdict(comparison)
    if comparison.mended:
        yield f"Mended: {_names(comparison.mended)}"
    if comparison.changed_cases:
        yield f"Asked differently, and left out: {_names(comparison.changed_cases)}"


def _names(names: Sequence[str], most: int = 20) -> str:
    rest = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(_text, names[:most])) + rest


def _case(case: Told, broken: bool) -> str:
    name = f"<code>{html.escape(_line(case.case.id))}</code>" + (", broken since the baseline" if broken else "")
    lines = [line for result in case.failing for line in _sample(result, len(case.results))]
    return _folded(f"{figures.OUTCOMES[case.outcome].capitalize()}: {name}", "\n".join(lines))


def _sample(result: Result, of: int) -> Iterator[str]:
    where, answer = place(result, of), result.sample.answer
    yield f"- {f'{where}: ' if where else ''}{_text(result.asked.question)}"
    for check in wrong(result):
        yield f"  - {_text(check.name)}: expected {_text(check.expected)}, got {_text(check.got)}"
    if answer:
        yield f"  - answer ({answer.status.value}): {_text(answer.text)}"


def _estimate(estimate: Estimate) -> tuple[str, ...]:
    name = estimate.metric
    return (
        _text(name),
        figures.amount(name, estimate.value),
        figures.interval(name, estimate.low, estimate.high),
        figures.samples(estimate),
    )


def _change(change: Change) -> tuple[str, ...]:
    name = change.metric
    return (
        _text(name),
        figures.amount(name, change.before),
        figures.amount(name, change.after),
        figures.difference(name, change.difference),
        figures.span(change),
        figures.probability(change.adjusted_p),
        _ARROWS[change.direction],
    )


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    # Renderers differ in how a bar within a cell is escaped.
    cells = [[cell.replace("|", "¦") for cell in row] for row in (head, rule, *rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells) if len(cells) > 2 else ""


def _folded(title: str, body: str) -> str:
    """Return a part that opens on a click; `title` is HTML, and the body's last paragraph must not be empty."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>" if body else ""


def _text(text: str) -> str:
    """Return any text as a code span, in which nothing is markup, a mention or a link."""
    line = _line(text)
    if not line:
        return "(empty)"
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if "`" in line else f"`{line}`"


def _line(text: str) -> str:
    line = " ".join(safe(text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
